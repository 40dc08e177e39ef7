// What a thread does for a tile, by the kind of its job.
import type { WasmKernels } from "../wasm-kernels.ts";
import { head, type JobKind, jobKinds, type Packed, wordAt } from "./job.ts";
import { computeTile as computeProductTile, isPacked as isProductPacked } from "./panel-product.ts";
import { computeRows } from "./row-tiles.ts";

interface Tiles {
  compute(wasm: WasmKernels, words: Int32Array, thread: number, tile: number, packed: Packed): void;
  /** Whether a thread with `packed` in its memory has less to do for this tile than others. */
  isPacked(words: Int32Array, tile: number, packed: Packed): boolean;
}

const kinds: Record<JobKind, Tiles> = {
  product: { compute: computeProductTile, isPacked: isProductPacked },
  rows: { compute: (wasm, words, _, tile) => computeRows(wasm, words, tile), isPacked: () => false },
};

const kindOf = (words: Int32Array): Tiles => kinds[jobKinds[wordAt(words, head.kind)] as JobKind];

/** Computes tile number `tile` of the job in `words`, as thread number `thread`. */
export function computeTile(wasm: WasmKernels, words: Int32Array, thread: number, tile: number, packed: Packed): void {
  kindOf(words).compute(wasm, words, thread, tile, packed);
}

/** Whether a tile is best done by the thread that has `packed` in its memory. */
export function isPacked(words: Int32Array, tile: number, packed: Packed): boolean {
  return kindOf(words).isPacked(words, tile, packed);
}
