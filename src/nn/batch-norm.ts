// Batch normalisation. In eval mode it is one operator over running statistics; in train mode it normalises with the statistics of the batch and
// replaces the running ones, which a recording sees as state outputs.
import { full, tensor } from "../eager/create.ts";
import { add, mul, sub } from "../eager/functions/math.ts";
import { mean } from "../eager/functions/reduce.ts";
import { reshape } from "../eager/functions/shape.ts";
import { dispatch } from "../eager/interpreter.ts";
import { int64s, rankMismatch } from "../eager/operand.ts";
import type { Tensor } from "../eager/tensor.ts";
import { ingotError } from "../errors/error.ts";
import { formatShape } from "../tensor/shape.ts";
import { ones, zeros } from "./init.ts";
import { Module } from "./module.ts";
import { integerFrom, numberIn } from "./options.ts";
import type { Parameter } from "./parameter.ts";
import { pyBool, pyFloat } from "./print-module.ts";

export interface BatchNormOptions {
  /** Added to the variance; 1e-5 by default. */
  readonly eps?: number;
  /** Weight of a new batch in the running statistics; 0.1 by default. `null` averages all batches alike. */
  readonly momentum?: number | null;
  /** Learn a scale and a shift per channel; true by default. */
  readonly affine?: boolean;
  /** Keep running statistics for eval mode; true by default. Without them eval mode uses those of the batch too. */
  readonly trackRunningStats?: boolean;
}

/** What BatchNorm1d, 2d and 3d share: channels are axis 1. */
export abstract class BatchNormNd extends Module {
  readonly numFeatures: number;
  readonly eps: number;
  momentum: number | null;
  readonly affine: boolean;
  readonly trackRunningStats: boolean;
  declare weight: Parameter | undefined;
  declare bias: Parameter | undefined;
  declare running_mean: Tensor | undefined;
  declare running_var: Tensor | undefined;
  declare num_batches_tracked: Tensor | undefined;

  constructor(op: string, numFeatures: number, options: BatchNormOptions = {}) {
    super();
    this.numFeatures = integerFrom(op, "numFeatures", numFeatures, 1);
    this.eps = numberIn(op, "eps", options.eps ?? 1e-5, 0);
    const momentum = options.momentum === undefined ? 0.1 : options.momentum;
    this.momentum = momentum === null ? null : numberIn(op, "momentum", momentum, 0, 1);
    this.affine = options.affine ?? true;
    this.trackRunningStats = options.trackRunningStats ?? true;
    this.registerParameter("weight", this.affine ? ones([numFeatures]) : undefined);
    this.registerParameter("bias", this.affine ? zeros([numFeatures]) : undefined);
    this.registerBuffer("running_mean", undefined);
    this.registerBuffer("running_var", undefined);
    this.registerBuffer("num_batches_tracked", undefined);
    this.resetRunningStats();
  }

  /** Puts the running statistics back to mean 0 and variance 1. */
  resetRunningStats(): void {
    if (!this.trackRunningStats) return;
    this.running_mean = zeros([this.numFeatures]);
    this.running_var = ones([this.numFeatures]);
    this.num_batches_tracked = tensor(0n);
  }

  /** The ranks of input that the layer takes. */
  protected abstract readonly ranks: readonly number[];

  forward(input: Tensor): Tensor {
    this.check(input);
    const { running_mean, running_var } = this;
    const own = !this.training && running_mean !== undefined && running_var !== undefined;
    return own ? this.normalise(input, running_mean, running_var) : this.overBatch(input);
  }

  private check(input: Tensor): void {
    const op = this.constructor.name;
    const shape = formatShape(input.shape);
    if (!this.ranks.includes(input.rank)) throw rankMismatch(op, "the input", input.shape, this.ranks.join(" or "));
    if (input.shape[1] !== this.numFeatures)
      throw ingotError("ShapeMismatch", {
        op,
        what: "the input",
        actual: shape,
        expected: `${this.numFeatures} channels in dimension 1`,
        hint: `The layer was built for ${this.numFeatures} channels; images are [N, C, H, W].`,
      });
  }

  private normalise(input: Tensor, mean: Tensor, variance: Tensor): Tensor {
    const scale = this.weight ?? full([this.numFeatures], 1, { dtype: input.dtype });
    const shift = this.bias ?? full([this.numFeatures], 0, { dtype: input.dtype });
    return dispatch("BatchNormalization", [input, scale, shift, mean, variance], { epsilon: this.eps });
  }

  /** Normalises with the batch's mean and (biased) variance; the running variance takes the unbiased one. */
  private overBatch(input: Tensor): Tensor {
    const count = input.numel() / this.numFeatures;
    if (this.training && count < 2) throw ingotError("NoBatchStatistics", { op: this.constructor.name, shape: formatShape(input.shape) });
    const [centre, spread] = batchStatistics(input);
    const { running_mean, running_var, num_batches_tracked } = this;
    if (this.training && running_mean && running_var && num_batches_tracked) {
      const seen = add(num_batches_tracked, 1);
      this.num_batches_tracked = seen;
      const share = this.momentum ?? seen.to(running_mean.dtype).reciprocal();
      const rest = typeof share === "number" ? 1 - share : share.neg().add(1);
      this.running_mean = add(mul(running_mean, rest), mul(centre.to(running_mean.dtype), share));
      this.running_var = add(mul(running_var, rest), mul(spread.to(running_var.dtype).mul(count / (count - 1)), share));
    }
    return this.normalise(input, centre, spread);
  }

  override extraRepr(): string {
    const momentum = this.momentum === null ? "None" : pyFloat(this.momentum);
    return `${this.numFeatures}, eps=${pyFloat(this.eps)}, momentum=${momentum}, affine=${pyBool(this.affine)}, track_running_stats=${pyBool(this.trackRunningStats)}`;
  }
}

/**
 * The mean and the (biased) variance of each channel of [N, C, ...]. Each sample's own first, then over the samples: all have the same count,
 * and reductions over the last axes run through memory in order.
 */
function batchStatistics(input: Tensor): readonly [mean: Tensor, variance: Tensor] {
  const spatial = input.shape.map((_, axis) => axis).slice(2);
  const perChannel = (x: Tensor) => mean(spatial.length > 0 ? mean(x, spatial) : x, 0);
  const centre = perChannel(input);
  const distance = sub(input, reshape(centre, [-1, ...spatial.map(() => 1)]));
  if (spatial.length === 0) return [centre, mean(mul(distance, distance), 0)];
  const squares = dispatch("ReduceSumSquare", [distance, int64s(spatial)], { keepdims: 0 });
  const count = spatial.reduce((n, axis) => n * (input.shape[axis] as number), 1);
  return [centre, mean(squares, 0).div(count)];
}

/** Batch normalisation of [N, C] or [N, C, L]. */
export class BatchNorm1d extends BatchNormNd {
  protected get ranks(): readonly number[] {
    return [2, 3];
  }
  constructor(numFeatures: number, options: BatchNormOptions = {}) {
    super("BatchNorm1d", numFeatures, options);
  }
}

/**
 * Batch normalisation of images [N, C, H, W]: (x − mean) / √(variance + eps) · weight + bias, per channel.
 * S. Ioffe and C. Szegedy, 2015.
 *
 * @example new BatchNorm2d(64).eval().forward(x)
 */
export class BatchNorm2d extends BatchNormNd {
  protected get ranks(): readonly number[] {
    return [4];
  }
  constructor(numFeatures: number, options: BatchNormOptions = {}) {
    super("BatchNorm2d", numFeatures, options);
  }
}

/** Batch normalisation of volumes [N, C, D, H, W]. */
export class BatchNorm3d extends BatchNormNd {
  protected get ranks(): readonly number[] {
    return [5];
  }
  constructor(numFeatures: number, options: BatchNormOptions = {}) {
    super("BatchNorm3d", numFeatures, options);
  }
}
