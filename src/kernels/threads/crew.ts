// Who computes a product: this thread alone in its own scratch memory, or several in a memory that they share.
import { ownScratch, type Scratch } from "../scratch.ts";
import { type Cut, panelFloats } from "./cut-product.ts";
import { jobWords, writeJob } from "./job.ts";
import type { PanelProduct } from "./panel-product.ts";
import { type Carrier, productJob } from "./product-job.ts";
import { getThreads } from "./thread-count.ts";
import { startThreads, type ThreadCrew } from "./thread-crew.ts";
import { computeTile } from "./tiles.ts";

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

const words = new Int32Array(jobWords);
const packed = { serial: 0, columns: -1 };

/** This thread. */
export const alone: Crew = {
  threads: 1,
  scratch: ownScratch,
  call() {},
  multiply(product, cut, areas, carrier) {
    const { m, n, batch } = product;
    const count = batch?.count ?? 1;
    const job = productJob(product, cut, areas, carrier);
    writeJob(words, job);
    for (let item = 0; item < count; item++) {
      carrier.rows?.(0, m, item);
      carrier.columns?.(0, n, item);
    }
    for (const { first, tiles } of job.cells)
      for (let tile = first; tile < first + tiles; tile++) computeTile(ownScratch.wasm, words, 0, tile, packed);
    for (let item = 0; item < count; item++) carrier.out?.(0, m, 0, n, item);
    return true;
  },
};

/** Multiplications below which waking threads and copying through the memory they share costs more than it saves (bench/operators/threads.ts). */
const worthwhile = 4 * 1024 * 1024;
/** With fewer rows the time goes into reading the right side, which one thread does. */
const fewestRows = 8;

/** No job has work for more, and their memory would not fit the module's. */
const mostAtOnce = 256;

let crew: ThreadCrew | undefined;

/** Who should compute products of m×k and k×n, `count` of them at a time. */
export function crewFor(m: number, n: number, k: number, count = 1): Crew {
  if (count * m * n * k < worthwhile || m < fewestRows || 8 * k > panelFloats) return alone;
  return team() ?? alone;
}

/** Several threads, where `getThreads()` says so and they are to be had. */
export function team(): ThreadCrew | undefined {
  const threads = Math.min(getThreads(), mostAtOnce);
  // Threads that are not asked sleep: they are kept for the next call with their number.
  if (threads === 1) return undefined;
  if (crew?.threads !== threads || crew.isLost) {
    crew?.close();
    crew = startThreads(threads);
  }
  return crew;
}
