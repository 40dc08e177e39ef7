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

/**
 * A part of a product that is ready, and whose result is complete, at the same time: tiles side by side, as many as `group` of the cut. Rows
 * and columns are those of the result.
 */
export interface Cell {
  readonly i: number;
  readonly rows: number;
  readonly j: number;
  readonly columns: number;
  /** Its tiles by number. */
  readonly first: number;
  readonly tiles: number;
}

/**
 * What is done for a product besides multiplying, a part at a time, so that threads multiply meanwhile: each row of a and each column of b is
 * brought in once, before a tile that reads it is given out, and each part of the result carried out once, when it is complete.
 */
export interface Carrier {
  /** Brings rows of a in, and what is in these rows of the result to begin with. */
  readonly rows?: ((i: number, count: number) => void) | undefined;
  readonly columns?: ((j: number, count: number) => void) | undefined;
  readonly out?: ((i: number, rows: number, j: number, columns: number) => void) | undefined;
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
/** Tiles per thread where the product allows it: the others go on while one thread waits for a core, and at the end none waits long. */
const tilesPerThread = 4;
/** As many where tiles are only side by side, or only below each other. */
const stripsPerThread = 6;
/** Each of several threads lays all of b out for itself where that is little beside the result, and rows for each of them are many. */
const manyRows = 128;

/** Cuts a product for `threads` threads. Panels of a tile fit a thread's area. */
export function cutProduct(m: number, n: number, k: number, threads: number): Cut {
  const most = Math.max(8, Math.floor(panelFloats / Math.max(1, k)) & ~7);
  if (threads === 1) return { rows: m, columns: Math.min((n + 7) & ~7, most), group: 1 };
  if (n <= most && m >= 2 * k && m >= manyRows * threads) {
    // Whole rows of the result are copied out at once, not one by one.
    return { rows: (Math.ceil(m / (stripsPerThread * threads)) + 3) & ~3, columns: (n + 7) & ~7, group: 1 };
  }
  const spare = Math.min(stripsPerThread, Math.max(1, Math.floor(n / (threads * wide))));
  const wanted = Math.min(threads * spare, Math.max(1, Math.floor(n / narrowest)));
  const needed = Math.ceil(n / most);
  const parts = needed <= wanted ? wanted : Math.ceil(needed / threads) * threads;
  const columns = Math.min(most, (Math.ceil(n / parts) + 7) & ~7);
  const across = Math.ceil(n / columns);
  const down = Math.max(1, Math.min(Math.floor(m / lowest), Math.ceil((tilesPerThread * threads) / across)));
  return { rows: (Math.ceil(m / down) + 3) & ~3, columns, group: Math.min(threads, across) };
}

/** Writes a product and its cut to `words`. `areas` is where the threads' own memory starts. */
export function writeProduct(words: Int32Array, p: PanelProduct, cut: Cut, areas: number): void {
  const { b } = p;
  const [taps, positions, stride] = b.pack === "positions" ? [b.taps, b.positions, 0] : [0, 0, b.stride];
  words[at.serial] = ((words[at.serial] as number) + 1) | 0;
  words.set([p.m, p.n, p.k, p.a.at, p.a.row, p.a.col, packs.indexOf(b.pack), b.at, stride, taps, positions, p.c, p.cRow], at.m);
  words.set([p.accumulate ? 1 : 0, cut.rows, cut.columns, cut.group, areas], at.accumulate);
}

/** The cells of a product, in the order of their tiles: down the rows of some columns, then on to the next columns. */
export function cellsOf({ m, n }: PanelProduct, { rows, columns, group }: Cut): Cell[] {
  const across = Math.ceil(n / columns);
  const cells: Cell[] = [];
  for (let g = 0, first = 0; g < across; g += group) {
    const tiles = Math.min(group, across - g);
    const j = g * columns;
    for (let i = 0; i < m; i += rows, first += tiles)
      cells.push({ i, rows: Math.min(rows, m - i), j, columns: Math.min(tiles * columns, n - j), first, tiles });
  }
  return cells;
}

/** What a thread has in its panels: the same columns of the same product are not laid out twice. */
export interface Packed {
  serial: number;
  column: number;
}

function get(words: Int32Array, place: number): number {
  return words[place] as number;
}

/** Where tile number `tile` of the product in `words` begins: its row and column. */
function placeOf(words: Int32Array, tile: number): [i: number, j: number] {
  const [m, n, rows] = [get(words, at.m), get(words, at.n), get(words, at.rows)];
  const [columns, group] = [get(words, at.columns), get(words, at.group)];
  const down = Math.ceil(m / rows);
  const first = Math.floor(tile / (group * down)) * group;
  const width = Math.min(group, Math.ceil(n / columns) - first);
  const inGroup = tile - first * down;
  return [Math.floor(inGroup / width) * rows, (first + (inGroup % width)) * columns];
}

/** Whether a thread with `packed` in its panels has no columns to lay out for this tile. */
export function isPacked(words: Int32Array, tile: number, packed: Packed): boolean {
  return packed.serial === words[at.serial] && packed.column === placeOf(words, tile)[1];
}

/** Computes tile number `tile` of the product in `words`, as thread number `thread`. */
export function computeTile(wasm: WasmKernels, words: Int32Array, thread: number, tile: number, packed: Packed): void {
  const [i, j] = placeOf(words, tile);
  const [k, aRow, cRow, serial] = [get(words, at.k), get(words, at.aRow), get(words, at.cRow), get(words, at.serial)];
  const w = Math.min(get(words, at.columns), get(words, at.n) - j);
  const h = Math.min(get(words, at.rows), get(words, at.m) - i);
  const scratch = get(words, at.areas) + thread * areaBytes;
  const panels = scratch + gemmScratchBytes;
  if (packed.serial !== serial || packed.column !== j) {
    pack(wasm, words, j, w, panels);
    packed.serial = serial;
    packed.column = j;
  }
  const c = get(words, at.c) + i * cRow + j * 4;
  wasm.gemm(get(words, at.a) + i * aRow, aRow, get(words, at.aCol), panels, c, cRow, h, w, k, get(words, at.accumulate), scratch);
}

function pack(wasm: WasmKernels, words: Int32Array, j: number, width: number, panels: number): void {
  const [b, k, stride] = [get(words, at.b), get(words, at.k), get(words, at.stride)];
  const how = packs[get(words, at.pack)];
  if (how === "rows") wasm.packRows(b + j * 4, stride, k, width, panels);
  else if (how === "columns") wasm.packColumns(b + j * stride, stride, k, width, panels);
  else wasm.packPositions(b, get(words, at.taps), get(words, at.positions) + j * 4, k, width, panels);
}
