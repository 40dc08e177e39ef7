// Dot products with float64 sums over rows of weights as they are stored: float32 rows through WebAssembly, a block at a time, others here.
import { requireSpan } from "./operands.ts";
import { ScratchLayout, scratchF32, scratchF64, wasm } from "./scratch.ts";

/** Weights as they are, or decoded to float64. */
export type Reals = Float32Array | Float64Array;

export interface WideDots {
  /** `[rows, k]`, dense. */
  readonly w: Reals;
  readonly rows: number;
  readonly k: number;
  /** `[columns, k]`, dense. */
  readonly x: Float64Array;
  readonly columns: number;
  /** `[rows, columns]`; all of it is written. */
  readonly y: Float64Array;
  /** Also `q[r] = Σ w[r, i]² · s[i]`. */
  readonly squares?: { readonly s: Float64Array; readonly q: Float64Array };
}

// Sizes of blocks, in floats: a block of rows stays in the second cache level, columns only have to fit the memory.
const blockW = 64 * 1024;
const blockX = 1024 * 1024;

/**
 * `y[r, c] = Σ w[r, i] · x[c, i]`, products and sums in float64.
 *
 * @throws ShapeError `KernelOperandTooSmall` when an array is shorter than its sizes say.
 * @example
 * wideDots({ w: new Float32Array([1, 2]), rows: 1, k: 2, x: new Float64Array([3, 4]), columns: 1, y }); // y[0] = 11
 */
export function wideDots(operands: WideDots): void {
  const { w, rows, k, x, columns, y, squares } = operands;
  requireSpan("wideDots", "w", w.length, 0, rows * k - 1);
  requireSpan("wideDots", "x", x.length, 0, columns * k - 1);
  requireSpan("wideDots", "y", y.length, 0, rows * columns - 1);
  if (w instanceof Float32Array && k > 0 && k <= blockX) return inBlocks(w, operands);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) y[r * columns + c] = dot(w, r * k, x, c * k, k);
  if (squares)
    for (let r = 0; r < rows; r++) {
      let sum = 0;
      for (let i = 0; i < k; i++) sum += (w[r * k + i] as number) ** 2 * (squares.s[i] as number);
      squares.q[r] = sum;
    }
}

function inBlocks(w: Float32Array, { rows, k, x, columns, y, squares }: WideDots): void {
  const rowStep = Math.max(1, Math.min(rows, Math.floor(blockW / k)));
  const columnStep = Math.max(1, Math.min(columns, Math.floor(blockX / k)));
  const memory = new ScratchLayout();
  const wAt = memory.take(rowStep * k);
  const xAt = memory.take(2 * columnStep * k);
  const yAt = memory.take(2 * rowStep * columnStep);
  const sAt = squares ? memory.take(2 * k) : 0;
  const qAt = memory.take(2 * rowStep);
  if (squares) scratchF64.set(squares.s.subarray(0, k), sAt >> 3);
  for (let c = 0; c < columns; c += columnStep) {
    const width = Math.min(columnStep, columns - c);
    scratchF64.set(x.subarray(c * k, (c + width) * k), xAt >> 3);
    for (let r = 0; r < rows; r += rowStep) {
      const height = Math.min(rowStep, rows - r);
      scratchF32.set(w.subarray(r * k, (r + height) * k), wAt >> 2);
      wasm.wideDots(wAt, height, k, xAt, width, yAt, c === 0 ? sAt : 0, qAt);
      for (let i = 0; i < height; i++) {
        const from = (yAt >> 3) + i * width;
        for (let j = 0; j < width; j++) y[(r + i) * columns + c + j] = scratchF64[from + j] as number;
      }
      if (squares && c === 0) squares.q.set(scratchF64.subarray(qAt >> 3, (qAt >> 3) + height), r);
    }
  }
}

function dot(w: Reals, at: number, x: Float64Array, from: number, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += (w[at + i] as number) * (x[from + i] as number);
  return sum;
}
