// float32 matrix products over ordinary typed arrays, any strides: blocks of the operands are copied into the scratch memory,
// multiplied there by WebAssembly, and copied out.
import { requireMatrix, requireSpan } from "./operands.ts";
import type { MatmulLayout } from "./reference/matmul.ts";
import { gemmScratchBytes, ScratchLayout, scratchF32, wasm } from "./scratch.ts";
import { copyMatrixIn, copyMatrixOut, fillRows, packPanels, type ScratchMatrix } from "./scratch-matrix.ts";

// Sizes of blocks, in floats. A block of b that fits the second cache level is still there when it is multiplied; blocks of a and c
// only have to fit the memory. Cuts in k are at multiples of gemm's own step (256), so that they do not change the order of sums.
const blockK = 8192;
const blockB = 256 * 1024;
const blockA = 2 * 1024 * 1024;
const blockC = 2 * 1024 * 1024;

/** The operands of `matmulF32`. */
export interface MatmulOperands extends MatmulLayout<Float32Array, Float32Array> {
  /** `[m]`: what each row of `c` starts from instead of 0 (not together with `accumulate`). */
  readonly rowBias?: Float32Array | null;
}

/**
 * `c = a · b` (`c += a · b` with `accumulate`) in float32, where `a` is m×k, `b` is k×n and both may have any strides (also 0 and negative):
 * a transposed operand is one with its strides swapped. `c` has unit column stride and must not overlap `a` or `b`.
 *
 * An element of `c` has the same bits whatever else is in the product: they depend on its row of `a` and its column of `b` only.
 *
 * @throws ShapeError `KernelOperandTooSmall` when the sizes reach outside an array.
 * @example
 * // c[4, 8] = a[4, 16] · wᵀ where w is [8, 16]
 * matmulF32({ m: 4, n: 8, k: 16, a, b: w, bRowStride: 1, bColStride: 16, c });
 */
export function matmulF32(layout: MatmulOperands): void {
  const { accumulate = false, rowBias = null } = layout;
  const {
    m,
    n,
    k,
    a,
    b,
    c,
    aOffset = 0,
    aRowStride = k,
    aColStride = 1,
    bOffset = 0,
    bRowStride = n,
    bColStride = 1,
    cOffset = 0,
    cRowStride = n,
  } = layout;
  requireMatrix("matmul", "a", a.length, aOffset, m, k, aRowStride, aColStride);
  requireMatrix("matmul", "b", b.length, bOffset, k, n, bRowStride, bColStride);
  requireMatrix("matmul", "c", c.length, cOffset, m, n, cRowStride, 1);
  if (rowBias) requireSpan("matmul", "rowBias", rowBias.length, 0, m - 1);
  if (m === 0 || n === 0) return;

  const [mStep, nStep, kStep] = blockSizes(m, n, k, bColStride);
  const adds = accumulate || rowBias !== null;
  const panelColumns = (nStep + 7) & ~7;
  const memory = new ScratchLayout();
  const gemmScratch = memory.take(gemmScratchBytes / 4);
  const aAt = memory.take(mStep * kStep);
  const bAt = memory.take(kStep * nStep);
  const panels = memory.take(kStep * panelColumns);
  const cAt = memory.take(mStep * nStep);

  for (let i = 0; i < m; i += mStep) {
    const rows = Math.min(mStep, m - i);
    let aBlock: ScratchMatrix | undefined;
    for (let j = 0; j < n; j += nStep) {
      const cols = Math.min(nStep, n - j);
      const cStart = cOffset + i * cRowStride + j;
      if (accumulate) copyMatrixIn(c, cStart, rows, cols, cRowStride, 1, cAt);
      else if (rowBias) fillRows(rowBias, i, rows, cols, cAt);
      else if (k === 0) scratchF32.fill(0, cAt >> 2, (cAt >> 2) + rows * cols);
      for (let p = 0; p < k; p += kStep) {
        const depth = Math.min(kStep, k - p);
        if (!aBlock || depth < k)
          aBlock = copyMatrixIn(a, aOffset + i * aRowStride + p * aColStride, rows, depth, aRowStride, aColStride, aAt);
        const bBlock = copyMatrixIn(b, bOffset + p * bRowStride + j * bColStride, depth, cols, bRowStride, bColStride, bAt);
        packPanels(bBlock, depth, cols, panels);
        wasm.gemm(aAt, aBlock.row, aBlock.col, panels, cAt, cols * 4, rows, cols, depth, adds || p > 0 ? 1 : 0, gemmScratch);
      }
      copyMatrixOut(cAt, rows, cols, c, cStart, cRowStride);
    }
  }
}

/** The block of the product that is in the scratch memory at a time: rows, columns, steps of k. */
function blockSizes(m: number, n: number, k: number, bColStride: number): [m: number, n: number, k: number] {
  // With few rows the time goes into reading b: where its rows are dense, whole rows are read, a few steps of k at a time.
  const byRows = m <= 64 && bColStride === 1 && n > 256 && n <= blockB / 256;
  const kStep = byRows ? Math.min(k, Math.floor(blockB / n) & ~255) : Math.min(k, blockK);
  const nStep = Math.min(n, Math.max(32, Math.floor(blockB / Math.max(1, kStep)) & ~31));
  const mStep = Math.min(m, Math.max(4, Math.min(Math.floor(blockA / Math.max(1, kStep)), Math.floor(blockC / nStep)) & ~3));
  return [mStep, nStep, kStep];
}
