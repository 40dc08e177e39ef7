// Softmax and log-softmax of dense float32 data along one dimension, seen as [outer, n, inner].
import { requireSpan } from "./operands.ts";
import type { AxisSplit } from "./reduce.ts";
import { ScratchLayout, scratchF32, wasm } from "./scratch.ts";
import { overRows } from "./shared-rows.ts";

/** Floats per block of rows in the scratch memory, and the longest row that goes there. */
const block = 16 * 1024;
const longestRow = 4 * 1024 * 1024;

/** `y = exp(x − max) / Σ exp(x − max)` along `n`, sums in float64. A row with NaN or +Infinity gives NaN. `y` may be `x`. */
export function softmaxF32(x: Float32Array, split: AxisSplit, y: Float32Array): void {
  if (split.inner === 1 && split.n > 0 && split.n <= longestRow) return softmaxRows(x, split.outer, split.n, y);
  eachLane("softmax", x, split, y, (start, end, step, max) => {
    let sum = 0;
    for (let i = start; i < end; i += step) {
      const e = Math.exp((x[i] as number) - max);
      y[i] = e;
      sum += e;
    }
    const scale = 1 / sum;
    for (let i = start; i < end; i += step) y[i] = (y[i] as number) * scale;
  });
}

/** `y = x − max − log Σ exp(x − max)` along `n`, sums in float64. `y` may be `x`. */
export function logSoftmaxF32(x: Float32Array, split: AxisSplit, y: Float32Array): void {
  eachLane("logSoftmax", x, split, y, (start, end, step, max) => {
    let sum = 0;
    for (let i = start; i < end; i += step) sum += Math.exp((x[i] as number) - max);
    const shift = max + Math.log(sum);
    for (let i = start; i < end; i += step) y[i] = (x[i] as number) - shift;
  });
}

/** Dense rows through WebAssembly: exponentials there cost a fifth of Math.exp. */
function softmaxRows(x: Float32Array, outer: number, n: number, y: Float32Array): void {
  requireSpan("softmax", "x", x.length, 0, outer * n - 1);
  requireSpan("softmax", "y", y.length, 0, outer * n - 1);
  const rows = x.subarray(0, outer * n);
  overRows({ kernel: "softmax", row: n, x: rows, y }, (from, to) => softmaxAlone(from, n, to));
}

/** Several rows at a time. */
function softmaxAlone(x: Float32Array, n: number, y: Float32Array): void {
  const outer = x.length / n;
  const step = Math.max(1, Math.floor(block / n));
  const at = new ScratchLayout().take(step * n);
  for (let o = 0; o < outer; o += step) {
    const rows = Math.min(step, outer - o);
    scratchF32.set(x.subarray(o * n, (o + rows) * n), at >> 2);
    wasm.softmaxRows(at, rows, n);
    y.set(scratchF32.subarray(at >> 2, (at >> 2) + rows * n), o * n);
  }
}

type Lane = (start: number, end: number, step: number, max: number) => void;

function eachLane(kernel: string, x: Float32Array, { outer, n, inner }: AxisSplit, y: Float32Array, lane: Lane): void {
  requireSpan(kernel, "x", x.length, 0, outer * n * inner - 1);
  requireSpan(kernel, "y", y.length, 0, outer * n * inner - 1);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const start = o * n * inner + i;
      const end = start + n * inner;
      let max = Number.NEGATIVE_INFINITY;
      for (let at = start; at < end; at += inner) {
        const v = x[at] as number;
        if (v > max || v !== v) max = v;
      }
      lane(start, end, inner, max);
    }
  }
}
