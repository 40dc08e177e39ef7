// How threads share out the tiles of a product: a board in shared memory. The owner opens it with a number of tiles; every thread takes
// the next one until none is left, and says when it is done. No tile is given to a thread, so one that sleeps, starts late or has died
// holds nobody up but for the tile in its hands.
import { productWords } from "./panel-product.ts";

const remaining = 0;
const done = 1;
const rounds = 2;
const failed = 3;
const closed = 4;
const firstWord = 8;

/** Looks at the board this often before a thread goes to sleep: sleeping and waking cost more than a short wait. */
const looks = 2000;

/** The board, as every thread sees it. */
export class TileBoard {
  /** Where the product is described that the tiles are of. */
  readonly words: Int32Array;
  /** What is sent to the other threads. */
  readonly buffer: SharedArrayBuffer;
  private readonly board: Int32Array;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(4 * (firstWord + productWords))) {
    this.buffer = buffer;
    this.board = new Int32Array(buffer, 0, firstWord);
    this.words = new Int32Array(buffer, 4 * firstWord, productWords);
  }

  /** Owner: lets the other threads take from `tiles` tiles, of which `words` already tell. */
  open(tiles: number): void {
    Atomics.store(this.board, done, 0);
    Atomics.store(this.board, failed, 0);
    Atomics.store(this.board, remaining, tiles);
    Atomics.add(this.board, rounds, 1);
    // One tile is the owner's; threads beyond the others sleep on.
    Atomics.notify(this.board, rounds, tiles - 1);
  }

  /** Takes a tile: its number, or −1 when all are taken. */
  take(): number {
    for (let left = Atomics.load(this.board, remaining); left > 0; ) {
      const found = Atomics.compareExchange(this.board, remaining, left, left - 1);
      // Whoever swapped n for n − 1 holds tile n − 1 of the round that is open then: until it is done, that round does not end.
      if (found === left) return left - 1;
      left = found;
    }
    return -1;
  }

  /** Says that a taken tile is computed, or could not be. */
  finish(fine: boolean): void {
    if (!fine) Atomics.store(this.board, failed, 1);
    Atomics.add(this.board, done, 1);
    Atomics.notify(this.board, done);
  }

  /**
   * Owner: waits until all `tiles` are done. False if one failed, or if for `patience` ms none was finished, which means that a thread died
   * with a tile in its hands: the memory may still be written to then, and neither it nor the board may be used again.
   */
  join(tiles: number, patience: number): boolean {
    for (let i = 0; i < looks; i++) if (Atomics.load(this.board, done) === tiles) break;
    // In two halves: a process that was stopped and goes on finds the first at its end without having waited.
    for (let halves = 0, last = -1; halves < 2; ) {
      const count = Atomics.load(this.board, done);
      if (count === tiles) return Atomics.load(this.board, failed) === 0;
      if (count !== last) halves = 0;
      last = count;
      if (Atomics.wait(this.board, done, count, patience / 2) === "timed-out") halves++;
    }
    return false;
  }

  /** Owner: sends the other threads home. */
  close(): void {
    Atomics.store(this.board, remaining, 0);
    Atomics.store(this.board, closed, 1);
    Atomics.add(this.board, rounds, 1);
    Atomics.notify(this.board, rounds);
  }

  /** Other threads: computes tiles with `compute`, round after round, until the board is closed. */
  serve(compute: (tile: number) => void): void {
    while (Atomics.load(this.board, closed) === 0) {
      const round = Atomics.load(this.board, rounds);
      for (let tile = this.take(); tile >= 0; tile = this.take()) {
        let fine = false;
        try {
          compute(tile);
          fine = true;
        } finally {
          this.finish(fine);
        }
      }
      for (let i = 0; i < looks; i++) if (Atomics.load(this.board, rounds) !== round) break;
      Atomics.wait(this.board, rounds, round);
    }
  }
}
