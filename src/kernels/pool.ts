// Max and average pooling of dense float32 data, 1-D to 3-D. A window is clipped to the input once per output, so the inner
// loops have no bounds tests.

import { elementCount } from "../tensor/shape.ts";
import { planDepthwise } from "./conv-depthwise.ts";
import { type ConvGeometry, type Triple, volume } from "./conv-geometry.ts";
import { fillPositions, fillTaps, makeStrip, stageInput, stripCapacity } from "./conv-staging.ts";
import { requireSpan } from "./operands.ts";
import { ownScratch, ScratchLayout, scratchF32, wasm } from "./scratch.ts";

/** The sizes of a pooling; all lists have one number per spatial dimension, `pads` two (begins, then ends). */
export interface PoolShapes {
  /** N·C: the number of planes. */
  readonly planes: number;
  readonly input: readonly number[];
  readonly output: readonly number[];
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly number[];
}

/**
 * `y` = the largest element of each window, padding excluded; NaN if the window holds one. −Infinity for a window without elements.
 * `indices`, when given, gets the flat position in `x` of each.
 */
export function maxPoolF32(x: Float32Array, shapes: PoolShapes, y: Float32Array, indices?: BigInt64Array): void {
  const plan = indices ? undefined : planDepthwise(poolGeometry(shapes));
  if (plan !== undefined) return poolStaged("maxPool", x, shapes, plan, y, Number.NEGATIVE_INFINITY);
  eachWindow("maxPool", x, shapes, y, (at, w) => {
    let best = Number.NEGATIVE_INFINITY;
    let where = w.first;
    for (let d = w.first, dn = w.counts[0]; dn > 0; dn--, d += w.steps[0]) {
      for (let h = d, hn = w.counts[1]; hn > 0; hn--, h += w.steps[1]) {
        for (let i = h, wn = w.counts[2]; wn > 0; wn--, i += w.steps[2]) {
          const v = x[i] as number;
          if (v > best || v !== v) {
            best = v;
            where = i;
          }
        }
      }
    }
    y[at] = best;
    if (indices) indices[at] = BigInt(where);
  });
}

/** The most taps that are added up in float32, where each may cost half a unit in the last place. */
const mostTaps = 64;

/**
 * `y` = the mean of each window; the sums of large windows run in float64. The divisor counts the elements of `x` in the window or, with `includePad`, also the
 * padding in it (but nothing beyond the padding, which a window rounded up by ceil mode may reach).
 */
export function averagePoolF32(x: Float32Array, shapes: PoolShapes, includePad: boolean, y: Float32Array): void {
  const plan = elementCount(shapes.kernel) <= mostTaps ? planDepthwise(poolGeometry(shapes)) : undefined;
  if (plan !== undefined) {
    poolStaged("averagePool", x, shapes, plan, y, 0);
    return divideByCounts(shapes, includePad, y);
  }
  eachWindow("averagePool", x, shapes, y, (at, w) => {
    let sum = 0;
    for (let d = w.first, dn = w.counts[0]; dn > 0; dn--, d += w.steps[0]) {
      for (let h = d, hn = w.counts[1]; hn > 0; hn--, h += w.steps[1]) {
        for (let i = h, wn = w.counts[2]; wn > 0; wn--, i += w.steps[2]) sum += x[i] as number;
      }
    }
    y[at] = sum / (includePad ? w.padded : w.counts[0] * w.counts[1] * w.counts[2]);
  });
}

/** A pooling seen as a depthwise convolution whose filters have no weights. */
function poolGeometry(shapes: PoolShapes): ConvGeometry {
  const { planes, input, output, kernel, strides, dilations, pads } = shapes;
  const [w = 0, h = 0, d = 0] = pads.slice(0, input.length).reverse();
  return {
    batch: 1,
    groups: planes,
    inChannels: 1,
    outChannels: 1,
    input: sizes(input),
    kernel: sizes(kernel),
    output: sizes(output),
    strides: sizes(strides),
    dilations: sizes(dilations),
    padBegin: [d, h, w],
    yShape: [1, planes, ...output],
  };
}

/** Divides the sum of each window by the number of its elements, padding among them or not. */
function divideByCounts(shapes: PoolShapes, includePad: boolean, y: Float32Array): void {
  const divisors = shapes.input
    .map((_, axis) => spansOf(shapes, axis).map((span) => (includePad ? span.padded : span.count)))
    .reduce((planes, along) => planes.flatMap((p) => along.map((n) => p * n)), [1]);
  const size = divisors.length;
  for (let plane = 0; plane < shapes.planes * size; plane += size)
    for (let i = 0; i < size; i++) y[plane + i] = (y[plane + i] as number) / (divisors[i] as number);
}

/** Maxima or sums by WebAssembly, `block` planes at a time, the padding staged as `filler`, which is neutral: −Infinity or 0. */
function poolStaged(
  kernel: "maxPool" | "averagePool",
  x: Float32Array,
  shapes: PoolShapes,
  block: number,
  y: Float32Array,
  filler: number,
): void {
  const g = poolGeometry(shapes);
  const inSize = volume(g.input);
  const outSize = volume(g.output);
  requireSpan(kernel, "x", x.length, 0, g.groups * inSize - 1);
  requireSpan(kernel, "y", y.length, 0, g.groups * outSize - 1);
  const strip = makeStrip(g, 0, 0, g.output[0]);
  const capacity = stripCapacity(g, 0, g.output[0]);
  const planeBytes = volume(strip.staged) * strip.phases * 4;
  const memory = new ScratchLayout();
  const taps = volume(g.kernel);
  const rows = g.output[0] * g.output[1];
  const tapsAt = memory.take(taps);
  // A sum is a convolution with ones.
  const onesAt = memory.take(taps);
  const positionsAt = memory.take(outSize);
  const slabAt = memory.take(block * capacity.slab + 1);
  const stagedAt = memory.take(block * capacity.staged);
  const outputAt = memory.take(block * outSize);
  fillTaps(ownScratch, g, strip, 1, tapsAt);
  fillPositions(ownScratch, g, strip, positionsAt);
  scratchF32.fill(1, onesAt >> 2, (onesAt >> 2) + taps);
  for (let plane = 0; plane < g.groups; plane += block) {
    const planes = Math.min(block, g.groups - plane);
    const from = stageInput(ownScratch, g, strip, x, plane * inSize, planes, slabAt, stagedAt, filler);
    for (let p = 0; p < planes; p++) {
      const [source, to] = [from + p * planeBytes, outputAt + p * outSize * 4];
      if (kernel === "maxPool") wasm.maxTaps(source, tapsAt, taps, positionsAt, rows, g.output[2], to);
      else wasm.depthwise(source, tapsAt, onesAt, taps, positionsAt, rows, g.output[2], 0, to);
    }
    y.set(scratchF32.subarray(outputAt >> 2, (outputAt >> 2) + planes * outSize), plane * outSize);
  }
}

/** One window: where it starts in `x`, how many elements it has per dimension and how far apart they are. Reused from call to call. */
interface Window {
  first: number;
  readonly counts: [number, number, number];
  readonly steps: Triple;
  /** The number of elements, padding included. */
  padded: number;
}

/** What one output index means along one dimension: first input index, elements inside, elements inside or in the padding. */
interface Span {
  readonly first: number;
  readonly count: number;
  readonly padded: number;
}

function eachWindow(
  kernel: string,
  x: Float32Array,
  shapes: PoolShapes,
  y: Float32Array,
  visit: (at: number, window: Window) => void,
): void {
  const [id, ih, iw] = sizes(shapes.input);
  const output = sizes(shapes.output);
  requireSpan(kernel, "x", x.length, 0, shapes.planes * id * ih * iw - 1);
  requireSpan(kernel, "y", y.length, 0, shapes.planes * volume(output) - 1);
  const rank = shapes.input.length;
  const spans = [2, 1, 0].map((back) => (back < rank ? spansOf(shapes, rank - 1 - back) : [{ first: 0, count: 1, padded: 1 }]));
  const [deep, high, wide] = spans as [Span[], Span[], Span[]];
  const [sd, sh, sw] = sizes(shapes.dilations);
  const window: Window = { first: 0, counts: [1, 1, 1], steps: [sd * ih * iw, sh * iw, sw], padded: 1 };
  let at = 0;
  for (let plane = 0; plane < shapes.planes; plane++) {
    for (const d of deep) {
      window.counts[0] = d.count;
      for (const h of high) {
        window.counts[1] = h.count;
        const row = ((plane * id + d.first) * ih + h.first) * iw;
        const padded = d.padded * h.padded;
        for (const w of wide) {
          window.counts[2] = w.count;
          window.first = row + w.first;
          window.padded = padded * w.padded;
          visit(at++, window);
        }
      }
    }
  }
}

function spansOf({ input, output, kernel, strides, dilations, pads }: PoolShapes, axis: number): Span[] {
  const size = input[axis] as number;
  const taps = kernel[axis] as number;
  const step = dilations[axis] as number;
  const begin = pads[axis] as number;
  const end = pads[axis + input.length] as number;
  return Array.from({ length: output[axis] as number }, (_, o) => {
    const start = o * (strides[axis] as number) - begin;
    const skipped = start < 0 ? Math.ceil(-start / step) : 0;
    const inside = Math.min(taps, Math.ceil((size - start) / step));
    const padded = Math.min(taps, Math.ceil((size + end - start) / step));
    return { first: start + skipped * step, count: Math.max(0, inside - skipped), padded };
  });
}

function sizes(values: readonly number[]): Triple {
  const [w = 1, h = 1, d = 1] = [...values].reverse();
  return [d, h, w];
}
