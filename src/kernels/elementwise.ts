// float32 arithmetic element by element, in the few forms that convolutional networks spend their time on: same shape, one
// number per channel, ReLU and clip. Results are rounded once per operation.
import { requireSpan } from "./operands.ts";

/** How a dense tensor splits around its channel dimension: `[outer, channels, inner]`; `[N, C, H, W]` is `{ outer: N, channels: C, inner: H·W }`. */
export interface ChannelSplit {
  readonly outer: number;
  readonly channels: number;
  readonly inner: number;
}

/** `y = max(x, 0)`; NaN stays NaN. `y` may be `x`. */
export function reluF32(x: Float32Array, y: Float32Array): void {
  requireSpan("relu", "y", y.length, 0, x.length - 1);
  for (let i = 0; i < x.length; i++) {
    const v = x[i] as number;
    y[i] = v < 0 ? 0 : v;
  }
}

/** `y = min(max(x, low), high)`; NaN stays NaN. `y` may be `x`. */
export function clipF32(x: Float32Array, low: number, high: number, y: Float32Array): void {
  requireSpan("clip", "y", y.length, 0, x.length - 1);
  for (let i = 0; i < x.length; i++) {
    const v = x[i] as number;
    const raised = v < low ? low : v;
    y[i] = high < raised ? high : raised;
  }
}

/** `y = a + b`, same length. `y` may be `a` or `b`. */
export function addF32(a: Float32Array, b: Float32Array, y: Float32Array): void {
  requirePair("add", a, b, y);
  for (let i = 0; i < a.length; i++) y[i] = (a[i] as number) + (b[i] as number);
}

/** `y = a − b`, same length. */
export function subF32(a: Float32Array, b: Float32Array, y: Float32Array): void {
  requirePair("sub", a, b, y);
  for (let i = 0; i < a.length; i++) y[i] = (a[i] as number) - (b[i] as number);
}

/** `y = a · b`, same length. */
export function mulF32(a: Float32Array, b: Float32Array, y: Float32Array): void {
  requirePair("mul", a, b, y);
  for (let i = 0; i < a.length; i++) y[i] = (a[i] as number) * (b[i] as number);
}

/** `y = a / b`, same length. */
export function divF32(a: Float32Array, b: Float32Array, y: Float32Array): void {
  requirePair("div", a, b, y);
  for (let i = 0; i < a.length; i++) y[i] = (a[i] as number) / (b[i] as number);
}

/** `y[o, c, i] = x[o, c, i] + shift[c]`. `y` may be `x`. */
export function addChannelsF32(x: Float32Array, shift: Float32Array, split: ChannelSplit, y: Float32Array): void {
  eachChannel("add", x, [shift], split, y, (c, from, to) => {
    const t = shift[c] as number;
    for (let i = from; i < to; i++) y[i] = (x[i] as number) + t;
  });
}

/** `y[o, c, i] = x[o, c, i] · scale[c]`. `y` may be `x`. */
export function mulChannelsF32(x: Float32Array, scale: Float32Array, split: ChannelSplit, y: Float32Array): void {
  eachChannel("mul", x, [scale], split, y, (c, from, to) => {
    const s = scale[c] as number;
    for (let i = from; i < to; i++) y[i] = (x[i] as number) * s;
  });
}

/**
 * `y[o, c, i] = x[o, c, i] · scale[c] + shift[c]`: BatchNormalization in inference mode. The product is rounded to float32 before the sum.
 * `y` may be `x`.
 */
export function scaleShiftF32(x: Float32Array, scale: Float32Array, shift: Float32Array, split: ChannelSplit, y: Float32Array): void {
  eachChannel("scaleShift", x, [scale, shift], split, y, (c, from, to) => {
    const s = scale[c] as number;
    const t = shift[c] as number;
    for (let i = from; i < to; i++) y[i] = Math.fround((x[i] as number) * s) + t;
  });
}

function requirePair(kernel: string, a: Float32Array, b: Float32Array, y: Float32Array): void {
  requireSpan(kernel, "b", b.length, 0, a.length - 1);
  requireSpan(kernel, "y", y.length, 0, a.length - 1);
}

type ChannelLoop = (channel: number, from: number, to: number) => void;

function eachChannel(kernel: string, x: Float32Array, perChannel: readonly Float32Array[], split: ChannelSplit, y: Float32Array, loop: ChannelLoop): void {
  const { outer, channels, inner } = split;
  const last = outer * channels * inner - 1;
  requireSpan(kernel, "x", x.length, 0, last);
  requireSpan(kernel, "y", y.length, 0, last);
  for (const values of perChannel) requireSpan(kernel, "the values per channel", values.length, 0, channels - 1);
  let from = 0;
  for (let o = 0; o < outer; o++) {
    for (let c = 0; c < channels; c++) {
      loop(c, from, from + inner);
      from += inner;
    }
  }
}
