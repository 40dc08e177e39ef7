// Copies strided matrices into a scratch memory, in whichever of the two dense orders costs least, and out again; the packing that
// follows reads both. Copies from and to a memory that threads share are eight times as fast when both sides start at the same place
// within 8 bytes, so rows there may begin one element late and be one element further apart than they are long.
import type { Scratch } from "./scratch.ts";

/** A matrix in the scratch memory: its address and how many bytes apart its rows and columns are. One of the two is 4. */
export interface ScratchMatrix {
  readonly at: number;
  readonly row: number;
  readonly col: number;
}

/** Below this many elements a plain loop is faster than making a view and calling `set`. */
const shortRun = 24;

/** The floats to take for a `rows × cols` matrix, whichever of the two ways it comes to lie. */
export function matrixRoom(rows: number, cols: number): number {
  return rows * cols + Math.max(cols < shortRun ? 0 : rows, rows < shortRun ? 0 : cols) + 1;
}

/** `at`, a multiple of 8, or 4 bytes on: where element `start` of `array` should be copied to, or from. */
export function alignedAddress(at: number, array: Float32Array, start: number): number {
  return at + ((array.byteOffset + 4 * start) & 4);
}

/** How far apart to lay rows of `length` that are `stride` apart in their array. */
export function alignedStride(length: number, stride: number): number {
  return length < shortRun ? length : length + ((length ^ stride) & 1);
}

/** Copies `rows × cols` elements of `from`, laid out by strides, to address `at` or just behind it; `matrixRoom` says how much that takes. */
export function copyMatrixIn(
  scratch: Scratch,
  from: Float32Array,
  start: number,
  rows: number,
  cols: number,
  rowStride: number,
  colStride: number,
  at: number,
): ScratchMatrix {
  const first = alignedAddress(at, from, start);
  if (colStride === 1 || cols === 1) {
    const stride = alignedStride(cols, rowStride);
    copyRuns(scratch.f32, from, start, rows, cols, rowStride, first >> 2, stride);
    return { at: first, row: stride * 4, col: 4 };
  }
  if (rowStride === 1 || rows === 1) {
    const stride = alignedStride(rows, colStride);
    copyRuns(scratch.f32, from, start, cols, rows, colStride, first >> 2, stride);
    return { at: first, row: 4, col: stride * 4 };
  }
  const { f32 } = scratch;
  for (let i = 0, target = first >> 2; i < rows; i++) {
    for (let j = 0, source = start + i * rowStride; j < cols; j++, source += colStride) f32[target++] = from[source] as number;
  }
  return { at: first, row: cols * 4, col: 4 };
}

/** Fills each row of a block at `at`, whose rows are `stride` floats apart, with its number of `values`. */
export function fillRows(
  { f32 }: Scratch,
  values: Float32Array,
  first: number,
  rows: number,
  cols: number,
  at: number,
  stride: number,
): void {
  for (let i = 0, start = at >> 2; i < rows; i++, start += stride) f32.fill(values[first + i] as number, start, start + cols);
}

/** Copies a `rows × cols` block at address `from`, with rows `stride` floats apart, into `to`, row i starting at `start + i·rowStride`. */
export function copyMatrixOut(
  { f32 }: Scratch,
  from: number,
  stride: number,
  rows: number,
  cols: number,
  to: Float32Array,
  start: number,
  rowStride: number,
): void {
  const first = from >> 2;
  if ((rowStride === cols && stride === cols) || rows === 1) {
    to.set(f32.subarray(first, first + rows * cols), start);
    return;
  }
  for (let i = 0; i < rows; i++) to.set(f32.subarray(first + i * stride, first + i * stride + cols), start + i * rowStride);
}

function copyRuns(
  f32: Scratch["f32"],
  from: Float32Array,
  start: number,
  runs: number,
  length: number,
  fromStride: number,
  to: number,
  toStride: number,
): void {
  if ((fromStride === length && toStride === length) || runs === 1) {
    f32.set(from.subarray(start, start + runs * length), to);
  } else if (length < shortRun) {
    for (let r = 0; r < runs; r++) {
      for (let i = 0, source = start + r * fromStride, target = to + r * toStride; i < length; i++)
        f32[target + i] = from[source + i] as number;
    }
  } else {
    for (let r = 0; r < runs; r++) f32.set(from.subarray(start + r * fromStride, start + r * fromStride + length), to + r * toStride);
  }
}
