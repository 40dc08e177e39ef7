// The program of a thread that helps with jobs: works on the board's tiles until it is sent home.
import { workerData } from "node:worker_threads";
import { instantiateKernels, type WasmMemory, type WasmModule } from "../wasm-kernels.ts";
import { TileBoard } from "./tile-board.ts";
import { computeTile, isPacked } from "./tiles.ts";

/** What a thread is started with. */
export interface ThreadStart {
  readonly module: WasmModule;
  readonly memory: WasmMemory;
  readonly board: SharedArrayBuffer;
  /** Its number among the threads, from 1; the owner is 0. */
  readonly thread: number;
}

const { module, memory, board: buffer, thread } = workerData as ThreadStart;
const wasm = instantiateKernels(module, memory);
const board = new TileBoard(buffer);
const packed = { serial: 0, columns: -1 };
board.serve(
  (tile) => computeTile(wasm, board.words, thread, tile, packed),
  (tile) => isPacked(board.words, tile, packed),
);
