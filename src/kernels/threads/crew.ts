// Who computes a product: this thread alone in its own scratch memory, or several in a memory that they share.
import { ownScratch, type Scratch } from "../scratch.ts";
import {
  type Carrier,
  type Cut,
  cellsOf,
  computeTile,
  type PanelProduct,
  panelFloats,
  productWords,
  writeProduct,
} from "./panel-product.ts";
import { getThreads } from "./thread-count.ts";
import { startThreads, type ThreadCrew } from "./thread-crew.ts";

/** Threads, and the memory in which they work. */
export interface Crew {
  readonly threads: number;
  readonly scratch: Scratch;
  /** Says that a product is coming soon: threads that sleep take as long to wake as many a product to be laid out. */
  call(): void;
  /**
   * Computes a product in the scratch memory; `areas` is where each thread has its own part of it, `areaBytes` long. This thread has `carrier`
   * bring in and carry out while others multiply. False if a thread was lost: what is in the scratch memory is worthless then, parts of the result
   * may have been carried out, and the work is to be done again with `alone`.
   */
  multiply(product: PanelProduct, cut: Cut, areas: number, carrier: Carrier): boolean;
}

const words = new Int32Array(productWords);
const packed = { serial: 0, column: -1 };

/** This thread. */
export const alone: Crew = {
  threads: 1,
  scratch: ownScratch,
  call() {},
  multiply(product, cut, areas, carrier) {
    const { m, n } = product;
    writeProduct(words, product, cut, areas);
    carrier.rows?.(0, m);
    carrier.columns?.(0, n);
    for (const { first, tiles } of cellsOf(product, cut))
      for (let tile = first; tile < first + tiles; tile++) computeTile(ownScratch.wasm, words, 0, tile, packed);
    carrier.out?.(0, m, 0, n);
    return true;
  },
};

/** Multiplications below which waking threads and copying through the memory they share costs more than it saves (bench/operators/threads.ts). */
const worthwhile = 4 * 1024 * 1024;
/** With fewer rows the time goes into reading the right side, which one thread does. */
const fewestRows = 8;

/** No product has work for more, and their memory would not fit the module's. */
const mostAtOnce = 256;

let crew: ThreadCrew | undefined;

/** Who should compute products of m×k and k×n. */
export function crewFor(m: number, n: number, k: number): Crew {
  if (m * n * k < worthwhile || m < fewestRows || 8 * k > panelFloats) return alone;
  const threads = Math.min(getThreads(), mostAtOnce);
  // Threads that are not asked sleep: they are kept for the next call with their number.
  if (threads === 1) return alone;
  if (crew?.threads !== threads || crew.isLost) {
    crew?.close();
    crew = startThreads(threads);
  }
  return crew ?? alone;
}
