// Several threads over one shared scratch memory. The owner computes tiles like the others, so that a product is done even if no other
// thread ever comes; without threads to be had, everything goes on with one.
import type { Worker } from "node:worker_threads";
import { ingotError } from "../../errors/error.ts";
import { baseSharedWasm, relaxedSharedWasm, wasmPages } from "../generated/wasm.ts";
import { kernelVariant, type Scratch, scratchOver } from "../scratch.ts";
import { compileKernels, instantiateKernels, makeMemory, type WasmModule } from "../wasm-kernels.ts";
import { startProgram } from "../worker-program.ts";
import type { Crew } from "./crew.ts";
import type { Cut } from "./cut-product.ts";
import { type Job, writeJob } from "./job.ts";
import { areaBytes, type PanelProduct } from "./panel-product.ts";
import { type Carrier, productJob } from "./product-job.ts";
import { Progress } from "./progress.ts";
import { setThreads } from "./thread-count.ts";
import type { ThreadStart } from "./thread-main.ts";
import { TileBoard } from "./tile-board.ts";
import { computeTile, isPacked } from "./tiles.ts";

const pageBytes = 65536;

/** Without a tile finished for this long (ms), a thread is taken for dead: a tile takes some milliseconds. */
const patience = 10_000;

/** A crew of `threads` threads; undefined, with a warning and the number of threads set to 1, where none can be started. */
export function startThreads(threads: number): ThreadCrew | undefined {
  try {
    return new ThreadCrew(threads);
  } catch (error) {
    goOnAlone(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

/** The owner and `threads − 1` worker threads. */
export class ThreadCrew implements Crew {
  readonly threads: number;
  readonly scratch: Scratch;
  readonly board: TileBoard;
  readonly workers: readonly Worker[];
  readonly #patience: number;
  readonly #packed = { serial: 0, columns: -1 };
  #lost = false;
  #closed = false;

  /** Throws what Node throws where worker threads or shared memory are not to be had. */
  constructor(threads: number, patienceMs = patience) {
    this.threads = threads;
    this.board = new TileBoard(threads);
    this.#patience = patienceMs;
    const module = compileKernels(kernelVariant === "relaxed" ? relaxedSharedWasm : baseSharedWasm) as WasmModule;
    const memory = makeMemory(wasmPages + Math.ceil((threads * areaBytes) / pageBytes), true);
    this.scratch = scratchOver(instantiateKernels(module, memory), memory);
    try {
      this.workers = Array.from({ length: threads - 1 }, (_, i) =>
        this.#start({ module, memory, board: this.board.buffer, thread: i + 1 }),
      );
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Whether a thread has died: nothing is computed any more. */
  get isLost(): boolean {
    return this.#lost;
  }

  call(): void {
    if (!this.#lost) this.board.call();
  }

  multiply(product: PanelProduct, cut: Cut, areas: number, carrier: Carrier): boolean {
    return this.share(productJob(product, cut, areas, carrier));
  }

  /**
   * Does a job in the scratch memory. False if a thread was lost: what is in the scratch memory is worthless then, and what was not carried out is to
   * be done again elsewhere.
   */
  share(job: Job): boolean {
    if (this.#lost) return false;
    writeJob(this.board.words, job);
    let complete = false;
    try {
      complete = this.#share(new Progress(job));
    } finally {
      // Also when something was thrown: the others still work on what is on the board.
      if (!complete) this.#lose("one of the threads stopped in the middle of its work");
    }
    return complete;
  }

  /** Gives tiles out, computes with the others, and carries out, until all is done; false if a tile was not computed. */
  #share(progress: Progress): boolean {
    const { board } = this;
    const isWanted = (tile: number) => isPacked(board.words, tile, this.#packed);
    for (;;) {
      // What others can go on with comes first, what makes nobody wait last.
      while (progress.give(board));
      const seen = board.finished;
      if (!board.collect((tile) => progress.take(tile))) return false;
      if (progress.isComplete) return true;
      if (progress.give(board)) continue;
      const tile = board.take(isWanted);
      if (tile >= 0) {
        computeTile(this.scratch.wasm, board.words, 0, tile, this.#packed);
        board.finish(true);
      } else if (!board.wait(seen, this.#patience)) return false;
    }
  }

  /** Sends the threads home. */
  close(): void {
    this.#closed = true;
    this.board.close();
  }

  #start(start: ThreadStart): Worker {
    // None of the process's own options: what it preloads is nothing to a thread that only multiplies.
    const worker = startProgram(new URL("./thread-main.js", import.meta.url), start, { execArgv: [] });
    worker.on("error", (error) => this.#lose(error.message));
    worker.on("exit", () => this.#lose("one of the threads ended"));
    worker.unref();
    return worker;
  }

  #lose(why: string): void {
    if (this.#closed || this.#lost) return;
    this.#lost = true;
    this.close();
    goOnAlone(why);
  }
}

function goOnAlone(why: string): void {
  setThreads(1);
  const error = ingotError("ThreadsUnavailable", { why });
  process.emitWarning(`${error.summary}. ${error.hint}`, { code: error.code, type: "IngotWarning" });
}
