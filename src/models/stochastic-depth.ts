// Stochastic depth: in train mode a residual branch is left out for some samples of a batch. G. Huang and others, 2016.
import { ones } from "../eager/create.ts";
import type { Tensor } from "../eager/tensor.ts";
import { dropout } from "../nn/functional/dropout.ts";
import { declareKeepsNothing } from "../nn/keeps-nothing.ts";
import { Module } from "../nn/module.ts";
import { numberIn } from "../nn/options.ts";

/** In train mode multiplies each sample (dimension 0) by 0 with probability p, and by 1 / (1 − p) otherwise; nothing in eval mode. */
export class StochasticDepth extends Module {
  readonly p: number;

  constructor(p: number) {
    super();
    this.p = numberIn("StochasticDepth", "p", p, 0, 1);
  }

  forward(x: Tensor): Tensor {
    if (!this.training || this.p === 0) return x;
    const samples = ones([x.shape[0] as number, ...x.shape.slice(1).map(() => 1)], { dtype: x.dtype });
    return x.mul(dropout(samples, this.p));
  }
  override extraRepr(): string {
    return `p=${this.p}, mode=row`;
  }
}

declareKeepsNothing("leaf", StochasticDepth);
