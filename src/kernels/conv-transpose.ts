// float32 transposed convolution over dense typed arrays: 1-D to 3-D, groups, strides, dilations, padding, output padding.
import { type ConvShapes, convTransposeGeometry, volume } from "./conv-geometry.ts";
import { convTransposeByGemm, planConvTranspose } from "./conv-transpose-gemm.ts";
import { requireSpan } from "./operands.ts";
import { convTransposeReference } from "./reference/conv.ts";

/** Operands of a transposed convolution: ONNX's ConvTranspose with `auto_pad` and `output_shape` already turned into `pads`. */
export interface ConvTransposeOperands extends ConvShapes {
  readonly x: Float32Array;
  /** `[C, M / groups, ...kernel]`. */
  readonly w: Float32Array;
  /** `[M]`. */
  readonly bias?: Float32Array | null;
  /** Extra size at the end of each spatial dimension. */
  readonly outputPadding?: readonly number[];
  /** Memory for the result, all of which is written; made anew by default. Must not overlap the operands. */
  readonly y?: Float32Array;
}

/**
 * Transposed convolution of dense `x: [N, C, ...spatial]` by `w: [C, M / groups, ...kernel]`; gives dense `[N, M, ...spatial]`, whose
 * sizes are `convTransposeGeometry(operands).yShape`.
 *
 * @throws ShapeError `KernelOperandTooSmall` when an array is shorter than its shape.
 * @example
 * const y = convTransposeF32({ x, xShape: [1, 8, 4, 4], w, wShape: [8, 3, 2, 2], strides: [2, 2] }); // [1, 3, 8, 8]
 */
export function convTransposeF32(operands: ConvTransposeOperands): Float32Array {
  const g = convTransposeGeometry(operands);
  const { x, w, bias = null } = operands;
  const count = g.batch * g.groups * g.outChannels * volume(g.output);
  const y = operands.y ?? new Float32Array(count);
  requireSpan("convTranspose", "x", x.length, 0, g.batch * g.groups * g.inChannels * volume(g.input) - 1);
  requireSpan("convTranspose", "w", w.length, 0, g.groups * g.outChannels * g.inChannels * volume(g.kernel) - 1);
  requireSpan("convTranspose", "y", y.length, 0, count - 1);
  if (bias) requireSpan("convTranspose", "bias", bias.length, 0, g.groups * g.outChannels - 1);
  if (count === 0) return y;
  const plan = x.length > 0 ? planConvTranspose(g) : undefined;
  if (plan) convTransposeByGemm(g, plan, { x, w, bias, y });
  // Nothing but bias to add, or one output channel of more than 3 Mi elements, which overflows the scratch
  // memory: slow, but right.
  else convTransposeReference(g, { x, w, bias, y });
  return y;
}
