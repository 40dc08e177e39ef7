// float32 convolution over dense typed arrays: 1-D to 3-D, groups, strides, dilations, any padding. Chooses between three ways: a
// plain matrix product, a matrix product over im2col panels, and direct application of depthwise filters.
import { convDepthwise, planDepthwise } from "./conv-depthwise.ts";
import { type ConvArrays, convByGemm, planConv } from "./conv-gemm.ts";
import { type ConvGeometry, type ConvShapes, convGeometry, volume } from "./conv-geometry.ts";
import { matmulF32 } from "./matmul.ts";
import { requireSpan } from "./operands.ts";
import { convReference } from "./reference/conv.ts";
import { alone, type Crew, crewFor } from "./threads/crew.ts";

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
 * `convGeometry(operands).yShape`. The bits are the same for every `crew`, which is one thread for a small convolution and `getThreads()` of them
 * for a large one.
 *
 * @throws ShapeError `KernelOperandTooSmall` when an array is shorter than its shape.
 * @example
 * const y = convF32({ x, xShape: [1, 3, 224, 224], w, wShape: [64, 3, 7, 7], strides: [2, 2], pads: [3, 3, 3, 3] }); // [1, 64, 112, 112]
 */
export function convF32(operands: ConvOperands, crew?: Crew): Float32Array {
  const g = convGeometry(operands);
  const { x, w, bias = null } = operands;
  const count = g.batch * g.groups * g.outChannels * volume(g.output);
  const y = operands.y ?? new Float32Array(count);
  requireSpan("conv", "x", x.length, 0, g.batch * g.groups * g.inChannels * volume(g.input) - 1);
  requireSpan("conv", "w", w.length, 0, g.groups * g.outChannels * g.inChannels * volume(g.kernel) - 1);
  requireSpan("conv", "y", y.length, 0, count - 1);
  if (bias) requireSpan("conv", "bias", bias.length, 0, g.groups * g.outChannels - 1);
  if (count > 0) convolve(g, { x, w, bias, y }, crew);
  return y;
}

function convolve(g: ConvGeometry, arrays: ConvArrays, given: Crew | undefined): void {
  if (g.inChannels === 0 || volume(g.input) === 0) return convReference(g, arrays);
  if (isPointwise(g)) return convPointwise(g, arrays, given);
  const block = planDepthwise(g);
  if (block !== undefined) return convDepthwise(g, block, arrays);
  const plan = planConv(g);
  if (plan) {
    const crew = given ?? crewFor(Math.min(plan.outBlock, g.outChannels), volume(g.output), plan.inBlock * volume(g.kernel));
    // A thread that was lost leaves parts of y; this thread alone writes all of it.
    if (!convByGemm(crew, g, plan, arrays)) convByGemm(alone, g, plan, arrays);
    return;
  }
  // A single output row that overflows the scratch memory (widths of 500,000 and more in 2-D): slow, but right.
  convReference(g, arrays);
}

function isPointwise({ input, output, kernel, strides, padBegin }: ConvGeometry): boolean {
  return kernel.every((size, d) => size === 1 && strides[d] === 1 && padBegin[d] === 0 && input[d] === output[d]);
}

/** y = w · x for each image and group: `[M/groups, C/groups] · [C/groups, positions]`. */
function convPointwise(g: ConvGeometry, { x, w, bias, y }: ConvArrays, crew: Crew | undefined): void {
  const { outChannels: m, inChannels: k } = g;
  const n = volume(g.input);
  for (let image = 0; image < g.batch; image++) {
    for (let group = 0; group < g.groups; group++) {
      const at = image * g.groups + group;
      const rowBias = bias ? bias.subarray(group * m, (group + 1) * m) : null;
      matmulF32({ m, n, k, a: w, aOffset: group * m * k, b: x, bOffset: at * k * n, c: y, cOffset: at * m * n, rowBias }, crew);
    }
  }
}
