// Copies strided matrices into the scratch memory, in whichever of the two dense orders costs least; the packing that follows reads both.
import { scratchF32, wasm } from "./scratch.ts";

/** A matrix in the scratch memory: its address and how many bytes apart its rows and columns are. One of the two is 4. */
export interface ScratchMatrix {
  readonly at: number;
  readonly row: number;
  readonly col: number;
}

/** Below this many elements a plain loop is faster than making a view and calling `set`. */
const shortRun = 24;

/** Copies `rows × cols` elements of `from`, laid out by strides, to address `at`. */
export function copyMatrixIn(
  from: Float32Array,
  start: number,
  rows: number,
  cols: number,
  rowStride: number,
  colStride: number,
  at: number,
): ScratchMatrix {
  const to = at >> 2;
  const byRows = { at, row: cols * 4, col: 4 };
  if (colStride === 1 || cols === 1) {
    copyRuns(from, start, rows, cols, rowStride, to);
    return byRows;
  }
  if (rowStride === 1 || rows === 1) {
    copyRuns(from, start, cols, rows, colStride, to);
    return { at, row: 4, col: rows * 4 };
  }
  for (let i = 0, target = to; i < rows; i++) {
    for (let j = 0, source = start + i * rowStride; j < cols; j++, source += colStride) scratchF32[target++] = from[source] as number;
  }
  return byRows;
}

/** Lays a k×n matrix out as panels of 8 columns at `to`, for gemm. */
export function packPanels(matrix: ScratchMatrix, k: number, n: number, to: number): void {
  if (matrix.col === 4) wasm.packRows(matrix.at, matrix.row, k, n, to);
  else wasm.packColumns(matrix.at, matrix.col, k, n, to);
}

/** Fills each row of a dense block at `at` with its number of `values`. */
export function fillRows(values: Float32Array, first: number, rows: number, cols: number, at: number): void {
  const start = at >> 2;
  for (let i = 0; i < rows; i++) scratchF32.fill(values[first + i] as number, start + i * cols, start + (i + 1) * cols);
}

/** Copies a dense `rows × cols` block at address `from` into `to`, row i starting at `start + i·rowStride`. */
export function copyMatrixOut(from: number, rows: number, cols: number, to: Float32Array, start: number, rowStride: number): void {
  const first = from >> 2;
  if (rowStride === cols || rows === 1) {
    to.set(scratchF32.subarray(first, first + rows * cols), start);
    return;
  }
  for (let i = 0; i < rows; i++) to.set(scratchF32.subarray(first + i * cols, first + (i + 1) * cols), start + i * rowStride);
}

function copyRuns(from: Float32Array, start: number, runs: number, length: number, stride: number, to: number): void {
  if (stride === length || runs === 1) {
    scratchF32.set(from.subarray(start, start + runs * length), to);
  } else if (length < shortRun) {
    for (let r = 0; r < runs; r++) {
      for (let i = 0, source = start + r * stride, target = to + r * length; i < length; i++)
        scratchF32[target + i] = from[source + i] as number;
    }
  } else {
    for (let r = 0; r < runs; r++) scratchF32.set(from.subarray(start + r * stride, start + r * stride + length), to + r * length);
  }
}
