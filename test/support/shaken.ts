// Models whose every weight is drawn, biases and scales too: zeros and ones would hide a wrong place for them.
import type { Tensor } from "../../src/eager/tensor.ts";
import { randn } from "../../src/index.ts";
import type { Module } from "../../src/nn/index.ts";

/** Adds normal noise to every parameter and switches to eval mode. */
export function shaken<M extends Module>(model: M, deviation = 0.2): M {
  let seed = 1;
  for (const [path, parameter] of [...model.namedParameters()])
    model.setParameter(path, (parameter as Tensor).add(randn(parameter.shape, { seed: seed++ }).mul(deviation)));
  return model.eval();
}

/** How many numbers the parameters hold, shared ones once. */
export function parameterCount(model: Module): number {
  return [...model.parameters()].reduce((n, p) => n + p.numel(), 0);
}
