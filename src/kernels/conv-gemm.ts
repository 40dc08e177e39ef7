// Convolution as a matrix product whose right side, im2col of the input, is only ever made one block of panels at a time.
import { type ConvGeometry, volume } from "./conv-geometry.ts";
import { fillPositions, fillTaps, makeStrip, stageInput, stripAxis, stripCapacity } from "./conv-staging.ts";
import { gemmScratchBytes, ScratchLayout, wasm } from "./scratch.ts";
import { copyMatrixIn, copyMatrixOut, fillRows } from "./scratch-matrix.ts";

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
/** A block of panels this large is still in the second cache level when it is multiplied. */
const panelShare = 256 * 1024;

/** How a convolution is cut to fit the scratch memory. */
interface ConvPlan {
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
 * What is in the scratch memory already (weights of the block, staged input) is not copied again.
 */
export function convByGemm(g: ConvGeometry, plan: ConvPlan, { x, w, bias, y }: ConvArrays): void {
  const taps = volume(g.kernel);
  const outSize = volume(g.output);
  const { axis, rows, inBlock, outBlock } = plan;
  const depth = g.inChannels * taps;
  const maxDepth = inBlock * taps;
  const stripSize = (outSize / g.output[axis]) * rows;
  const panelColumns = Math.max(8, Math.min((stripSize + 7) & ~7, Math.floor(panelShare / maxDepth) & ~7));
  const capacity = stripCapacity(g, axis, rows);
  const memory = new ScratchLayout();
  const at = {
    gemm: memory.take(gemmScratchBytes / 4),
    taps: memory.take(maxDepth),
    positions: memory.take(stripSize),
    panels: memory.take(maxDepth * panelColumns),
    weights: memory.take(outBlock * maxDepth),
    slab: memory.take(inBlock * capacity.slab),
    staged: memory.take(inBlock * capacity.staged),
    output: memory.take(outBlock * stripSize),
  };
  let tables = "";
  let weights = "";
  for (let image = 0; image < g.batch; image++) {
    for (let group = 0; group < g.groups; group++) {
      const xFirst = (image * g.groups + group) * g.inChannels * volume(g.input);
      const yFirst = (image * g.groups + group) * g.outChannels * outSize;
      for (let row = 0; row < g.output[axis]; row += rows) {
        const strip = makeStrip(g, axis, row, Math.min(g.output[axis], row + rows));
        const positions = volume(strip.output);
        let source = 0;
        for (let m = 0; m < g.outChannels; m += outBlock) {
          const outs = Math.min(outBlock, g.outChannels - m);
          const firstFilter = group * g.outChannels + m;
          if (bias) fillRows(bias, firstFilter, outs, positions, at.output);
          for (let c = 0; c < g.inChannels; c += inBlock) {
            const ins = Math.min(inBlock, g.inChannels - c);
            const tableKey = `${strip.staged} ${positions} ${ins}`;
            if (tables !== tableKey) {
              fillTaps(g, strip, ins, at.taps);
              fillPositions(g, strip, at.positions);
              tables = tableKey;
            }
            if (m === 0 || inBlock < g.inChannels) source = stageInput(g, strip, x, xFirst + c * volume(g.input), ins, at.slab, at.staged);
            const weightKey = `${firstFilter} ${c}`;
            if (weights !== weightKey) copyMatrixIn(w, firstFilter * depth + c * taps, outs, ins * taps, depth, 1, at.weights);
            weights = weightKey;
            multiplyPanels(at, source, outs, positions, ins * taps, panelColumns, bias !== null || c > 0);
          }
          copyMatrixOut(at.output, outs, positions, y, yFirst + m * outSize + strip.first, outSize);
        }
      }
    }
  }
}

interface Addresses {
  readonly gemm: number;
  readonly taps: number;
  readonly positions: number;
  readonly panels: number;
  readonly weights: number;
  readonly output: number;
}

function multiplyPanels(at: Addresses, source: number, m: number, n: number, k: number, panelColumns: number, accumulate: boolean): void {
  for (let j = 0; j < n; j += panelColumns) {
    const columns = Math.min(panelColumns, n - j);
    wasm.packPositions(source, at.taps, at.positions + j * 4, k, columns, at.panels);
    wasm.gemm(at.weights, k * 4, 4, at.panels, at.output + j * 4, n * 4, m, columns, k, accumulate ? 1 : 0, at.gemm);
  }
}
