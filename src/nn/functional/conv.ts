// Convolutions as functions of their weights.

import { dispatch } from "../../eager/interpreter.ts";
import { rankMismatch } from "../../eager/operand.ts";
import type { Tensor } from "../../eager/tensor.ts";
import { integerFrom, type Size, sizes } from "../options.ts";

export interface ConvCall {
  readonly bias?: Tensor | undefined;
  /** 1 by default. */
  readonly stride?: Size;
  /** 0 by default. */
  readonly padding?: Size;
  /** 1 by default. */
  readonly dilation?: Size;
  /** 1 by default. */
  readonly groups?: number;
}
export interface ConvTransposeCall extends ConvCall {
  /** Added to one end of each axis of the output; 0 by default. */
  readonly outputPadding?: Size;
}

function attributesOf(op: string, rank: number, x: Tensor, weight: Tensor, options: ConvCall) {
  for (const [what, t] of [
    ["the input", x],
    ["the weight", weight],
  ] as const)
    if (t.rank !== rank + 2) throw rankMismatch(op, what, t.shape, String(rank + 2));
  const padding = sizes(op, "padding", options.padding ?? 0, rank, 0);
  return {
    kernel_shape: weight.shape.slice(2),
    strides: sizes(op, "stride", options.stride ?? 1, rank, 1),
    pads: [...padding, ...padding],
    dilations: sizes(op, "dilation", options.dilation ?? 1, rank, 1),
    group: integerFrom(op, "groups", options.groups ?? 1, 1),
  };
}

const conv =
  (rank: number) =>
  (x: Tensor, weight: Tensor, options: ConvCall = {}): Tensor =>
    dispatch("Conv", [x, weight, options.bias], attributesOf(`conv${rank}d`, rank, x, weight, options));

const convTranspose =
  (rank: number) =>
  (x: Tensor, weight: Tensor, options: ConvTransposeCall = {}): Tensor => {
    const op = `convTranspose${rank}d`;
    const output_padding = sizes(op, "outputPadding", options.outputPadding ?? 0, rank, 0);
    return dispatch("ConvTranspose", [x, weight, options.bias], { ...attributesOf(op, rank, x, weight, options), output_padding });
  };

/** Convolves [N, C, L] with a weight [out, C / groups, k]. */
export const conv1d = conv(1);
/** Convolves [N, C, H, W] with a weight [out, C / groups, kh, kw]. */
export const conv2d = conv(2);
/** Convolves [N, C, D, H, W] with a weight [out, C / groups, kd, kh, kw]. */
export const conv3d = conv(3);
/** The transpose of `conv1d`: weight [C, out / groups, k]. */
export const convTranspose1d = convTranspose(1);
/** The transpose of `conv2d`: weight [C, out / groups, kh, kw]. */
export const convTranspose2d = convTranspose(2);
/** The transpose of `conv3d`: weight [C, out / groups, kd, kh, kw]. */
export const convTranspose3d = convTranspose(3);
