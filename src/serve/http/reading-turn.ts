// How much of large bodies is read before the event loop turns. Left alone, Node reads up to 2 MiB from each connection that has as much, one
// connection after the other, and whoever has a timer or a small request waits for all of them.
import type { Readable } from "node:stream";

/** Bytes of all bodies in one turn: reading them takes some milliseconds. */
const mostBytes = 1024 * 1024;

let bytes = 0;
let isUnderWay = false;
let paused: Readable[] = [];

/** Says that `count` bytes came from `body`, which is paused until the next turn when this one has read enough. */
export function readInTurn(body: Readable, count: number): void {
  bytes += count;
  if (!isUnderWay) {
    isUnderWay = true;
    setImmediate(nextTurn);
  }
  if (bytes < mostBytes) return;
  body.pause();
  paused.push(body);
}

function nextTurn(): void {
  const waiting = paused;
  bytes = 0;
  isUnderWay = false;
  paused = [];
  // One that nobody reads any more was given up meanwhile.
  for (const body of waiting) if (body.listenerCount("data") > 0) body.resume();
}
