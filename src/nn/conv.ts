// Convolutions over 1, 2 and 3 axes. Weights are [out, in / groups, ...kernel], inputs [N, in, ...spatial].

import { pad } from "../eager/functions/shape.ts";
import { dispatch } from "../eager/interpreter.ts";
import { rankMismatch } from "../eager/operand.ts";
import type { Tensor } from "../eager/tensor.ts";
import { ingotError } from "../errors/error.ts";
import { formatShape } from "../tensor/shape.ts";
import { fans, kaimingUniform, uniform } from "./init.ts";
import { Module } from "./module.ts";
import { integerFrom, invalid, oneOf, type Size, sizes } from "./options.ts";
import type { Parameter } from "./parameter.ts";
import { pyTuple } from "./print-module.ts";

export type PaddingMode = "zeros" | "reflect" | "replicate" | "circular";

export interface ConvOptions {
  /** Step between windows; 1 by default. */
  readonly stride?: Size;
  /** Elements added at both ends of each axis (0 by default), or `"same"` (output as large as input; stride 1), or `"valid"` (none). */
  readonly padding?: Size | "same" | "valid";
  /** Distance between the taps of a window; 1 by default. */
  readonly dilation?: Size;
  /** Channels are split into this many independent convolutions; 1 by default. */
  readonly groups?: number;
  /** True by default. */
  readonly bias?: boolean;
  /** What is added at the ends; `"zeros"` by default. */
  readonly paddingMode?: PaddingMode;
}

const padModes = { reflect: "reflect", replicate: "edge", circular: "wrap" } as const;

/** What Conv1d, Conv2d and Conv3d share. */
export abstract class ConvNd extends Module {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[] | "same" | "valid";
  readonly dilation: readonly number[];
  readonly groups: number;
  readonly paddingMode: PaddingMode;
  declare weight: Parameter;
  declare bias: Parameter | undefined;

  constructor(rank: number, inChannels: number, outChannels: number, kernelSize: Size, options: ConvOptions = {}) {
    super();
    const op = `Conv${rank}d`;
    const { stride = 1, padding = 0, dilation = 1, groups = 1, bias = true, paddingMode = "zeros" } = options;
    this.inChannels = integerFrom(op, "inChannels", inChannels, 1);
    this.outChannels = integerFrom(op, "outChannels", outChannels, 1);
    this.kernelSize = sizes(op, "kernelSize", kernelSize, rank, 1);
    this.stride = sizes(op, "stride", stride, rank, 1);
    this.padding = typeof padding === "string" ? oneOf(op, "padding", padding, ["same", "valid"]) : sizes(op, "padding", padding, rank, 0);
    this.dilation = sizes(op, "dilation", dilation, rank, 1);
    this.groups = divides(op, groups, inChannels, outChannels);
    this.paddingMode = oneOf(op, "paddingMode", paddingMode, ["zeros", "reflect", "replicate", "circular"]);
    if (padding === "same" && this.stride.some((s) => s !== 1))
      throw invalid(op, "padding", "a number when stride is not 1", padding, "With a stride, say how much to pad.");
    registerConvWeights(this, [outChannels, inChannels / groups, ...this.kernelSize], outChannels, bias);
  }

  forward(input: Tensor): Tensor {
    checkChannels(this, input, this.inChannels, this.kernelSize.length);
    const pads = this.pads();
    const padded = this.paddingMode === "zeros" ? input : pad(input, lastAxisFirst(pads), padModes[this.paddingMode]);
    return dispatch("Conv", [padded, this.weight, this.bias], {
      kernel_shape: this.kernelSize,
      strides: this.stride,
      pads: this.paddingMode === "zeros" ? pads : pads.map(() => 0),
      dilations: this.dilation,
      group: this.groups,
    });
  }

  /** ONNX's order: all beginnings, then all ends. For `"same"` the odd element goes to the end, as in PyTorch. */
  private pads(): number[] {
    if (this.padding === "valid") return this.kernelSize.flatMap(() => [0, 0]);
    if (this.padding !== "same") return [...this.padding, ...this.padding];
    const total = this.kernelSize.map((k, i) => (this.dilation[i] as number) * (k - 1));
    return [...total.map((t) => Math.floor(t / 2)), ...total.map((t) => t - Math.floor(t / 2))];
  }

  override extraRepr(): string {
    const parts = [
      String(this.inChannels),
      String(this.outChannels),
      `kernel_size=${pyTuple(this.kernelSize)}`,
      `stride=${pyTuple(this.stride)}`,
    ];
    if (typeof this.padding === "string") parts.push(`padding=${this.padding}`);
    else if (this.padding.some((p) => p !== 0)) parts.push(`padding=${pyTuple(this.padding)}`);
    if (this.dilation.some((d) => d !== 1)) parts.push(`dilation=${pyTuple(this.dilation)}`);
    if (this.groups !== 1) parts.push(`groups=${this.groups}`);
    if (this.bias === undefined) parts.push("bias=False");
    if (this.paddingMode !== "zeros") parts.push(`padding_mode=${this.paddingMode}`);
    return parts.join(", ");
  }
}

/** From [begin…, end…] to PyTorch's [last begin, last end, …]. */
function lastAxisFirst(pads: readonly number[]): number[] {
  const rank = pads.length / 2;
  return Array.from({ length: rank }, (_, i) => [pads[rank - 1 - i] as number, pads[2 * rank - 1 - i] as number]).flat();
}

/** Checks that `groups` divides both channel counts; throws `InvalidArgument`. */
export function divides(op: string, groups: number, inChannels: number, outChannels: number): number {
  integerFrom(op, "groups", groups, 1);
  if (inChannels % groups === 0 && outChannels % groups === 0) return groups;
  throw invalid(op, "groups", `a divisor of inChannels (${inChannels}) and outChannels (${outChannels})`, groups);
}

/** PyTorch's initial weights of a convolution: weight and bias uniform in ±1/√fanIn. */
export function registerConvWeights(layer: Module, shape: readonly number[], outChannels: number, bias: boolean): void {
  layer.registerParameter("weight", kaimingUniform(shape, { a: Math.sqrt(5) }));
  const bound = 1 / Math.sqrt(fans(shape).fanIn);
  layer.registerParameter("bias", bias ? uniform([outChannels], -bound, bound) : undefined);
}

/** The input of a layer over `rank` axes must be [N, channels, ...rank sizes]. Throws `RankMismatch`, `ShapeMismatch`. */
export function checkChannels(layer: Module, input: Tensor, channels: number, rank: number): void {
  const op = layer.constructor.name;
  if (input.rank !== rank + 2)
    throw rankMismatch(op, "the input", input.shape, `${rank + 2}: [N, ${channels}, ${["D", "H", "W"].slice(3 - rank).join(", ")}]`);
  if (input.shape[1] !== channels)
    throw ingotError("ShapeMismatch", {
      op,
      what: "the input",
      actual: formatShape(input.shape),
      expected: `${channels} channels in dimension 1`,
      hint: `The layer was built for ${channels} channels; images are [N, C, H, W].`,
    });
}

/** Convolution over sequences [N, C, L]. */
export class Conv1d extends ConvNd {
  constructor(inChannels: number, outChannels: number, kernelSize: Size, options: ConvOptions = {}) {
    super(1, inChannels, outChannels, kernelSize, options);
  }
}

/**
 * Convolution over images [N, C, H, W].
 *
 * @example new Conv2d(3, 64, 7, { stride: 2, padding: 3, bias: false })
 */
export class Conv2d extends ConvNd {
  constructor(inChannels: number, outChannels: number, kernelSize: Size, options: ConvOptions = {}) {
    super(2, inChannels, outChannels, kernelSize, options);
  }
}

/** Convolution over volumes [N, C, D, H, W]. */
export class Conv3d extends ConvNd {
  constructor(inChannels: number, outChannels: number, kernelSize: Size, options: ConvOptions = {}) {
    super(3, inChannels, outChannels, kernelSize, options);
  }
}
