// Kernels that work on rows in place, and what a thread does for a tile of such a job: some rows. A row is never cut, and none needs anything
// from another.
import type { WasmKernels } from "../wasm-kernels.ts";
import { firstWord, wordAt } from "./job.ts";

/** Which rows of a job a tile has: the number of its first, and how many there are in all. */
interface Among {
  readonly first: number;
  readonly count: number;
}

type RowKernel = (wasm: WasmKernels, at: number, rows: number, row: number, argument: number, among: Among) => void;

/** What is done with `rows` rows of `row` floats at `at`. The argument is a number, or where tables lie. */
const kernels = {
  smooth: (wasm, at, rows, row, which) => wasm.mapSmooth(which, at, rows * row),
  erf: (wasm, at, rows, row, table) => wasm.mapErf(at, rows * row, table),
  gelu: (wasm, at, rows, row, table) => wasm.mapGelu(at, rows * row, table),
  softmax: (wasm, at, rows, row) => wasm.softmaxRows(at, rows, row),
  channels(wasm, at, rows, row, tables, { first, count }) {
    const [means, factors, shifts] = [first, count + first, 2 * count + first] as const;
    wasm.normalizeRows(at, tables + 8 * means, tables + 8 * factors, tables + 8 * shifts, rows, row);
  },
} satisfies Record<string, RowKernel>;

export type RowKernelName = keyof typeof kernels;

const names = Object.keys(kernels) as readonly RowKernelName[];

/** Rows in a memory that threads share, cut into tiles: addresses and distances in bytes. */
export interface Rows {
  readonly kernel: RowKernelName;
  readonly argument: number;
  /** Where the first tile lies, and how far from it the next. */
  readonly at: number;
  readonly step: number;
  /** Floats of a row, rows, and rows of a tile. */
  readonly row: number;
  readonly count: number;
  readonly perTile: number;
}

const at = { kernel: firstWord, argument: firstWord + 1, at: firstWord + 2, step: firstWord + 3, row: firstWord + 4 } as const;
const counts = { count: firstWord + 5, perTile: firstWord + 6 } as const;

export function writeRows(words: Int32Array, r: Rows): void {
  words.set([names.indexOf(r.kernel), r.argument, r.at, r.step, r.row, r.count, r.perTile], at.kernel);
}

/** Computes tile number `tile` of the rows in `words`. */
export function computeRows(wasm: WasmKernels, words: Int32Array, tile: number): void {
  const [count, perTile] = [wordAt(words, counts.count), wordAt(words, counts.perTile)];
  const first = tile * perTile;
  const rows = Math.min(perTile, count - first);
  const kernel: RowKernel = kernels[names[wordAt(words, at.kernel)] as RowKernelName];
  const start = wordAt(words, at.at) + tile * wordAt(words, at.step);
  kernel(wasm, start, rows, wordAt(words, at.row), wordAt(words, at.argument), { first, count });
}
