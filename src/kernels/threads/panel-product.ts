// The unit of work that threads share: a product of matrices in a scratch memory, cut into tiles of its result. A tile needs nothing
// from another, and what it adds up in which order depends on k alone (see wasm/gemm.ts): any number of threads gives the same bits.
import type { ScratchMatrix } from "../scratch-matrix.ts";
import { gemmScratchBytes, type WasmKernels } from "../wasm-kernels.ts";

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
}

/** Where the right side comes from. Each thread lays the columns of its tile out in panels, in memory of its own. */
export type PanelSource =
  | { readonly pack: "rows" | "columns"; readonly at: number; readonly stride: number }
  /** As a convolution reads an image: element (p, j) is at `at + taps[p] + positions[j]`. */
  | { readonly pack: "positions"; readonly at: number; readonly taps: number; readonly positions: number };

/** How a product is cut: rows and columns of a tile, and how many tiles side by side are worked on before the next ones to the right. */
export interface Cut {
  readonly rows: number;
  readonly columns: number;
  readonly group: number;
}

/** Panels this large are still in the second cache level when they are multiplied. */
export const panelFloats = 256 * 1024;

/** The memory that each of several threads needs for itself: packed rows of a, and panels. */
export const areaBytes = gemmScratchBytes + panelFloats * 4 + 64;

/** How a product lies in memory that threads share: one number each, in this order. */
const at = {
  serial: 0,
  m: 1,
  n: 2,
  k: 3,
  a: 4,
  aRow: 5,
  aCol: 6,
  pack: 7,
  b: 8,
  stride: 9,
  taps: 10,
  positions: 11,
  c: 12,
  cRow: 13,
  accumulate: 14,
  rows: 15,
  columns: 16,
  group: 17,
  areas: 18,
} as const;
export const productWords = 19;

const packs = ["rows", "columns", "positions"] as const;

/** Fewer columns than this make packing rows of a cost more than a few per cent of multiplying them. */
const narrowest = 48;
const wide = 192;
/** Fewer rows make packing columns of b cost that. */
const lowest = 64;
/** Tiles per thread where the product allows it: the others go on while one thread waits for a core. */
const tilesPerThread = 4;

/** Cuts a product for `threads` threads. Panels of a tile fit a thread's area. */
export function cutProduct(m: number, n: number, k: number, threads: number): Cut {
  const most = Math.max(8, Math.floor(panelFloats / Math.max(1, k)) & ~7);
  if (threads === 1) return { rows: m, columns: Math.min((n + 7) & ~7, most), group: 1 };
  const spare = Math.min(tilesPerThread, Math.max(1, Math.floor(n / (threads * wide))));
  const wanted = Math.min(threads * spare, Math.max(1, Math.floor(n / narrowest)));
  const needed = Math.ceil(n / most);
  const parts = needed <= wanted ? wanted : Math.ceil(needed / threads) * threads;
  const columns = Math.min(most, (Math.ceil(n / parts) + 7) & ~7);
  const across = Math.ceil(n / columns);
  const down = Math.max(1, Math.min(Math.floor(m / lowest), Math.ceil((tilesPerThread * threads) / across)));
  return { rows: (Math.ceil(m / down) + 3) & ~3, columns, group: Math.min(threads, across) };
}

/** Writes a product and its cut to `words`; gives the number of tiles. `areas` is where the threads' own memory starts. */
export function writeProduct(words: Int32Array, p: PanelProduct, cut: Cut, areas: number): number {
  const { b } = p;
  const [taps, positions, stride] = b.pack === "positions" ? [b.taps, b.positions, 0] : [0, 0, b.stride];
  words[at.serial] = ((words[at.serial] as number) + 1) | 0;
  words.set([p.m, p.n, p.k, p.a.at, p.a.row, p.a.col, packs.indexOf(b.pack), b.at, stride, taps, positions, p.c, p.cRow], at.m);
  words.set([p.accumulate ? 1 : 0, cut.rows, cut.columns, cut.group, areas], at.accumulate);
  return Math.ceil(p.m / cut.rows) * Math.ceil(p.n / cut.columns);
}

/** What a thread has in its panels: the same columns of the same product are not laid out twice. */
export interface Packed {
  serial: number;
  column: number;
}

/** Computes tile number `tile` of the product in `words`, as thread number `thread`. */
export function computeTile(wasm: WasmKernels, words: Int32Array, thread: number, tile: number, packed: Packed): void {
  const get = (field: number) => words[field] as number;
  const [m, n, k, rows, columns, group] = [get(at.m), get(at.n), get(at.k), get(at.rows), get(at.columns), get(at.group)];
  const down = Math.ceil(m / rows);
  const first = Math.floor(tile / (group * down)) * group;
  const width = Math.min(group, Math.ceil(n / columns) - first);
  const inGroup = tile - first * down;
  const i = Math.floor(inGroup / width) * rows;
  const j = (first + (inGroup % width)) * columns;
  const w = Math.min(columns, n - j);
  const scratch = get(at.areas) + thread * areaBytes;
  const panels = scratch + gemmScratchBytes;
  if (packed.serial !== get(at.serial) || packed.column !== j) {
    pack(wasm, words, j, w, panels);
    packed.serial = get(at.serial);
    packed.column = j;
  }
  const [aRow, cRow] = [get(at.aRow), get(at.cRow)];
  const c = get(at.c) + i * cRow + j * 4;
  wasm.gemm(get(at.a) + i * aRow, aRow, get(at.aCol), panels, c, cRow, Math.min(rows, m - i), w, k, get(at.accumulate), scratch);
}

function pack(wasm: WasmKernels, words: Int32Array, j: number, width: number, panels: number): void {
  const get = (field: number) => words[field] as number;
  const [b, k, stride] = [get(at.b), get(at.k), get(at.stride)];
  const how = packs[get(at.pack)];
  if (how === "rows") wasm.packRows(b + j * 4, stride, k, width, panels);
  else if (how === "columns") wasm.packColumns(b + j * stride, stride, k, width, panels);
  else wasm.packPositions(b, get(at.taps), get(at.positions) + j * 4, k, width, panels);
}
