// Between the stages of a Swin Transformer: half the height and width, twice the channels.
import { cat, pad, slice } from "../eager/functions/shape.ts";
import type { Tensor } from "../eager/tensor.ts";
import { Linear } from "../nn/linear.ts";
import { Module } from "../nn/module.ts";
import { LayerNorm } from "../nn/norm.ts";

/** [N, H, W, C] → [N, ⌈H/2⌉, ⌈W/2⌉, 4·C]: the four neighbours of each 2×2 patch, one behind the other. */
function neighbours(x: Tensor): Tensor {
  const [, height, width] = x.shape as [number, number, number, number];
  const even = height % 2 === 0 && width % 2 === 0 ? x : pad(x, [0, 0, 0, width % 2, 0, height % 2]);
  const corner = (row: number, column: number) => slice(slice(even, 1, row, undefined, 2), 2, column, undefined, 2);
  return cat([corner(0, 0), corner(1, 0), corner(0, 1), corner(1, 1)], -1);
}

/** Normalises the neighbours, then reduces them. */
export class PatchMerging extends Module {
  readonly reduction: Linear;
  readonly norm: LayerNorm;

  constructor(channels: number) {
    super();
    this.reduction = new Linear(4 * channels, 2 * channels, { bias: false });
    this.norm = new LayerNorm(4 * channels);
  }

  forward(x: Tensor): Tensor {
    return this.reduction.forward(this.norm.forward(neighbours(x)));
  }
}

/** Reduces the neighbours, then normalises. */
export class PatchMergingV2 extends Module {
  readonly reduction: Linear;
  readonly norm: LayerNorm;

  constructor(channels: number) {
    super();
    this.reduction = new Linear(4 * channels, 2 * channels, { bias: false });
    this.norm = new LayerNorm(2 * channels);
  }

  forward(x: Tensor): Tensor {
    return this.norm.forward(this.reduction.forward(neighbours(x)));
  }
}
