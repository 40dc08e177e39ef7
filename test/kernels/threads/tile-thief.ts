// A thread that takes one tile and dies with it.
import { parentPort, workerData } from "node:worker_threads";
import { TileBoard } from "../../../src/kernels/threads/tile-board.ts";

const board = new TileBoard(workerData as SharedArrayBuffer);
parentPort?.postMessage("ready");
while (board.take() < 0);
process.exit(0);
