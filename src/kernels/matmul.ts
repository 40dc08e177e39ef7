// float32 matrix products over ordinary typed arrays, any strides: blocks of the operands are copied into the scratch memory,
// multiplied there by WebAssembly, and copied out.
import { requireMatrix, requireSpan } from "./operands.ts";
import type { MatmulLayout } from "./reference/matmul.ts";
import { ScratchLayout } from "./scratch.ts";
import {
  alignedAddress,
  alignedStride,
  copyMatrixOut,
  copyPartIn,
  fillRows,
  matrixRoom,
  planCopy,
  type ScratchMatrix,
} from "./scratch-matrix.ts";
import { alone, type Crew, crewFor } from "./threads/crew.ts";
import { cutProduct, panelFloats } from "./threads/cut-product.ts";
import { areaBytes, type PanelSource } from "./threads/panel-product.ts";
import { opcodes } from "./wasm-kernels.ts";

// Sizes of blocks, in floats. A block of b that fits the second cache level is still there when one thread multiplies it; several threads
// pack parts of a larger one. Blocks of a and c only have to fit the memory. Cuts in k are at multiples of gemm's own step (256), so
// that they do not change the order of sums.
const blockK = 8192;
const blockB = panelFloats;
const blockSharedB = 3 * 1024 * 1024;
const blockA = 2 * 1024 * 1024;
const blockC = 2 * 1024 * 1024;

/** The operands of `matmulF32`. */
export interface MatmulOperands extends MatmulLayout<Float32Array, Float32Array> {
  /** `[m]`: what each row of `c` starts from instead of 0 (not together with `accumulate`). */
  readonly rowBias?: Float32Array | null;
  /** `[n]`: what is added to each row of the complete, rounded product (not together with `accumulate`). */
  readonly columnBias?: Float32Array | null;
}

/**
 * `c = a · b` (`c += a · b` with `accumulate`) in float32, where `a` is m×k, `b` is k×n and both may have any strides (also 0 and negative):
 * a transposed operand is one with its strides swapped. `c` has unit column stride and must not overlap `a` or `b`.
 *
 * An element of `c` has the same bits whatever else is in the product: they depend on its row of `a` and its column of `b` only. So they are the
 * same for every `crew`, which is one thread for a small product and `getThreads()` of them for a large one.
 *
 * @throws ShapeError `KernelOperandTooSmall` when the sizes reach outside an array.
 * @example
 * // c[4, 8] = a[4, 16] · wᵀ where w is [8, 16]
 * matmulF32({ m: 4, n: 8, k: 16, a, b: w, bRowStride: 1, bColStride: 16, c });
 */
export function matmulF32(layout: MatmulOperands, crew: Crew = crewFor(layout.m, layout.n, layout.k)): void {
  const p = complete(layout);
  const { m, n, k } = p;
  requireMatrix("matmul", "a", p.a.length, p.aOffset, m, k, p.aRowStride, p.aColStride);
  requireMatrix("matmul", "b", p.b.length, p.bOffset, k, n, p.bRowStride, p.bColStride);
  requireMatrix("matmul", "c", p.c.length, p.cOffset, m, n, p.cRowStride, 1);
  if (p.rowBias) requireSpan("matmul", "rowBias", p.rowBias.length, 0, m - 1);
  if (p.columnBias) requireSpan("matmul", "columnBias", p.columnBias.length, 0, n - 1);
  if (m === 0 || n === 0) return;

  multiplyBlocks(crew, p);
}

/** A product with all that may be left out filled in. */
type Product = Required<MatmulOperands>;

function complete(p: MatmulOperands): Product {
  const { k, n } = p;
  const strides = { aRowStride: k, aColStride: 1, bRowStride: n, bColStride: 1, cRowStride: n };
  return {
    aOffset: 0,
    bOffset: 0,
    cOffset: 0,
    accumulate: false,
    ...strides,
    ...p,
    rowBias: p.rowBias ?? null,
    columnBias: p.columnBias ?? null,
  };
}

/** Some rows and columns of a product. */
function partOf(p: Product, i: number, rows: number, j: number, cols: number): Product {
  if (rows === p.m && cols === p.n) return p;
  return {
    ...p,
    m: rows,
    n: cols,
    aOffset: p.aOffset + i * p.aRowStride,
    bOffset: p.bOffset + j * p.bColStride,
    cOffset: p.cOffset + i * p.cRowStride + j,
    rowBias: p.rowBias?.subarray(i, i + rows) ?? null,
    columnBias: p.columnBias?.subarray(j, j + cols) ?? null,
  };
}

function multiplyBlocks(crew: Crew, p: Product): void {
  const { m, n } = p;
  const [mStep, nStep, kStep] = blockSizes(crew, p);
  for (let i = 0; i < m; i += mStep) {
    const rows = Math.min(mStep, m - i);
    const held: { a?: ScratchMatrix } = {};
    for (let j = 0; j < n; j += nStep) {
      const part = partOf(p, i, rows, j, Math.min(nStep, n - j));
      // What is written of c is written again, by this thread alone, to the same bits.
      if (!multiplyBlock(crew, part, kStep, held)) multiplyBlocks(alone, part);
    }
  }
}

/**
 * Computes a product that fits the scratch memory but for k. `held.a` is kept from block to block. False if a thread was lost: parts of `c` may be
 * written then, but none that the product adds to.
 */
function multiplyBlock(crew: Crew, p: Product, kStep: number, held: { a?: ScratchMatrix }): boolean {
  const { m, n, k, a, b, c, cOffset, cRowStride, columnBias } = p;
  const { scratch } = crew;
  const depths = Math.min(kStep, k);
  const memory = new ScratchLayout(scratch);
  const aAt = memory.take(matrixRoom(m, depths));
  const bAt = memory.take(matrixRoom(depths, n));
  const cRoom = memory.take(matrixRoom(m, n));
  const cAt = alignedAddress(cRoom, c, cOffset);
  const areas = memory.take((crew.threads * areaBytes) / 4);
  const biasAt = columnBias ? memory.take(n) : 0;
  if (columnBias) scratch.f32.set(columnBias.subarray(0, n), biasAt >> 2);
  const stride = alignedStride(n, cRowStride);
  const before = p.accumulate ? planCopy(c, cOffset, m, n, cRowStride, 1, cRoom) : undefined;
  const startRows = (i: number, rows: number) => {
    if (before) copyPartIn(scratch, before, i, rows, 0, n);
    else if (p.rowBias) fillRows(scratch, p.rowBias, i, rows, n, cAt + i * stride * 4, stride);
  };
  const out = (i: number, rows: number, j: number, cols: number) =>
    copyMatrixOut(scratch, cAt + (i * stride + j) * 4, stride, rows, cols, c, cOffset + i * cRowStride + j, cRowStride);
  if (k === 0) {
    startRows(0, m);
    if (!before && !p.rowBias) scratch.f32.fill(0, cAt >> 2, (cAt >> 2) + m * stride);
    if (columnBias) for (let i = 0; i < m; i++) scratch.wasm.binaryRows(opcodes.add, cAt + i * stride * 4, biasAt, 1, n);
  }
  crew.call();
  for (let q = 0; q < k; q += kStep) {
    const depth = Math.min(kStep, k - q);
    const left = planCopy(a, p.aOffset + q * p.aColStride, m, depth, p.aRowStride, p.aColStride, aAt);
    const right = planCopy(b, p.bOffset + q * p.bRowStride, depth, n, p.bRowStride, p.bColStride, bAt);
    const isHeld = held.a !== undefined && depth === k;
    const rows = (i: number, count: number) => {
      if (q === 0) startRows(i, count);
      if (!isHeld) copyPartIn(scratch, left, i, count, 0, depth);
    };
    const columns = (j: number, count: number) => copyPartIn(scratch, right, 0, depth, j, count);
    const accumulate = p.accumulate || p.rowBias !== null || q > 0;
    const at = held.a !== undefined && isHeld ? held.a : left.to;
    const isLast = q + depth === k;
    const target = { c: cAt, cRow: stride * 4, accumulate, columnBias: isLast ? biasAt : 0 };
    const product = { m, n, k: depth, a: at, b: panelSource(right.to), ...target };
    // What is added to is only written when all of it is known.
    const carrier = { rows, columns, out: isLast && !before ? out : undefined };
    if (!crew.multiply(product, cutProduct(m, n, depth, crew.threads), areas, carrier)) return false;
    held.a = at;
  }
  if (before || k === 0) out(0, m, 0, n);
  return true;
}

/** The block of the product that is in the scratch memory at a time: rows, columns, steps of k. */
function blockSizes({ threads }: Crew, { m, n, k, bColStride }: Product): [m: number, n: number, k: number] {
  // With few rows the time goes into reading b: where its rows are dense, whole rows are read, a few steps of k at a time.
  const byRows = m <= 64 && bColStride === 1 && n > 256 && n <= blockB / 256;
  const kStep = byRows ? Math.min(k, Math.floor(blockB / n) & ~255) : Math.min(k, blockK);
  const nStep = Math.min(n, Math.max(32, Math.floor((threads > 1 ? blockSharedB : blockB) / Math.max(1, kStep)) & ~31));
  const mStep = Math.min(m, Math.max(4, Math.min(Math.floor(blockA / Math.max(1, kStep)), Math.floor(blockC / nStep)) & ~3));
  return [mStep, nStep, kStep];
}

/** Where panels come from: a matrix of either order. */
export function panelSource({ at, row, col }: ScratchMatrix): PanelSource {
  return col === 4 ? { pack: "rows", at, stride: row } : { pack: "columns", at, stride: col };
}
