// Transposed convolution as a matrix product, wᵀ · x, whose rows (one per output channel and filter tap) are then added to the
// output positions they belong to (col2im).
import type { ConvArrays } from "./conv-gemm.ts";
import { type ConvGeometry, type Triple, volume } from "./conv-geometry.ts";
import { stripAxis } from "./conv-staging.ts";
import { ownScratch, ScratchLayout, scratchF32, wasm } from "./scratch.ts";
import { copyMatrixIn, fillRows, matrixRoom } from "./scratch-matrix.ts";
import { gemmScratchBytes } from "./wasm-kernels.ts";

// Shares of the scratch memory, in floats; together with twice the panels below its 8 Mi.
const weightShare = 1536 * 1024;
const productShare = 1536 * 1024;
const outputShare = 3 * 1024 * 1024;
const panelShare = 256 * 1024;

/** How a transposed convolution is cut to fit the scratch memory. */
interface ConvTransposePlan {
  /** Input rows at a time, counted along `axis`. */
  readonly axis: 0 | 1 | 2;
  readonly rows: number;
  /** Output channels (of one group) at a time. */
  readonly outBlock: number;
  /** Input positions per block of panels. */
  readonly columns: number;
}

/** Cuts a transposed convolution to size; undefined if one output channel, or one input row, does not fit the scratch memory. */
export function planConvTranspose(g: ConvGeometry): ConvTransposePlan | undefined {
  const axis = stripAxis(g);
  const taps = volume(g.kernel);
  const rowSize = volume(g.input) / g.input[axis];
  const columns = Math.floor(panelShare / g.inChannels) & ~7;
  const fitting = Math.min(g.outChannels, Math.floor(weightShare / (g.inChannels * taps)), Math.floor(outputShare / volume(g.output)));
  const outBlock = Math.min(fitting, Math.floor(productShare / (taps * rowSize)));
  if (outBlock < 1 || columns < 8) return undefined;
  return { axis, rows: Math.min(g.input[axis], Math.floor(productShare / (outBlock * taps * rowSize))), outBlock, columns };
}

/** Convolves by blocks of output channels and strips of input rows. */
export function convTransposeByGemm(g: ConvGeometry, plan: ConvTransposePlan, { x, w, bias, y }: ConvArrays): void {
  const { axis, rows, outBlock, columns } = plan;
  const taps = volume(g.kernel);
  const inSize = volume(g.input);
  const outSize = volume(g.output);
  const rowSize = inSize / g.input[axis];
  const k = g.inChannels;
  const memory = new ScratchLayout();
  const gemmAt = memory.take(gemmScratchBytes / 4);
  const weightsAt = memory.take(matrixRoom(k, outBlock * taps));
  const inputAt = memory.take(matrixRoom(k, columns));
  const panelsAt = memory.take(k * columns);
  const productsAt = memory.take(outBlock * taps * rows * rowSize);
  const outputAt = memory.take(outBlock * outSize);
  for (let image = 0; image < g.batch; image++) {
    for (let group = 0; group < g.groups; group++) {
      const xFirst = (image * g.groups + group) * k * inSize;
      for (let m = 0; m < g.outChannels; m += outBlock) {
        const outs = Math.min(outBlock, g.outChannels - m);
        const filterRow = g.outChannels * taps;
        const weights = copyMatrixIn(ownScratch, w, group * k * filterRow + m * taps, outs * taps, k, 1, filterRow, weightsAt);
        const firstFilter = group * g.outChannels + m;
        if (bias) fillRows(ownScratch, bias, firstFilter, outs, outSize, outputAt, outSize);
        else scratchF32.fill(0, outputAt >> 2, (outputAt >> 2) + outs * outSize);
        for (let row = 0; row < g.input[axis]; row += rows) {
          const count = Math.min(rows, g.input[axis] - row);
          const positions = count * rowSize;
          for (let j = 0; j < positions; j += columns) {
            const n = Math.min(columns, positions - j);
            const input = copyMatrixIn(ownScratch, x, xFirst + row * rowSize + j, k, n, inSize, 1, inputAt);
            wasm.packRows(input.at, input.row, k, n, panelsAt);
            wasm.gemm(weights.at, weights.row, weights.col, panelsAt, productsAt + j * 4, positions * 4, outs * taps, n, k, 0, gemmAt);
          }
          scatterStrip(g, axis, row, count, outs, productsAt, outputAt);
        }
        y.set(
          scratchF32.subarray(outputAt >> 2, (outputAt >> 2) + outs * outSize),
          (image * g.groups * g.outChannels + firstFilter) * outSize,
        );
      }
    }
  }
}

/** Adds the products of `count` input rows from `row` on to their output positions. */
function scatterStrip(
  g: ConvGeometry,
  axis: 0 | 1 | 2,
  row: number,
  count: number,
  outs: number,
  productsAt: number,
  outputAt: number,
): void {
  const size: [number, number, number] = [...g.input];
  size[axis] = count;
  const origin = (d: 0 | 1 | 2, tap: number) => (d === axis ? row : 0) * g.strides[d] + tap * g.dilations[d] - g.padBegin[d];
  const bytes = volume(size) * 4;
  const outBytes = volume(g.output) * 4;
  const [sz, sy, sx]: Triple = g.strides;
  let from = productsAt;
  for (let m = 0; m < outs; m++) {
    for (let d = 0; d < g.kernel[0]; d++) {
      for (let h = 0; h < g.kernel[1]; h++) {
        for (let v = 0; v < g.kernel[2]; v++, from += bytes) {
          wasm.scatterTap(from, outputAt + m * outBytes, ...size, sz, sy, sx, origin(0, d), origin(1, h), origin(2, v), ...g.output);
        }
      }
    }
  }
}
