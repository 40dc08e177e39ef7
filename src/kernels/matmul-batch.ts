// Several float32 products of one size: one after the other, or, where each is small and all are much, shared by several threads at once.
import { type MatmulOperands, matmulF32, panelSource } from "./matmul.ts";
import { requireMatrix } from "./operands.ts";
import { ScratchLayout } from "./scratch.ts";
import { alignedAddress, alignedStride, copyMatrixOut, copyPartIn, type MatrixCopy, matrixRoom, planCopy } from "./scratch-matrix.ts";
import { alone, type Crew, crewFor } from "./threads/crew.ts";
import { cutProduct } from "./threads/cut-product.ts";
import { areaBytes } from "./threads/panel-product.ts";

/** Where the operands of each product begin, and its result, which is dense. */
export interface BatchStart {
  readonly aOffset: number;
  readonly bOffset: number;
  readonly cOffset: number;
}

/** What all products of a batch have in common. */
export type BatchLayout = Pick<
  MatmulOperands,
  "m" | "n" | "k" | "a" | "aRowStride" | "aColStride" | "b" | "bRowStride" | "bColStride" | "c"
>;

/** The floats that operands and results of a block of products take at most. */
const block = 6 * 1024 * 1024;
/** Multiplications of one product from which on several threads share it by itself, and copy while they multiply. */
const large = 64 * 1024 * 1024;

/**
 * `c = a · b` for each of `starts`, as `matmulF32` computes it, to the same bits.
 *
 * @throws ShapeError `KernelOperandTooSmall` when the sizes reach outside an array.
 * @example
 * const heads = [0, 1].map((h) => ({ aOffset: h * 8, bOffset: h * 8, cOffset: h * 4 }));
 * matmulBatchF32({ m: 2, n: 2, k: 4, a: q, b: k, bRowStride: 1, bColStride: 4, c }, heads); // q · kᵀ for two heads
 */
export function matmulBatchF32(layout: BatchLayout, starts: readonly BatchStart[], crew?: Crew): void {
  const { m, n, k } = layout;
  const step = matrixRoom(m, k) + matrixRoom(k, n) + matrixRoom(m, n) + 64;
  const most = Math.floor(block / step);
  const several = starts.length > 1 && k > 0 && m * n * k < large && most > 1;
  const threads = several ? (crew ?? crewFor(m, n, k, starts.length)) : alone;
  let next = 0;
  if (threads !== alone) {
    for (; next < starts.length; next += most) if (!multiplyTogether(threads, layout, starts.slice(next, next + most))) break;
  }
  // What was written when a thread was lost is written again, to the same bits.
  for (; next < starts.length; next++) matmulF32({ ...layout, ...(starts[next] as BatchStart) }, crew);
}

/** Computes products that fit the scratch memory together; false if a thread was lost, when some results may be written. */
function multiplyTogether(crew: Crew, layout: BatchLayout, starts: readonly BatchStart[]): boolean {
  const { m, n, k, a, b, c, aRowStride = k, aColStride = 1, bRowStride = n, bColStride = 1 } = layout;
  const { scratch, threads } = crew;
  for (const { aOffset, bOffset, cOffset } of starts) {
    requireMatrix("matmul", "a", a.length, aOffset, m, k, aRowStride, aColStride);
    requireMatrix("matmul", "b", b.length, bOffset, k, n, bRowStride, bColStride);
    requireMatrix("matmul", "c", c.length, cOffset, m, n, n, 1);
  }
  crew.call();
  const memory = new ScratchLayout(scratch);
  const count = starts.length;
  const first = starts[0] as BatchStart;
  const [aStep, bStep, cStep] = [bytesApart(m, k), bytesApart(k, n), bytesApart(m, n)];
  const left = planCopy(a, first.aOffset, m, k, aRowStride, aColStride, memory.take((aStep / 4) * count));
  const right = planCopy(b, first.bOffset, k, n, bRowStride, bColStride, memory.take((bStep / 4) * count));
  const cAt = alignedAddress(memory.take((cStep / 4) * count), c, first.cOffset);
  const areas = memory.take((threads * areaBytes) / 4);
  const stride = alignedStride(n, n);
  const startOf = (item: number) => starts[item] as BatchStart;
  const carrier = {
    rows: (i: number, rows: number, item: number) => copyPartIn(scratch, moved(left, startOf(item).aOffset, item * aStep), i, rows, 0, k),
    columns: (j: number, columns: number, item: number) =>
      copyPartIn(scratch, moved(right, startOf(item).bOffset, item * bStep), 0, k, j, columns),
    out: (i: number, rows: number, j: number, columns: number, item: number) =>
      copyMatrixOut(scratch, cAt + item * cStep + (i * stride + j) * 4, stride, rows, columns, c, startOf(item).cOffset + i * n + j, n),
  };
  const batch = { count, a: aStep, b: bStep, c: cStep };
  const product = { m, n, k, a: left.to, b: panelSource(right.to), c: cAt, cRow: stride * 4, accumulate: false, batch };
  // As a rule there are more products than threads: then none is cut, and each operand is laid out once.
  const cut = cutProduct(m, n, k, count >= 2 * threads ? 1 : threads);
  return crew.multiply(product, cut, areas, carrier);
}

/** How far apart matrices lie: cache lines of their own. */
function bytesApart(rows: number, cols: number): number {
  return (matrixRoom(rows, cols) * 4 + 16 + 63) & ~63;
}

function moved(copy: MatrixCopy, start: number, bytes: number): MatrixCopy {
  return { ...copy, start, to: { ...copy.to, at: copy.to.at + bytes } };
}
