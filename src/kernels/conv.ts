// float32 convolution over dense typed arrays: 1-D to 3-D, groups, strides, dilations, any padding.
import { type ConvShapes, convGeometry, volume } from "./conv-geometry.ts";
import { requireSpan } from "./operands.ts";
import { convReference } from "./reference/conv.ts";

/** Operands of a convolution: ONNX's Conv with `auto_pad` already turned into `pads`. */
export interface ConvOperands extends ConvShapes {
  readonly x: Float32Array;
  readonly w: Float32Array;
  /** `[M]`. */
  readonly bias?: Float32Array | null;
  /** Memory for the result, all of which is written; made anew by default. Must not overlap the operands. */
  readonly y?: Float32Array;
}

/**
 * Convolves dense `x: [N, C, ...spatial]` with `w: [M, C / groups, ...kernel]`; gives dense `[N, M, ...spatial]`, whose sizes are
 * `convGeometry(operands).yShape`.
 *
 * @throws ShapeError `KernelOperandTooSmall` when an array is shorter than its shape.
 * @example
 * const y = convF32({ x, xShape: [1, 3, 224, 224], w, wShape: [64, 3, 7, 7], strides: [2, 2], pads: [3, 3, 3, 3] }); // [1, 64, 112, 112]
 */
export function convF32(operands: ConvOperands): Float32Array {
  const g = convGeometry(operands);
  const { x, w, bias = null } = operands;
  const count = g.batch * g.groups * g.outChannels * volume(g.output);
  const y = operands.y ?? new Float32Array(count);
  requireSpan("conv", "x", x.length, 0, g.batch * g.groups * g.inChannels * volume(g.input) - 1);
  requireSpan("conv", "w", w.length, 0, g.groups * g.outChannels * g.inChannels * volume(g.kernel) - 1);
  requireSpan("conv", "y", y.length, 0, count - 1);
  if (bias) requireSpan("conv", "bias", bias.length, 0, g.groups * g.outChannels - 1);
  convReference(g, { x, w, bias, y });
  return y;
}
