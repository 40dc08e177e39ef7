// How the input of a convolution is laid out in the scratch memory: the part that a strip of output needs, padded and split into
// phases by WebAssembly, with two tables of offsets (one per filter tap, one per output position) that turn it into a matrix.
import type { ConvGeometry, Triple } from "./conv-geometry.ts";
import { volume } from "./conv-geometry.ts";
import type { Scratch } from "./scratch.ts";
import { alignedAddress } from "./scratch-matrix.ts";

/** Some rows of the output along one spatial dimension (the first that is more than 1 long), and what they read. */
export interface Strip {
  /** The size of this part of the output. */
  readonly output: Triple;
  /** Its first position within the flattened output of one channel. */
  readonly first: number;
  /** The part of the input that is copied in: contiguous in each channel. */
  readonly slab: Triple;
  readonly slabFirst: number;
  /** Where the first tap of the first output position falls, counted from the slab's start; negative in the padding. */
  readonly begin: Triple;
  /** The staged form: depth, height and width, where width counts one phase. */
  readonly staged: Triple;
  readonly phases: number;
  /** Whether the slab can be read as it is: no padding, no phases. `staged` is then the slab's size. */
  readonly direct: boolean;
}

/** The dimension along which the output is cut into strips; all before it have size 1. */
export function stripAxis(g: ConvGeometry): 0 | 1 | 2 {
  const trivial = (d: 0 | 1) => g.input[d] === 1 && g.output[d] === 1;
  return !trivial(0) ? 0 : !trivial(1) ? 1 : 2;
}

/** The strip of output rows `from` up to, not including, `to` along `axis`. */
export function makeStrip(g: ConvGeometry, axis: 0 | 1 | 2, from: number, to: number): Strip {
  const output = replaced(g.output, axis, to - from);
  const reach = (d: 0 | 1 | 2) => reachOf(g, output, d);
  const origin = (d: 0 | 1 | 2) => (d === axis ? from : 0) * g.strides[d] - g.padBegin[d];
  const low = Math.min(g.input[axis], Math.max(0, origin(axis)));
  const high = Math.max(low, Math.min(g.input[axis], origin(axis) + reach(axis)));
  const slab = replaced(g.input, axis, high - low);
  const begin = replaced([origin(0), origin(1), origin(2)], axis, origin(axis) - low);
  const direct = g.strides[2] === 1 && ([0, 1, 2] as const).every((d) => begin[d] >= 0 && begin[d] + reach(d) <= slab[d]);
  return {
    output,
    first: from * (axis === 0 ? g.output[1] * g.output[2] : axis === 1 ? g.output[2] : 1),
    slab,
    slabFirst: low * (axis === 0 ? g.input[1] * g.input[2] : axis === 1 ? g.input[2] : 1),
    begin,
    staged: direct ? slab : [reach(0), reach(1), phaseWidth(g, output)],
    phases: direct ? 1 : phasesOf(g),
    direct,
  };
}

/** Floats that one channel of any strip of this many rows takes at most: as copied in, and as staged. */
export function stripCapacity(g: ConvGeometry, axis: 0 | 1 | 2, rows: number): { slab: number; staged: number } {
  const output = replaced(g.output, axis, rows);
  const [depth, height] = [reachOf(g, output, 0), reachOf(g, output, 1)];
  const slabRows = Math.min(g.input[axis], reachOf(g, output, axis));
  return { slab: (volume(g.input) / g.input[axis]) * slabRows, staged: depth * height * phasesOf(g) * phaseWidth(g, output) };
}

/** Copies `channels` channels of an image in, starting with the one at element `xFirst`, and gives the address that the tables count from. Padding is `filler`. */
export function stageInput(
  { f32, wasm }: Scratch,
  g: ConvGeometry,
  strip: Strip,
  x: Float32Array,
  xFirst: number,
  channels: number,
  slabAt: number,
  stagedAt: number,
  filler = 0,
): number {
  const channelSize = volume(g.input);
  const slabSize = volume(strip.slab);
  const slab = alignedAddress(slabAt, x, xFirst + (slabSize === channelSize ? 0 : strip.slabFirst));
  const to = slab >> 2;
  if (slabSize === channelSize) f32.set(x.subarray(xFirst, xFirst + channels * channelSize), to);
  else {
    for (let c = 0; c < channels; c++) {
      const from = xFirst + c * channelSize + strip.slabFirst;
      f32.set(x.subarray(from, from + slabSize), to + c * slabSize);
    }
  }
  const [d, h, w] = strip.slab;
  const [z0, y0, x0] = strip.begin;
  if (strip.direct) return slab + ((z0 * h + y0) * w + x0) * 4;
  wasm.stage(slab, stagedAt, channels, d, h, w, z0, y0, x0, ...strip.staged, g.strides[2], strip.phases, filler);
  return stagedAt;
}

/** Writes the table of byte offsets of the taps of `channels` channels, in the order of the weights. */
export function fillTaps({ i32 }: Scratch, g: ConvGeometry, { staged, phases }: Strip, channels: number, at: number): void {
  const [depth, height, width] = staged;
  let next = at >> 2;
  for (let c = 0; c < channels; c++) {
    for (let d = 0; d < g.kernel[0]; d++) {
      for (let h = 0; h < g.kernel[1]; h++) {
        const row = ((c * depth + d * g.dilations[0]) * height + h * g.dilations[1]) * phases;
        for (let v = 0; v < g.kernel[2]; v++) {
          const across = v * g.dilations[2];
          const phase = across % g.strides[2];
          i32[next++] = 4 * ((row + phase) * width + (across - phase) / g.strides[2]);
        }
      }
    }
  }
}

/** Writes the table of byte offsets of the output positions of a strip, in their order in the output. */
export function fillPositions({ i32 }: Scratch, g: ConvGeometry, { output, staged, phases }: Strip, at: number): void {
  const [, height, width] = staged;
  let next = at >> 2;
  for (let d = 0; d < output[0]; d++) {
    for (let h = 0; h < output[1]; h++) {
      const row = 4 * (d * g.strides[0] * height + h * g.strides[1]) * phases * width;
      for (let w = 0; w < output[2]; w++) i32[next++] = row + 4 * w;
    }
  }
}

/** How many input elements along dimension `d` the output reaches over. */
function reachOf(g: ConvGeometry, output: Triple, d: 0 | 1 | 2): number {
  return (output[d] - 1) * g.strides[d] + (g.kernel[d] - 1) * g.dilations[d] + 1;
}

/** Phases that some tap reads: tap v reads phase v·dilation mod stride. */
function phasesOf(g: ConvGeometry): number {
  let phases = 1;
  for (let v = 1; v < g.kernel[2]; v++) phases = Math.max(phases, ((v * g.dilations[2]) % g.strides[2]) + 1);
  return phases;
}

function phaseWidth(g: ConvGeometry, output: Triple): number {
  return output[2] + Math.floor(((g.kernel[2] - 1) * g.dilations[2]) / g.strides[2]);
}

function replaced(values: Triple, axis: 0 | 1 | 2, value: number): Triple {
  return [axis === 0 ? value : values[0], axis === 1 ? value : values[1], axis === 2 ? value : values[2]];
}
