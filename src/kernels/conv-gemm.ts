// Convolution as a matrix product whose right side, im2col of the input, is only ever made one block of panels at a time.
import { type ConvGeometry, volume } from "./conv-geometry.ts";
import { fillPositions, fillTaps, makeStrip, stageInput, stripAxis, stripCapacity } from "./conv-staging.ts";
import { ScratchLayout } from "./scratch.ts";
import { alignedAddress, alignedStride, copyMatrixOut, copyPartIn, fillRows, matrixRoom, planCopy } from "./scratch-matrix.ts";
import type { Crew } from "./threads/crew.ts";
import { cutProduct } from "./threads/cut-product.ts";
import { areaBytes } from "./threads/panel-product.ts";
import { gemmScratchBytes } from "./wasm-kernels.ts";

/** Dense float32 operands of a convolution. */
export interface ConvArrays {
  readonly x: Float32Array;
  readonly w: Float32Array;
  readonly bias: Float32Array | null;
  readonly y: Float32Array;
}

// Shares of the scratch memory, in floats; together below its 8 Mi.
const stageShare = 3 * 1024 * 1024;
const weightShare = 1536 * 1024;
const outputShare = 2 * 1024 * 1024;
const maxPositions = 256 * 1024;
const maxTaps = 128 * 1024;

/** How a convolution is cut to fit the scratch memory. */
export interface ConvPlan {
  /** Output rows per strip, and the dimension they are counted along. */
  readonly axis: 0 | 1 | 2;
  readonly rows: number;
  /** Input channels and output channels (of one group) at a time. */
  readonly inBlock: number;
  readonly outBlock: number;
}

/** Cuts a convolution to size; undefined if not even one channel of one output row fits the scratch memory. */
export function planConv(g: ConvGeometry): ConvPlan | undefined {
  const axis = stripAxis(g);
  const taps = volume(g.kernel);
  const rowPositions = volume(g.output) / g.output[axis];
  for (let rows = g.output[axis]; ; rows = Math.ceil(rows / 2)) {
    const { slab, staged } = stripCapacity(g, axis, rows);
    const inBlock = Math.min(g.inChannels, Math.floor(stageShare / (slab + staged)), Math.floor(maxTaps / taps));
    const positions = rows * rowPositions;
    if (rows > 1 && (positions > maxPositions || inBlock < g.inChannels)) continue;
    if (positions > maxPositions || inBlock < 1) return undefined;
    const outBlock = Math.min(Math.floor(weightShare / (inBlock * taps)), Math.floor(outputShare / positions));
    return { axis, rows, inBlock, outBlock: outBlock >= g.outChannels ? g.outChannels : outBlock & ~3 };
  }
}

/**
 * Convolves by strips of output rows, blocks of output channels and, for inputs too large to be held at once, blocks of input channels.
 * What is in the scratch memory already (weights of the block, staged input) is not copied again. False, with only parts of `y` written, if
 * the crew lost a thread.
 */
export function convByGemm(crew: Crew, g: ConvGeometry, plan: ConvPlan, { x, w, bias, y }: ConvArrays): boolean {
  const { scratch } = crew;
  const taps = volume(g.kernel);
  const outSize = volume(g.output);
  const { axis, rows, inBlock, outBlock } = plan;
  const depth = g.inChannels * taps;
  const at = layOut(crew, g, plan);
  let tables = "";
  let held = "";
  for (let image = 0; image < g.batch; image++) {
    for (let group = 0; group < g.groups; group++) {
      const xFirst = (image * g.groups + group) * g.inChannels * volume(g.input);
      const yFirst = (image * g.groups + group) * g.outChannels * outSize;
      for (let row = 0; row < g.output[axis]; row += rows) {
        const strip = makeStrip(g, axis, row, Math.min(g.output[axis], row + rows));
        const positions = volume(strip.output);
        const stride = alignedStride(positions, outSize);
        let source = 0;
        for (let m = 0; m < g.outChannels; m += outBlock) {
          const outs = Math.min(outBlock, g.outChannels - m);
          const firstFilter = group * g.outChannels + m;
          const yStart = yFirst + m * outSize + strip.first;
          const output = alignedAddress(at.output, y, yStart);
          const out = (i: number, rows: number, j: number, cols: number) =>
            copyMatrixOut(scratch, output + (i * stride + j) * 4, stride, rows, cols, y, yStart + i * outSize + j, outSize);
          for (let c = 0; c < g.inChannels; c += inBlock) {
            const ins = Math.min(inBlock, g.inChannels - c);
            crew.call();
            const tableKey = `${strip.staged} ${positions} ${ins}`;
            if (tables !== tableKey) {
              fillTaps(scratch, g, strip, ins, at.taps);
              fillPositions(scratch, g, strip, at.positions);
              tables = tableKey;
            }
            if (m === 0 || inBlock < g.inChannels)
              source = stageInput(scratch, g, strip, x, xFirst + c * volume(g.input), ins, at.slab, at.staged);
            const k = ins * taps;
            const weights = planCopy(w, firstFilter * depth + c * taps, outs, k, depth, 1, at.weights);
            const weightKey = `${firstFilter} ${c}`;
            const isHeld = held === weightKey;
            const rows = (i: number, count: number) => {
              if (bias && c === 0) fillRows(scratch, bias, firstFilter + i, count, positions, output + i * stride * 4, stride);
              if (!isHeld) copyPartIn(scratch, weights, i, count, 0, k);
            };
            const b = { pack: "positions", at: source, taps: at.taps, positions: at.positions } as const;
            const product = { m: outs, n: positions, k, a: weights.to, b, c: output, cRow: stride * 4, accumulate: bias !== null || c > 0 };
            const carrier = { rows, out: c + ins === g.inChannels ? out : undefined };
            if (!crew.multiply(product, cutProduct(outs, positions, k, crew.threads), at.areas, carrier)) return false;
            held = weightKey;
          }
        }
      }
    }
  }
  return true;
}

/** Where everything lies in the scratch memory. */
function layOut({ scratch, threads }: Crew, g: ConvGeometry, { axis, rows, inBlock, outBlock }: ConvPlan) {
  const maxDepth = inBlock * volume(g.kernel);
  const stripSize = (volume(g.output) / g.output[axis]) * rows;
  const capacity = stripCapacity(g, axis, rows);
  const memory = new ScratchLayout(scratch);
  // One panel of 8 columns has to fit in any case; several threads are only asked where it fits the area of each.
  const areas = Math.max(threads * areaBytes, gemmScratchBytes + maxDepth * 32);
  return {
    taps: memory.take(maxDepth),
    positions: memory.take(stripSize),
    weights: memory.take(matrixRoom(outBlock, maxDepth)),
    slab: memory.take(inBlock * capacity.slab + 1),
    staged: memory.take(inBlock * capacity.staged),
    output: memory.take(matrixRoom(outBlock, stripSize)),
    areas: memory.take(areas / 4),
  };
}
