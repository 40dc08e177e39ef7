// float32 arithmetic element by element, in the few forms that networks spend their time on: same shape, one row for
// all, one number, numbers per channel, ReLU and clip. Blocks pass through the scratch memory: copying in and out included, that is four to twenty
// times as fast as a loop in JavaScript, and gives the same bits.
import { requireSpan } from "./operands.ts";
import { ScratchLayout, scratchF32, scratchF64, wasm } from "./scratch.ts";
import { isWorthSharing, overRows } from "./shared-rows.ts";
import { opcodes } from "./wasm-kernels.ts";

/** How a dense tensor splits around its channel dimension: `[outer, channels, inner]`; `[N, C, H, W]` is `{ outer: N, channels: C, inner: H·W }`. */
export interface ChannelSplit {
  readonly outer: number;
  readonly channels: number;
  readonly inner: number;
}

/** Floats per block: what stays in the first cache levels between copying in and out. */
const block = 8192;

/** An operator of two numbers that float32 arithmetic and one in float64 that is rounded once agree on. */
export type BinaryName = keyof typeof opcodes;

/** `y = max(x, 0)`; NaN stays NaN. `y` may be `x`. */
export function reluF32(x: Float32Array, y: Float32Array): void {
  clipF32(x, 0, Number.POSITIVE_INFINITY, y);
}

/** `y = min(max(x, low), high)`; NaN stays NaN. `y` may be `x`. */
export function clipF32(x: Float32Array, low: number, high: number, y: Float32Array): void {
  requireSpan("clip", "y", y.length, 0, x.length - 1);
  const at = new ScratchLayout().take(block);
  for (let i = 0; i < x.length; i += block) {
    const n = Math.min(block, x.length - i);
    copyIn(x, i, n, at);
    wasm.clip(at, n, low, high);
    copyOut(at, n, y, i);
  }
}

/** `y = a ∘ b`, same length. `y` may be `a` or `b`. */
export function binaryF32(op: BinaryName, a: Float32Array, b: Float32Array, y: Float32Array): void {
  requireSpan(op, "b", b.length, 0, a.length - 1);
  requireSpan(op, "y", y.length, 0, a.length - 1);
  const layout = new ScratchLayout();
  const aAt = layout.take(block);
  const bAt = layout.take(block);
  for (let i = 0; i < a.length; i += block) {
    const n = Math.min(block, a.length - i);
    copyIn(a, i, n, aAt);
    copyIn(b, i, n, bAt);
    wasm.binaryRows(opcodes[op], aAt, bAt, 1, n);
    copyOut(aAt, n, y, i);
  }
}

/**
 * `y[r, i] = a[r, i] ∘ b[i]` for rows as long as `b`: a bias of the last dimension. `y` may be `a`.
 *
 * @example
 * rowsF32("add", Float32Array.of(1, 2, 3, 4), Float32Array.of(10, 20), y); // y is [11, 22, 13, 24]
 */
export function rowsF32(op: BinaryName, a: Float32Array, b: Float32Array, y: Float32Array): void {
  requireSpan(op, "y", y.length, 0, a.length - 1);
  const n = b.length;
  if (n > block) {
    for (let i = 0; i < a.length; i += n) binaryF32(op, a.subarray(i, i + n), b, y.subarray(i, i + n));
    return;
  }
  const step = Math.max(1, Math.floor(block / Math.max(1, n))) * n;
  const layout = new ScratchLayout();
  const aAt = layout.take(step);
  const bAt = layout.take(n);
  copyIn(b, 0, n, bAt);
  for (let i = 0; i < a.length; i += step) {
    const count = Math.min(step, a.length - i);
    copyIn(a, i, count, aAt);
    wasm.binaryRows(opcodes[op], aAt, bAt, count / n, n);
    copyOut(aAt, count, y, i);
  }
}

/** `y = a ∘ b` for a number `b`. `y` may be `a`. */
export function numberF32(op: BinaryName, a: Float32Array, b: number, y: Float32Array): void {
  requireSpan(op, "y", y.length, 0, a.length - 1);
  const layout = new ScratchLayout();
  const aAt = layout.take(block);
  const bAt = layout.take(block);
  scratchF32.fill(b, bAt >> 2, (bAt >> 2) + Math.min(block, a.length));
  for (let i = 0; i < a.length; i += block) {
    const n = Math.min(block, a.length - i);
    copyIn(a, i, n, aAt);
    wasm.binaryRows(opcodes[op], aAt, bAt, 1, n);
    copyOut(aAt, n, y, i);
  }
}

/**
 * `y[o, c, i] = a[o, c, i] ∘ b[c]`: a number for each channel. `y` may be `a`.
 *
 * @example
 * channelsF32("mul", Float32Array.of(1, 2, 3, 4), Float32Array.of(10, 20), { outer: 1, channels: 2, inner: 2 }, y); // y is [10, 20, 60, 80]
 */
export function channelsF32(op: BinaryName, a: Float32Array, b: Float32Array, split: ChannelSplit, y: Float32Array): void {
  requireChannels(op, a, b, split, y);
  const layout = new ScratchLayout();
  const [aAt, bAt] = [layout.take(block), layout.take(block)];
  eachRowBlock(split, (first, channel, rows, n) => {
    copyIn(a, first, rows * n, aAt);
    copyIn(b, channel, rows, bAt);
    wasm.binaryChannels(opcodes[op], aAt, bAt, rows, n);
    copyOut(aAt, rows * n, y, first);
  });
}

/** What `normalizeChannelsF32` takes for each channel: float64 where it was computed, so that nothing is rounded twice. */
export interface ChannelStatistics {
  readonly mean: Float64Array | Float32Array;
  readonly factor: Float64Array;
  readonly shift: Float64Array | Float32Array;
}

/**
 * `y[o, c, i] = (x[o, c, i] − mean[c]) · factor[c] + shift[c]` in float64, rounded once: BatchNormalization in inference mode.
 * `y` may be `x`.
 */
export function normalizeChannelsF32(
  x: Float32Array,
  { mean, factor, shift }: ChannelStatistics,
  split: ChannelSplit,
  y: Float32Array,
): void {
  requireChannels("normalizeChannels", x, mean, split, y);
  const { outer, channels, inner } = split;
  const image = channels * inner;
  if (!isWorthSharing(image)) return normalizeAlone(x, { mean, factor, shift }, split, y);
  for (let start = 0; start < outer * image; start += image) {
    const work = { kernel: "channels", row: inner, x: x.subarray(start, start + image), y: y.subarray(start, start + image) } as const;
    overRows({ ...work, perRow: [mean, factor, shift] }, (from, to, first) => {
      const own = { mean: mean.subarray(first), factor: factor.subarray(first), shift: shift.subarray(first) };
      normalizeAlone(from, own, { outer: 1, channels: from.length / inner, inner }, to);
    });
  }
}

function normalizeAlone(x: Float32Array, { mean, factor, shift }: ChannelStatistics, split: ChannelSplit, y: Float32Array): void {
  const layout = new ScratchLayout();
  const at = layout.take(block);
  const [meanAt, factorAt, shiftAt] = [layout.take(block * 2), layout.take(block * 2), layout.take(block * 2)];
  eachRowBlock(split, (first, channel, rows, n) => {
    scratchF64.set(mean.subarray(channel, channel + rows), meanAt >> 3);
    scratchF64.set(factor.subarray(channel, channel + rows), factorAt >> 3);
    scratchF64.set(shift.subarray(channel, channel + rows), shiftAt >> 3);
    copyIn(x, first, rows * n, at);
    wasm.normalizeRows(at, meanAt, factorAt, shiftAt, rows, n);
    copyOut(at, rows * n, y, first);
  });
}

/** Visits `[outer, channels, inner]` in blocks of some whole channels, or of part of one. */
function eachRowBlock(
  { outer, channels, inner }: ChannelSplit,
  visit: (first: number, channel: number, rows: number, n: number) => void,
): void {
  const step = Math.max(1, Math.floor(block / Math.max(1, inner)));
  for (let o = 0; o < outer; o++) {
    for (let c = 0; c < channels; c += step) {
      const first = (o * channels + c) * inner;
      if (inner <= block) visit(first, c, Math.min(step, channels - c), inner);
      else for (let i = 0; i < inner; i += block) visit(first + i, c, 1, Math.min(block, inner - i));
    }
  }
}

function requireChannels(
  kernel: string,
  x: Float32Array,
  values: ArrayLike<number>,
  { outer, channels, inner }: ChannelSplit,
  y: Float32Array,
): void {
  const last = outer * channels * inner - 1;
  requireSpan(kernel, "x", x.length, 0, last);
  requireSpan(kernel, "y", y.length, 0, last);
  requireSpan(kernel, "the values per channel", values.length, 0, channels - 1);
}

function copyIn(from: Float32Array, start: number, n: number, at: number): void {
  scratchF32.set(from.subarray(start, start + n), at >> 2);
}

function copyOut(at: number, n: number, to: Float32Array, start: number): void {
  to.set(scratchF32.subarray(at >> 2, (at >> 2) + n), start);
}
