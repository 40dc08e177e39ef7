// Permutation of axes as a layer, for use in a row of layers.
import { permute } from "../eager/functions/shape.ts";
import type { Tensor } from "../eager/tensor.ts";
import { Module } from "../nn/module.ts";

/** Gives a view of its input with the axes in this order. */
export class Permute extends Module {
  readonly dims: readonly number[];

  constructor(dims: readonly number[]) {
    super();
    this.dims = dims;
  }
  forward(x: Tensor): Tensor {
    return permute(x, this.dims);
  }
}
