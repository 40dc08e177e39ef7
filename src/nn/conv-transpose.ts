// Transposed convolutions: each input element spreads over a window of the output. Weights are [in, out / groups, ...kernel].
import { dispatch } from "../eager/interpreter.ts";
import type { Tensor } from "../eager/tensor.ts";
import { checkChannels, divides, registerConvWeights } from "./conv.ts";
import { Module } from "./module.ts";
import { integerFrom, invalid, type Size, sizes } from "./options.ts";
import type { Parameter } from "./parameter.ts";
import { pyTuple } from "./print-module.ts";

export interface ConvTransposeOptions {
  /** Step between windows of the output; 1 by default. */
  readonly stride?: Size;
  /** Elements cut off at both ends of each axis of the output; 0 by default. */
  readonly padding?: Size;
  /** Added to the size of the output at one end; less than stride or dilation. 0 by default. */
  readonly outputPadding?: Size;
  /** Distance between the taps of a window; 1 by default. */
  readonly dilation?: Size;
  /** Channels are split into this many independent convolutions; 1 by default. */
  readonly groups?: number;
  /** True by default. */
  readonly bias?: boolean;
}

/** What ConvTranspose1d, 2d and 3d share. */
export abstract class ConvTransposeNd extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
  readonly outputPadding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
  declare weight: Parameter;
  declare bias: Parameter | undefined;

  constructor(rank: number, inChannels: number, outChannels: number, kernelSize: Size, options: ConvTransposeOptions = {}) {
    super();
    const op = `ConvTranspose${rank}d`;
    this.inChannels = integerFrom(op, "inChannels", inChannels, 1);
    this.outChannels = integerFrom(op, "outChannels", outChannels, 1);
    this.kernelSize = sizes(op, "kernelSize", kernelSize, rank, 1);
    this.stride = sizes(op, "stride", options.stride ?? 1, rank, 1);
    this.padding = sizes(op, "padding", options.padding ?? 0, rank, 0);
    this.outputPadding = sizes(op, "outputPadding", options.outputPadding ?? 0, rank, 0);
    this.dilation = sizes(op, "dilation", options.dilation ?? 1, rank, 1);
    this.groups = divides(op, options.groups ?? 1, inChannels, outChannels);
    this.outputPadding.forEach((p, i) => {
      if (p >= Math.max(this.stride[i] as number, this.dilation[i] as number))
        throw invalid(
          op,
          "outputPadding",
          "less than the stride or the dilation",
          options.outputPadding,
          "It chooses among the sizes that one stride can come from.",
        );
    });
    registerConvWeights(this, [inChannels, outChannels / this.groups, ...this.kernelSize], outChannels, options.bias ?? true);
  }

  forward(input: Tensor): Tensor {
    checkChannels(this, input, this.inChannels, this.kernelSize.length);
    return dispatch("ConvTranspose", [input, this.weight, this.bias], {
      kernel_shape: this.kernelSize,
      strides: this.stride,
      pads: [...this.padding, ...this.padding],
      dilations: this.dilation,
      output_padding: this.outputPadding,
      group: this.groups,
    });
  }

  override extraRepr(): string {
    const parts = [`${this.inChannels}, ${this.outChannels}, kernel_size=${pyTuple(this.kernelSize)}, stride=${pyTuple(this.stride)}`];
    if (this.padding.some((p) => p !== 0)) parts.push(`padding=${pyTuple(this.padding)}`);
    if (this.dilation.some((d) => d !== 1)) parts.push(`dilation=${pyTuple(this.dilation)}`);
    if (this.outputPadding.some((p) => p !== 0)) parts.push(`output_padding=${pyTuple(this.outputPadding)}`);
    if (this.groups !== 1) parts.push(`groups=${this.groups}`);
    if (this.bias === undefined) parts.push("bias=False");
    return parts.join(", ");
  }
}

/** Transposed convolution over sequences [N, C, L]. */
export class ConvTranspose1d extends ConvTransposeNd {
  constructor(inChannels: number, outChannels: number, kernelSize: Size, options: ConvTransposeOptions = {}) {
    super(1, inChannels, outChannels, kernelSize, options);
  }
}

/**
 * Transposed convolution over images [N, C, H, W].
 *
 * @example new ConvTranspose2d(64, 32, 2, { stride: 2 }) // twice the height and width
 */
export class ConvTranspose2d extends ConvTransposeNd {
  constructor(inChannels: number, outChannels: number, kernelSize: Size, options: ConvTransposeOptions = {}) {
    super(2, inChannels, outChannels, kernelSize, options);
  }
}

/** Transposed convolution over volumes [N, C, D, H, W]. */
export class ConvTranspose3d extends ConvTransposeNd {
  constructor(inChannels: number, outChannels: number, kernelSize: Size, options: ConvTransposeOptions = {}) {
    super(3, inChannels, outChannels, kernelSize, options);
  }
}
