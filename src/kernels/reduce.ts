// Reductions of dense float32 data along one dimension, seen as [outer, n, inner]; rows are the case inner = 1.
// Sums run in float64 and are rounded once.
import { requireSpan } from "./operands.ts";

/** How a dense tensor splits around the dimensions that are reduced (adjacent ones count as one): `[outer, n, inner]`. */
export interface AxisSplit {
  readonly outer: number;
  readonly n: number;
  readonly inner: number;
}

/** `y[o, i] = Σₙ x[o, n, i]`; 0 where `n` is 0. */
export function sumF32(x: Float32Array, split: AxisSplit, y: Float32Array): void {
  scaledSum("sum", x, split, y, 1);
}

/** `y[o, i] = Σₙ x[o, n, i] / n`: also global average pooling, with `n` = H·W. NaN where `n` is 0. */
export function meanF32(x: Float32Array, split: AxisSplit, y: Float32Array): void {
  scaledSum("mean", x, split, y, split.n);
}

/** `y[o, i] = maxₙ x[o, n, i]`; NaN where any is NaN, −Infinity where `n` is 0. */
export function maxF32(x: Float32Array, split: AxisSplit, y: Float32Array): void {
  fold("max", x, split, y, Number.NEGATIVE_INFINITY, (a, b) => (a > b || a !== a ? a : b));
}

/** `y[o, i] = minₙ x[o, n, i]`; NaN where any is NaN, Infinity where `n` is 0. */
export function minF32(x: Float32Array, split: AxisSplit, y: Float32Array): void {
  fold("min", x, split, y, Number.POSITIVE_INFINITY, (a, b) => (a < b || a !== a ? a : b));
}

function scaledSum(kernel: string, x: Float32Array, split: AxisSplit, y: Float32Array, divisor: number): void {
  const { outer, n, inner } = split;
  requireSplit(kernel, x, split, y);
  if (inner === 1) {
    for (let o = 0; o < outer; o++) {
      let sum = 0;
      for (let i = o * n; i < (o + 1) * n; i++) sum += x[i] as number;
      y[o] = sum / divisor;
    }
    return;
  }
  const sums = new Float64Array(inner);
  for (let o = 0; o < outer; o++) {
    sums.fill(0);
    for (let p = 0; p < n; p++) {
      const row = (o * n + p) * inner;
      for (let i = 0; i < inner; i++) sums[i] = (sums[i] as number) + (x[row + i] as number);
    }
    for (let i = 0; i < inner; i++) y[o * inner + i] = (sums[i] as number) / divisor;
  }
}

function fold(
  kernel: string,
  x: Float32Array,
  split: AxisSplit,
  y: Float32Array,
  start: number,
  pick: (a: number, b: number) => number,
): void {
  const { outer, n, inner } = split;
  requireSplit(kernel, x, split, y);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      let best = start;
      for (let at = o * n * inner + i, end = at + n * inner; at < end; at += inner) best = pick(best, x[at] as number);
      y[o * inner + i] = best;
    }
  }
}

function requireSplit(kernel: string, x: Float32Array, { outer, n, inner }: AxisSplit, y: Float32Array): void {
  requireSpan(kernel, "x", x.length, 0, outer * n * inner - 1);
  requireSpan(kernel, "y", y.length, 0, outer * inner - 1);
}
