// How every factory of the zoo makes its model: initial weights from a seed, or given weights and then no initialisation at all.
import { Tensor } from "../eager/tensor.ts";
import { normal, zeros } from "../nn/init.ts";
import { initSkipped, seeded, withoutInit } from "../nn/init-scope.ts";
import { Embedding, Linear } from "../nn/linear.ts";
import type { Module } from "../nn/module.ts";
import { integerFrom } from "../nn/options.ts";
import { readSafetensorsSync } from "../weights/safetensors.ts";
import { adaptKeys, type KeyRules } from "./checkpoint-keys.ts";
import { withSizes } from "./sizes.ts";

/** Where a model's weights come from. */
export interface WeightOptions {
  /** The same seed gives the same initial weights on every machine. Without a seed they come from the global random numbers. */
  readonly seed?: number;
  /**
   * Trained weights, by the state-dict keys of torchvision or Hugging Face: tensors, or the path of a safetensors file. Files of other formats
   * are read with `await readWeights(path)` first.
   */
  readonly weights?: string | ReadonlyMap<string, Tensor>;
}

/** Options of the networks that give scores for images. */
export interface ModelOptions extends WeightOptions {
  /** Size of the last layer; 1000 by default, as ImageNet has. */
  readonly numClasses?: number;
}

/** Builds a model in train mode, as PyTorch does. Throws `StateDictMismatch` when the weights do not fit, and the errors of reading them. */
export function build<M extends Module>(options: ModelOptions, make: (numClasses: number) => M): M {
  const numClasses = integerFrom("models", "numClasses", options.numClasses ?? 1000, 1);
  return buildWith(options, () => make(numClasses));
}

/** Options of the models whose sizes may be chosen. */
export interface ShapedOptions<S> extends WeightOptions {
  /** Sizes other than the published ones. */
  readonly shape?: Partial<S>;
}

/** What the sizes of one family of models have in common. */
interface Family<S, M> {
  /** The factory, as errors name it. */
  readonly call: string;
  readonly make: (shape: S) => M;
  readonly initialWeights: (model: M) => void;
  /** How published state dicts differ from the model's. */
  readonly keys?: KeyRules;
}

/** As `build`, for models of a published shape. Throws `UnknownOption` for a size that the family does not have, too. */
export function buildShaped<S extends object, M extends Module>(published: S, options: ShapedOptions<S>, family: Family<S, M>): M {
  const { call, make, initialWeights, keys } = family;
  const shape = withSizes(call, published, options.shape);
  const adapt: Adapt<M> | undefined = keys && ((model, state) => adaptKeys(model, state, keys));
  return buildWith(options, () => initialise(() => make(shape), initialWeights), adapt);
}

/** Gives published weights the keys of the model. */
type Adapt<M> = (model: M, state: ReadonlyMap<string, Tensor>) => ReadonlyMap<string, Tensor>;

function buildWith<M extends Module>({ seed, weights }: WeightOptions, make: () => M, adapt: Adapt<M> = (_, state) => state): M {
  if (weights === undefined) return seed === undefined ? make() : seeded(seed, make);
  const model = withoutInit(make);
  model.loadStateDict(adapt(model, typeof weights === "string" ? fromFile(weights) : weights));
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

/** Draws every Linear and Embedding from a normal distribution around 0, with biases 0: how classifiers and Transformers for language start. */
export function normalWeights(model: Module, std = 0.02): void {
  for (const module of model.modules()) {
    if (module instanceof Embedding) module.resetParameters(std);
    if (!(module instanceof Linear)) continue;
    module.registerParameter("weight", normal(module.weight.shape, 0, std));
    if (module.bias) module.registerParameter("bias", zeros(module.bias.shape));
  }
}
