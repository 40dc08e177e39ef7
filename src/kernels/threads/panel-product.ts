// A product of matrices in a scratch memory, or several of one size, and how a thread computes a tile of it. A tile needs nothing from
// another, and what it adds up in which order depends on k alone (see wasm/gemm.ts): any number of threads gives the same bits.
import type { ScratchMatrix } from "../scratch-matrix.ts";
import { gemmScratchBytes, opcodes, type WasmKernels } from "../wasm-kernels.ts";
import { type Cut, panelFloats } from "./cut-product.ts";
import { firstWord, head, type Packed, wordAt } from "./job.ts";

/** `c (+)= a · b`, all addresses in one scratch memory, strides in bytes. */
export interface PanelProduct {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: ScratchMatrix;
  readonly b: PanelSource;
  readonly c: number;
  readonly cRow: number;
  readonly accumulate: boolean;
  /** Where `n` floats lie that are added to each row when the product is complete; 0: nothing is. */
  readonly columnBias?: number | undefined;
  /** One product by default. */
  readonly batch?: Batch | undefined;
}

/** Products of one size behind each other: how many, and how many bytes their operands and results are apart. */
export interface Batch {
  readonly count: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** Where the right side comes from. Each thread lays the columns of its tile out in panels, in memory of its own. */
export type PanelSource =
  | { readonly pack: "rows" | "columns"; readonly at: number; readonly stride: number }
  /** As a convolution reads an image: element (p, j) is at `at + taps[p] + positions[j]`. */
  | { readonly pack: "positions"; readonly at: number; readonly taps: number; readonly positions: number };

/** The memory that each of several threads needs for itself: packed rows of a, and panels. */
export const areaBytes = gemmScratchBytes + panelFloats * 4 + 64;

/** Where the numbers of a product stand in the words of a job. */
const at = {
  m: firstWord,
  n: firstWord + 1,
  k: firstWord + 2,
  a: firstWord + 3,
  aRow: firstWord + 4,
  aCol: firstWord + 5,
  pack: firstWord + 6,
  b: firstWord + 7,
  stride: firstWord + 8,
  taps: firstWord + 9,
  positions: firstWord + 10,
  c: firstWord + 11,
  cRow: firstWord + 12,
  accumulate: firstWord + 13,
  rows: firstWord + 14,
  columns: firstWord + 15,
  group: firstWord + 16,
  areas: firstWord + 17,
  aStep: firstWord + 18,
  bStep: firstWord + 19,
  cStep: firstWord + 20,
  columnBias: firstWord + 21,
} as const;

const packs = ["rows", "columns", "positions"] as const;

/** Writes a product and its cut to `words`. `areas` is where the threads' own memory starts. */
export function writeProduct(words: Int32Array, p: PanelProduct, cut: Cut, areas: number): void {
  const { b, batch } = p;
  const [taps, positions, stride] = b.pack === "positions" ? [b.taps, b.positions, 0] : [0, 0, b.stride];
  words.set([p.m, p.n, p.k, p.a.at, p.a.row, p.a.col, packs.indexOf(b.pack), b.at, stride, taps, positions, p.c, p.cRow], at.m);
  words.set([p.accumulate ? 1 : 0, cut.rows, cut.columns, cut.group, areas, batch?.a ?? 0, batch?.b ?? 0, batch?.c ?? 0], at.accumulate);
  words[at.columnBias] = p.columnBias ?? 0;
}

/** Where tile number `tile` of the product in `words` begins: which product of the batch, and its row and column there. */
function placeOf(words: Int32Array, tile: number): [item: number, i: number, j: number] {
  const [m, n, rows] = [wordAt(words, at.m), wordAt(words, at.n), wordAt(words, at.rows)];
  const [columns, group] = [wordAt(words, at.columns), wordAt(words, at.group)];
  const down = Math.ceil(m / rows);
  const across = Math.ceil(n / columns);
  const item = Math.floor(tile / (down * across));
  const inItem = tile - item * down * across;
  const first = Math.floor(inItem / (group * down)) * group;
  const width = Math.min(group, across - first);
  const inGroup = inItem - first * down;
  return [item, Math.floor(inGroup / width) * rows, (first + (inGroup % width)) * columns];
}

/** Whether a thread with `packed` in its panels has no columns to lay out for this tile. */
export function isPacked(words: Int32Array, tile: number, packed: Packed): boolean {
  if (packed.serial !== words[head.serial]) return false;
  const [item, , j] = placeOf(words, tile);
  return packed.columns === item * wordAt(words, at.n) + j;
}

/** Computes tile number `tile` of the product in `words`, as thread number `thread`. */
export function computeTile(wasm: WasmKernels, words: Int32Array, thread: number, tile: number, packed: Packed): void {
  const [item, i, j] = placeOf(words, tile);
  const [n, k, serial] = [wordAt(words, at.n), wordAt(words, at.k), wordAt(words, head.serial)];
  const [aRow, cRow] = [wordAt(words, at.aRow), wordAt(words, at.cRow)];
  const w = Math.min(wordAt(words, at.columns), n - j);
  const h = Math.min(wordAt(words, at.rows), wordAt(words, at.m) - i);
  const scratch = wordAt(words, at.areas) + thread * areaBytes;
  const panels = scratch + gemmScratchBytes;
  if (packed.serial !== serial || packed.columns !== item * n + j) {
    pack(wasm, words, item, j, w, panels);
    packed.serial = serial;
    packed.columns = item * n + j;
  }
  const a = wordAt(words, at.a) + item * wordAt(words, at.aStep) + i * aRow;
  const c = wordAt(words, at.c) + item * wordAt(words, at.cStep) + i * cRow + j * 4;
  wasm.gemm(a, aRow, wordAt(words, at.aCol), panels, c, cRow, h, w, k, wordAt(words, at.accumulate), scratch);
  const bias = wordAt(words, at.columnBias);
  if (bias !== 0) for (let r = 0; r < h; r++) wasm.binaryRows(opcodes.add, c + r * cRow, bias + j * 4, 1, w);
}

function pack(wasm: WasmKernels, words: Int32Array, item: number, j: number, width: number, panels: number): void {
  const [k, stride] = [wordAt(words, at.k), wordAt(words, at.stride)];
  const b = wordAt(words, at.b) + item * wordAt(words, at.bStep);
  const how = packs[wordAt(words, at.pack)];
  if (how === "rows") wasm.packRows(b + j * 4, stride, k, width, panels);
  else if (how === "columns") wasm.packColumns(b + j * stride, stride, k, width, panels);
  else wasm.packPositions(b, wordAt(words, at.taps), wordAt(words, at.positions) + j * 4, k, width, panels);
}
