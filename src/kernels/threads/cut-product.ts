// How a product is cut into tiles: by rows and columns of its result, never through k, so that the cut does not change what is added up.

/** Rows and columns of a tile, and how many tiles side by side are worked on before the next ones to the right. */
export interface Cut {
  readonly rows: number;
  readonly columns: number;
  readonly group: number;
}

/** Panels this large, in floats, are still in the second cache level when they are multiplied. */
export const panelFloats = 256 * 1024;

/** Fewer columns than this make packing rows of a cost more than a few per cent of multiplying them. */
const narrowest = 48;
const wide = 192;
/** Fewer rows make packing columns of b cost that. */
const lowest = 64;
/** Tiles per thread where the product allows it: the others go on while one thread waits for a core, and at the end none waits long. */
const tilesPerThread = 8;
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
