// float32 matrix products over ordinary typed arrays, any strides.
import { requireMatrix } from "./operands.ts";
import { type MatmulLayout, matmulReference } from "./reference/matmul.ts";

/**
 * `c = a · b` (`c += a · b` with `accumulate`) in float32, where `a` is m×k, `b` is k×n and both may have any strides (also 0 and negative):
 * a transposed operand is one with its strides swapped. `c` has unit column stride and must not overlap `a` or `b`.
 *
 * @throws ShapeError `KernelOperandTooSmall` when the sizes reach outside an array.
 * @example
 * // c[4, 8] = a[4, 16] · wᵀ where w is [8, 16]
 * matmulF32({ m: 4, n: 8, k: 16, a, b: w, bRowStride: 1, bColStride: 16, c });
 */
export function matmulF32(layout: MatmulLayout<Float32Array, Float32Array>): void {
  const { m, n, k, a, b, c, aOffset = 0, aRowStride = k, aColStride = 1, bOffset = 0, bRowStride = n, bColStride = 1, cOffset = 0, cRowStride = n } = layout;
  requireMatrix("matmul", "a", a.length, aOffset, m, k, aRowStride, aColStride);
  requireMatrix("matmul", "b", b.length, bOffset, k, n, bRowStride, bColStride);
  requireMatrix("matmul", "c", c.length, cOffset, m, n, cRowStride, 1);
  matmulReference(layout);
}
