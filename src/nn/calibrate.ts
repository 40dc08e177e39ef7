// calibrate: sets the running statistics of BatchNorm from real images. A network with fresh weights and untouched statistics answers nearly every
// image alike; one whose statistics fit its weights tells images apart, so that a check of its top-k means something.
import { eagerInterpreter, withInterpreter } from "../eager/interpreter.ts";
import type { Tensor } from "../eager/tensor.ts";
import { ingotError } from "../errors/error.ts";
import { BatchNormNd } from "./batch-norm.ts";
import type { Layer } from "./module.ts";

export interface CalibrateProgress {
  /** BatchNorm layers so far, over all batches. */
  readonly done: number;
  readonly total: number;
  /** The one that is done. */
  readonly layer: string;
  /** The batch at hand, from 1. */
  readonly batch: number;
  readonly batches: number;
}

export interface CalibrateOptions {
  /** Called after each BatchNorm layer of each batch. */
  readonly onProgress?: (progress: CalibrateProgress) => void;
}

/**
 * Runs `images` through the model once, each BatchNorm layer normalising with the statistics of its batch, and keeps these as running
 * statistics; of several batches the mean. All else stays in eval mode, so the result does not depend on chance. Modes and momenta are
 * put back afterwards. Throws `NothingToCalibrate`.
 *
 * @example calibrate(resnet18({ seed: 0 }), randn([16, 3, 224, 224], { seed: 1 })).eval()
 */
export function calibrate<M extends Layer>(model: M, images: Tensor | readonly Tensor[], options: CalibrateOptions = {}): M {
  const batches = "shape" in images ? [images] : images;
  const layers = [...model.namedModules()].filter(
    (entry): entry is [string, BatchNormNd] => entry[1] instanceof BatchNormNd && entry[1].trackRunningStats,
  );
  const problem =
    layers.length === 0 ? "has no BatchNorm layer with running statistics" : batches.length === 0 ? "was given no images" : undefined;
  if (problem !== undefined) throw ingotError("NothingToCalibrate", { model: model.constructor.name, problem });

  const modes = [...model.modules()].map((module) => [module, module.training] as const);
  const momenta = layers.map(([, layer]) => [layer, layer.momentum] as const);
  const statistics = layers.map(([, layer]) => [layer, layer.running_mean, layer.running_var, layer.num_batches_tracked] as const);
  let done = 0;
  let batch = 0;
  let finished = false;
  try {
    model.eval();
    for (const [path, layer] of layers) {
      layer.training = true;
      layer.momentum = null;
      layer.resetRunningStats();
      const forward = layer.forward;
      const noted = (input: Tensor): Tensor => {
        const output = forward.call(layer, input);
        done++;
        options.onProgress?.({ done, total: layers.length * batches.length, layer: path, batch, batches: batches.length });
        return output;
      };
      Object.defineProperty(layer, "forward", { value: noted, configurable: true, enumerable: false, writable: true });
    }
    withInterpreter(eagerInterpreter(), () => {
      for (const images of batches) {
        batch++;
        model.forward(images);
      }
    });
    finished = true;
  } finally {
    for (const [layer, momentum] of momenta) {
      Reflect.deleteProperty(layer, "forward");
      layer.momentum = momentum;
    }
    for (const [module, training] of modes) module.training = training;
    // A run that failed leaves the statistics as they were, not half of the new ones.
    if (!finished)
      for (const [layer, mean, variance, count] of statistics)
        Object.assign(layer, { running_mean: mean, running_var: variance, num_batches_tracked: count });
  }
  return model;
}
