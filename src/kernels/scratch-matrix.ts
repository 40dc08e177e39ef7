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

/** A strided matrix, and where its elements come to lie in a scratch memory. */
export interface MatrixCopy {
  readonly from: Float32Array;
  readonly start: number;
  readonly rowStride: number;
  readonly colStride: number;
  readonly to: ScratchMatrix;
  /** Which of its lines are copied as a whole: those that are dense in `from`. */
  readonly runs: "rows" | "columns" | "none";
}

/** Plans to copy `rows × cols` elements of `from`, laid out by strides, to address `at` or just behind it; `matrixRoom` says how much that takes. */
export function planCopy(
  from: Float32Array,
  start: number,
  rows: number,
  cols: number,
  rowStride: number,
  colStride: number,
  at: number,
): MatrixCopy {
  const first = alignedAddress(at, from, start);
  const matrix = { from, start, rowStride, colStride };
  if (colStride === 1 || cols === 1) return { ...matrix, to: { at: first, row: alignedStride(cols, rowStride) * 4, col: 4 }, runs: "rows" };
  if (rowStride === 1 || rows === 1)
    return { ...matrix, to: { at: first, row: 4, col: alignedStride(rows, colStride) * 4 }, runs: "columns" };
  return { ...matrix, to: { at: first, row: cols * 4, col: 4 }, runs: "none" };
}

/** Copies the part of a matrix that begins at row i and column j. */
export function copyPartIn({ f32 }: Scratch, copy: MatrixCopy, i: number, rows: number, j: number, cols: number): void {
  const { from, rowStride, colStride, to } = copy;
  const start = copy.start + i * rowStride + j * colStride;
  const target = (to.at + i * to.row + j * to.col) >> 2;
  if (copy.runs === "rows") copyRuns(f32, from, start, rows, cols, rowStride, target, to.row >> 2);
  else if (copy.runs === "columns") copyRuns(f32, from, start, cols, rows, colStride, target, to.col >> 2);
  else {
    for (let r = 0; r < rows; r++) {
      for (let c = 0, source = start + r * rowStride, at = target + r * (to.row >> 2); c < cols; c++, source += colStride)
        f32[at++] = from[source] as number;
    }
  }
}

/** Copies a whole matrix as `planCopy` has it, and says where it lies. */
export function copyMatrixIn(scratch: Scratch, ...matrix: Parameters<typeof planCopy>): ScratchMatrix {
  const copy = planCopy(...matrix);
  copyPartIn(scratch, copy, 0, matrix[2], 0, matrix[3]);
  return copy.to;
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
