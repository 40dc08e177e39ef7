// The one check all kernels share: an operand must hold every element that its sizes reach.
import { ingotError } from "../errors/error.ts";

/** Throws `KernelOperandTooSmall` unless `length` elements contain everything from `first` up to `last`. */
export function requireSpan(kernel: string, operand: string, length: number, first: number, last: number): void {
  if (first < 0 || last >= length)
    throw ingotError("KernelOperandTooSmall", { kernel, operand, actual: length, needed: first < 0 ? first : last });
}

/** Throws `KernelOperandTooSmall` unless a strided `rows × cols` matrix from `offset` lies inside `length` elements. */
export function requireMatrix(
  kernel: string,
  operand: string,
  length: number,
  offset: number,
  rows: number,
  cols: number,
  rowStride: number,
  colStride: number,
): void {
  if (rows === 0 || cols === 0) return;
  const down = (rows - 1) * rowStride;
  const across = (cols - 1) * colStride;
  requireSpan(kernel, operand, length, offset + Math.min(0, down) + Math.min(0, across), offset + Math.max(0, down) + Math.max(0, across));
}
