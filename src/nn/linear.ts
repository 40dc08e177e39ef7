// Linear, and the layers that only move elements: Identity, Flatten, Unflatten, Embedding.

import { linear } from "../eager/functions/reduce.ts";
import { flatten } from "../eager/functions/shape.ts";
import { dispatch } from "../eager/interpreter.ts";
import type { Tensor } from "../eager/tensor.ts";
import { ingotError } from "../errors/error.ts";
import { formatShape } from "../tensor/shape.ts";
import { kaimingUniform, normal, uniform } from "./init.ts";
import { Module } from "./module.ts";
import { integerFrom } from "./options.ts";
import type { Parameter } from "./parameter.ts";
import { pyBool, pyTuple } from "./print-module.ts";

/**
 * y = x·Wᵀ + b for x [..., inFeatures]; weight [outFeatures, inFeatures], bias [outFeatures]. Throws `ShapeMismatch`.
 *
 * @example new Linear(512, 1000).forward(randn([1, 512])); // float32[1, 1000]
 */
export class Linear extends Module {
  readonly inFeatures: number;
  readonly outFeatures: number;
  declare weight: Parameter;
  declare bias: Parameter | undefined;

  constructor(inFeatures: number, outFeatures: number, options: { readonly bias?: boolean } = {}) {
    super();
    this.inFeatures = integerFrom("Linear", "inFeatures", inFeatures, 1);
    this.outFeatures = integerFrom("Linear", "outFeatures", outFeatures, 1);
    this.registerParameter("weight", undefined);
    this.registerParameter("bias", undefined);
    this.resetParameters(options.bias ?? true);
  }

  /** Draws weight and bias anew: uniform in ±1/√inFeatures. */
  resetParameters(bias = this.bias !== undefined): void {
    const bound = 1 / Math.sqrt(this.inFeatures);
    this.registerParameter("weight", kaimingUniform([this.outFeatures, this.inFeatures], { a: Math.sqrt(5) }));
    if (bias) this.registerParameter("bias", uniform([this.outFeatures], -bound, bound));
  }

  forward(input: Tensor): Tensor {
    if (input.shape.at(-1) !== this.inFeatures)
      throw ingotError("ShapeMismatch", {
        op: "Linear",
        what: "the input",
        actual: formatShape(input.shape),
        expected: `[..., ${this.inFeatures}]`,
        hint: `The layer was built with inFeatures = ${this.inFeatures}; it works on the last dimension.`,
      });
    return linear(input, this.weight, this.bias);
  }

  override extraRepr(): string {
    return `in_features=${this.inFeatures}, out_features=${this.outFeatures}, bias=${pyBool(this.bias !== undefined)}`;
  }
}

/** Gives its input back. */
export class Identity extends Module {
  forward(input: Tensor): Tensor {
    return input;
  }
}

/** Joins the axes from `startDim` (1) to `endDim` (-1) into one: [N, C, H, W] → [N, C·H·W]. */
export class Flatten extends Module {
  readonly startDim: number;
  readonly endDim: number;
  constructor(startDim = 1, endDim = -1) {
    super();
    this.startDim = startDim;
    this.endDim = endDim;
  }
  forward(input: Tensor): Tensor {
    return flatten(input, this.startDim, this.endDim);
  }
  override extraRepr(): string {
    return `start_dim=${this.startDim}, end_dim=${this.endDim}`;
  }
}

/** Splits axis `dim` into several of the sizes given, one of which may be -1: the inverse of Flatten. */
export class Unflatten extends Module {
  readonly dim: number;
  readonly unflattenedSize: readonly number[];
  constructor(dim: number, unflattenedSize: readonly number[]) {
    super();
    this.dim = dim;
    this.unflattenedSize = unflattenedSize;
  }
  forward(input: Tensor): Tensor {
    return input.unflatten(this.dim, this.unflattenedSize);
  }
  override extraRepr(): string {
    return `dim=${this.dim}, unflattened_size=${pyTuple(this.unflattenedSize)}`;
  }
}

/**
 * A table of vectors: int64 indices [...] → [..., embeddingDim]; weight [numEmbeddings, embeddingDim].
 * The row `paddingIdx` starts as zeros.
 */
export class Embedding extends Module {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly paddingIdx: number | undefined;
  declare weight: Parameter;

  constructor(numEmbeddings: number, embeddingDim: number, options: { readonly paddingIdx?: number } = {}) {
    super();
    this.numEmbeddings = integerFrom("Embedding", "numEmbeddings", numEmbeddings, 1);
    this.embeddingDim = integerFrom("Embedding", "embeddingDim", embeddingDim, 1);
    const { paddingIdx } = options;
    this.paddingIdx =
      paddingIdx === undefined
        ? undefined
        : integerFrom("Embedding", "paddingIdx", paddingIdx < 0 ? paddingIdx + numEmbeddings : paddingIdx, 0);
    this.registerParameter("weight", undefined);
    this.resetParameters();
  }

  /** Draws the table anew: normal with this standard deviation, 1 by default; zeros in the row `paddingIdx`. */
  resetParameters(std = 1): void {
    const weight = normal([this.numEmbeddings, this.embeddingDim], 0, std);
    // Freshly drawn and not yet anybody's: the one moment at which its memory may be written.
    if (this.paddingIdx !== undefined)
      weight.storage
        .slice(0, this.paddingIdx, 1)
        .dense()
        .fill(0 as never);
    this.registerParameter("weight", weight);
  }

  forward(indices: Tensor): Tensor {
    return dispatch("Gather", [this.weight, indices], { axis: 0 });
  }

  override extraRepr(): string {
    const padding = this.paddingIdx === undefined ? "" : `, padding_idx=${this.paddingIdx}`;
    return `${this.numEmbeddings}, ${this.embeddingDim}${padding}`;
  }
}
