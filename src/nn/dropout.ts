// Dropout. In eval mode it dispatches ONNX's Dropout all the same, which does nothing there: the graph then shows where the model has it, and
// a rule takes it out.
import type { Tensor } from "../eager/tensor.ts";
import { dropout, dropoutChannels } from "./functional/dropout.ts";
import { Module } from "./module.ts";
import { numberIn } from "./options.ts";
import { pyBool } from "./print-module.ts";

export interface DropoutOptions {
  /** With a seed every call in train mode drops the same places, so that it can be recorded. */
  readonly seed?: number;
  /** Without effect, but printed. */
  readonly inplace?: boolean;
}

/** In train mode sets each element to 0 with probability p and scales the others by 1 / (1 − p). */
export class Dropout extends Module {
  readonly p: number;
  readonly inplace: boolean;
  readonly seed: number | undefined;

  constructor(p = 0.5, options: DropoutOptions = {}) {
    super();
    this.p = numberIn("Dropout", "p", p, 0, 1);
    this.inplace = options.inplace ?? false;
    this.seed = options.seed;
  }
  forward(input: Tensor): Tensor {
    return dropout(input, this.p, { training: this.training, ...(this.seed !== undefined && { seed: this.seed }) });
  }
  override extraRepr(): string {
    return `p=${this.p}, inplace=${pyBool(this.inplace)}`;
  }
}

/** What Dropout1d, 2d and 3d share: in train mode whole channels of [N, C, ...] are set to 0. */
abstract class DropoutNd extends Dropout {
  override forward(input: Tensor): Tensor {
    return dropoutChannels(input, this.p, { training: this.training, ...(this.seed !== undefined && { seed: this.seed }) });
  }
}
/** Drops whole channels of [N, C, L]. */
export class Dropout1d extends DropoutNd {}
/** Drops whole channels of [N, C, H, W]. */
export class Dropout2d extends DropoutNd {}
/** Drops whole channels of [N, C, D, H, W]. */
export class Dropout3d extends DropoutNd {}
