// How every factory of the zoo makes its model: initial weights from a seed, or given weights and then no initialisation at all.
import { Tensor } from "../eager/tensor.ts";
import { initSkipped, seeded, withoutInit } from "../nn/init-scope.ts";
import type { Module } from "../nn/module.ts";
import { integerFrom } from "../nn/options.ts";
import { readSafetensorsSync } from "../weights/safetensors.ts";

export interface ModelOptions {
  /** The same seed gives the same initial weights on every machine. Without a seed they come from the global random numbers. */
  readonly seed?: number;
  /**
   * Trained weights, by torchvision's state-dict keys: tensors, or the path of a safetensors file. Files of other formats are read with
   * `await readWeights(path)` first.
   */
  readonly weights?: string | ReadonlyMap<string, Tensor>;
  /** Size of the last layer; 1000 by default, as ImageNet has. */
  readonly numClasses?: number;
}

/** Builds a model in train mode, as PyTorch does. Throws `StateDictMismatch` when the weights do not fit, and the errors of reading them. */
export function build<M extends Module>(options: ModelOptions, make: (numClasses: number) => M): M {
  const { seed, weights } = options;
  const numClasses = integerFrom("models", "numClasses", options.numClasses ?? 1000, 1);
  if (weights === undefined) return seed === undefined ? make(numClasses) : seeded(seed, () => make(numClasses));
  const model = withoutInit(() => make(numClasses));
  model.loadStateDict(typeof weights === "string" ? fromFile(weights) : weights);
  return model;
}

function fromFile(path: string): Map<string, Tensor> {
  return new Map([...readSafetensorsSync(path).tensors].map(([name, storage]) => [name, Tensor.fromStorage(storage)]));
}

/**
 * Builds without drawing the layers' own initial weights, which would only be thrown away, and then sets the model's: `assign` must
 * set every weight that is drawn.
 */
export function initialise<M extends Module>(make: () => M, assign: (model: M) => void): M {
  const model = withoutInit(make);
  if (!initSkipped()) assign(model);
  return model;
}
