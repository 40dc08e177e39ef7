// Depthwise convolution (one input channel per group): each filter is applied to its channel directly, channels in blocks that fit
// the scratch memory.
import type { ConvArrays } from "./conv-gemm.ts";
import { type ConvGeometry, volume } from "./conv-geometry.ts";
import { fillPositions, fillTaps, makeStrip, stageInput, stripCapacity } from "./conv-staging.ts";
import { ownScratch, ScratchLayout, scratchF32, wasm } from "./scratch.ts";

/** Floats of input and output held at a time: small enough for the second cache level, if one channel is. */
const blockShare = 128 * 1024;
/** What a single channel may take, all told. */
const channelShare = 4 * 1024 * 1024;

/** Channels per block; undefined if the geometry is not depthwise or a single channel does not fit the scratch memory. */
export function planDepthwise(g: ConvGeometry): number | undefined {
  if (g.inChannels !== 1 || volume(g.output) === 0 || volume(g.input) === 0) return undefined;
  const { slab, staged } = stripCapacity(g, 0, g.output[0]);
  const perChannel = slab + staged + g.outChannels * (volume(g.output) + volume(g.kernel));
  if (perChannel + volume(g.output) > channelShare) return undefined;
  return Math.min(g.groups, Math.max(1, Math.floor(blockShare / perChannel)));
}

/** Convolves `block` channels at a time; `g.outChannels` filters for each. */
export function convDepthwise(g: ConvGeometry, block: number, { x, w, bias, y }: ConvArrays): void {
  const strip = makeStrip(g, 0, 0, g.output[0]);
  const capacity = stripCapacity(g, 0, g.output[0]);
  const taps = volume(g.kernel);
  const inSize = volume(g.input);
  const outSize = volume(g.output);
  const rows = g.output[0] * g.output[1];
  const filters = g.outChannels;
  const stagedSize = volume(strip.staged) * strip.phases;
  const memory = new ScratchLayout();
  const tapsAt = memory.take(taps);
  const positionsAt = memory.take(outSize);
  const weightsAt = memory.take(block * filters * taps);
  const slabAt = memory.take(block * capacity.slab + 1);
  const stagedAt = memory.take(block * capacity.staged);
  const outputAt = memory.take(block * filters * outSize);
  fillTaps(ownScratch, g, strip, 1, tapsAt);
  fillPositions(ownScratch, g, strip, positionsAt);
  for (let image = 0; image < g.batch; image++) {
    for (let c = 0; c < g.groups; c += block) {
      const channels = Math.min(block, g.groups - c);
      const source = stageInput(ownScratch, g, strip, x, (image * g.groups + c) * inSize, channels, slabAt, stagedAt);
      scratchF32.set(w.subarray(c * filters * taps, (c + channels) * filters * taps), weightsAt >> 2);
      for (let f = 0; f < channels * filters; f++) {
        const channel = source + Math.floor(f / filters) * stagedSize * 4;
        const start = bias ? (bias[c * filters + f] as number) : 0;
        wasm.depthwise(channel, tapsAt, weightsAt + f * taps * 4, taps, positionsAt, rows, g.output[2], start, outputAt + f * outSize * 4);
      }
      const from = outputAt >> 2;
      y.set(scratchF32.subarray(from, from + channels * filters * outSize), (image * g.groups + c) * filters * outSize);
    }
  }
}
