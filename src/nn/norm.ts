// Normalisation layers other than BatchNorm: over the last axes, over groups of channels, over each sample.
import type { Tensor } from "../eager/tensor.ts";
import { checkChannels } from "./conv.ts";
import { groupNorm, instanceNorm, layerNorm, rmsNorm } from "./functional/norm.ts";
import { ones, zeros } from "./init.ts";
import { Module } from "./module.ts";
import { integerFrom, invalid, numberIn } from "./options.ts";
import type { Parameter } from "./parameter.ts";
import { pyBool, pyFloat, pyTuple } from "./print-module.ts";

export interface NormLayerOptions {
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number;
  /** Learn scale and shift; true by default. */
  readonly affine?: boolean;
  /** Learn the shift; as `affine` by default. */
  readonly bias?: boolean;
}

const shapeList = (op: string, shape: number | readonly number[]): readonly number[] => {
  const list = typeof shape === "number" ? [shape] : shape;
  if (list.length === 0) throw invalid(op, "normalizedShape", "at least one size", list);
  return list.map((size) => integerFrom(op, "normalizedShape", size, 1));
};

/**
 * Normalises over the last axes, of sizes `normalizedShape`: (x − mean) / √(variance + eps) · weight + bias.
 * J. Ba and others, 2016.
 *
 * @example new LayerNorm(768, { eps: 1e-6 })
 */
export class LayerNorm extends Module {
  readonly normalizedShape: readonly number[];
  readonly eps: number;
  readonly elementwiseAffine: boolean;
  declare weight: Parameter | undefined;
  declare bias: Parameter | undefined;

  constructor(
    normalizedShape: number | readonly number[],
    options: { readonly eps?: number; readonly elementwiseAffine?: boolean; readonly bias?: boolean } = {},
  ) {
    super();
    this.normalizedShape = shapeList("LayerNorm", normalizedShape);
    this.eps = numberIn("LayerNorm", "eps", options.eps ?? 1e-5, 0);
    this.elementwiseAffine = options.elementwiseAffine ?? true;
    const shift = this.elementwiseAffine && (options.bias ?? true);
    this.registerParameter("weight", this.elementwiseAffine ? ones(this.normalizedShape) : undefined);
    this.registerParameter("bias", shift ? zeros(this.normalizedShape) : undefined);
  }
  forward(input: Tensor): Tensor {
    return layerNorm(input, this.normalizedShape, this);
  }
  override extraRepr(): string {
    return `${pyTuple(this.normalizedShape)}, eps=${pyFloat(this.eps)}, elementwise_affine=${pyBool(this.elementwiseAffine)}`;
  }
}

/** x / √(mean(x²) + eps) · weight over the last axes; eps is by default the machine epsilon of the input's dtype. */
export class RMSNorm extends Module {
  readonly normalizedShape: readonly number[];
  readonly eps: number | undefined;
  readonly elementwiseAffine: boolean;
  declare weight: Parameter | undefined;

  constructor(normalizedShape: number | readonly number[], options: { readonly eps?: number; readonly elementwiseAffine?: boolean } = {}) {
    super();
    this.normalizedShape = shapeList("RMSNorm", normalizedShape);
    this.eps = options.eps === undefined ? undefined : numberIn("RMSNorm", "eps", options.eps, 0);
    this.elementwiseAffine = options.elementwiseAffine ?? true;
    this.registerParameter("weight", this.elementwiseAffine ? ones(this.normalizedShape) : undefined);
  }
  forward(input: Tensor): Tensor {
    return rmsNorm(input, this.normalizedShape, this);
  }
  override extraRepr(): string {
    const eps = this.eps === undefined ? "None" : pyFloat(this.eps);
    return `${pyTuple(this.normalizedShape)}, eps=${eps}, elementwise_affine=${pyBool(this.elementwiseAffine)}`;
  }
}

/** Normalises each of `numGroups` groups of the channels of [N, C, ...]. Y. Wu and K. He, 2018. */
export class GroupNorm extends Module {
  readonly numGroups: number;
  readonly numChannels: number;
  readonly eps: number;
  readonly affine: boolean;
  declare weight: Parameter | undefined;
  declare bias: Parameter | undefined;

  constructor(numGroups: number, numChannels: number, options: NormLayerOptions = {}) {
    super();
    this.numGroups = integerFrom("GroupNorm", "numGroups", numGroups, 1);
    this.numChannels = integerFrom("GroupNorm", "numChannels", numChannels, 1);
    if (numChannels % numGroups !== 0) throw invalid("GroupNorm", "numGroups", `a divisor of numChannels (${numChannels})`, numGroups);
    this.eps = numberIn("GroupNorm", "eps", options.eps ?? 1e-5, 0);
    this.affine = options.affine ?? true;
    this.registerParameter("weight", this.affine ? ones([numChannels]) : undefined);
    this.registerParameter("bias", this.affine && (options.bias ?? true) ? zeros([numChannels]) : undefined);
  }
  forward(input: Tensor): Tensor {
    return groupNorm(input, this.numGroups, this);
  }
  override extraRepr(): string {
    return `${this.numGroups}, ${this.numChannels}, eps=${pyFloat(this.eps)}, affine=${pyBool(this.affine)}`;
  }
}

export interface InstanceNormOptions {
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number;
  /** Printed only: running statistics are not kept. 0.1 by default. */
  readonly momentum?: number;
  /** Learn a scale and a shift per channel; false by default. */
  readonly affine?: boolean;
}

/** What InstanceNorm1d, 2d and 3d share: each channel of each sample is normalised by itself, in both modes. */
abstract class InstanceNormNd extends Module {
  readonly #rank: number;
  readonly numFeatures: number;
  readonly eps: number;
  readonly momentum: number;
  readonly affine: boolean;
  declare weight: Parameter | undefined;
  declare bias: Parameter | undefined;

  constructor(rank: number, numFeatures: number, options: InstanceNormOptions = {}) {
    super();
    this.#rank = rank;
    const op = `InstanceNorm${rank}d`;
    this.numFeatures = integerFrom(op, "numFeatures", numFeatures, 1);
    this.eps = numberIn(op, "eps", options.eps ?? 1e-5, 0);
    this.momentum = options.momentum ?? 0.1;
    this.affine = options.affine ?? false;
    this.registerParameter("weight", this.affine ? ones([numFeatures]) : undefined);
    this.registerParameter("bias", this.affine ? zeros([numFeatures]) : undefined);
  }
  forward(input: Tensor): Tensor {
    checkChannels(this, input, this.numFeatures, this.#rank);
    return instanceNorm(input, this);
  }
  override extraRepr(): string {
    return `${this.numFeatures}, eps=${pyFloat(this.eps)}, momentum=${pyFloat(this.momentum)}, affine=${pyBool(this.affine)}, track_running_stats=False`;
  }
}

/** Instance normalisation of sequences [N, C, L]. */
export class InstanceNorm1d extends InstanceNormNd {
  constructor(numFeatures: number, options: InstanceNormOptions = {}) {
    super(1, numFeatures, options);
  }
}

/** Instance normalisation of images [N, C, H, W]. D. Ulyanov and others, 2016. */
export class InstanceNorm2d extends InstanceNormNd {
  constructor(numFeatures: number, options: InstanceNormOptions = {}) {
    super(2, numFeatures, options);
  }
}

/** Instance normalisation of volumes [N, C, D, H, W]. */
export class InstanceNorm3d extends InstanceNormNd {
  constructor(numFeatures: number, options: InstanceNormOptions = {}) {
    super(3, numFeatures, options);
  }
}
