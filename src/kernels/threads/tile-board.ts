// How threads share out the tiles of a job: a board in shared memory with some places. The owner puts tiles there as soon as their
// operands are in place; every thread takes one after the other, and says when it is done. No tile is given to a thread, so one that sleeps,
// starts late or has died holds nobody up but for the tile in its hands.
import { jobWords } from "./job.ts";

const done = 0;
const news = 1;
const closed = 2;
const asleep = 3;
const firstWord = 8;

/** What a place holds, other than a tile that nobody has taken: that one's number and 1. */
const empty = 0;
const taken = -1;
const computed = -2;
const failed = -3;

/** Looks at the board this often before a thread goes to sleep: sleeping and waking cost more than a short wait. */
const looks = 4000;

/** The board, as every thread sees it. */
export class TileBoard {
  /** Where the job is described that the tiles are of. */
  readonly words: Int32Array;
  /** What is sent to the other threads. */
  readonly buffer: SharedArrayBuffer;
  private readonly board: Int32Array;
  private readonly places: Int32Array;
  /** Owner: the tile that was put in each place. */
  private readonly put: Int32Array;
  /** The place whose tile this thread holds. */
  private held = 0;

  /** A new board for a number of threads, or the one in `buffer`. */
  constructor(source: number | SharedArrayBuffer) {
    const first = firstWord + jobWords;
    this.buffer = typeof source === "number" ? new SharedArrayBuffer(4 * (first + Math.max(16, 4 * source))) : source;
    this.board = new Int32Array(this.buffer, 0, firstWord);
    this.words = new Int32Array(this.buffer, 4 * firstWord, jobWords);
    this.places = new Int32Array(this.buffer, 4 * first);
    this.put = new Int32Array(this.places.length);
  }

  /** Owner: wakes the other threads; they look at the board for a while. */
  call(): void {
    Atomics.add(this.board, news, 1);
    // A thread that says too late that it sleeps finds that there is news, and does not. Telling threads that are awake costs microseconds.
    if (Atomics.load(this.board, asleep) > 0) Atomics.notify(this.board, news);
  }

  /** Owner: puts a tile, whose job the `words` already tell, in an empty place; false if there is none. */
  open(tile: number): boolean {
    for (let place = 0; place < this.places.length; place++) {
      if (Atomics.load(this.places, place) !== empty) continue;
      this.put[place] = tile;
      Atomics.store(this.places, place, tile + 1);
      return true;
    }
    return false;
  }

  /** Takes a tile: one that is `wanted`, else the first; −1 when there is none. */
  take(wanted?: (tile: number) => boolean): number {
    for (;;) {
      let [best, value] = [-1, 0];
      for (let place = 0; place < this.places.length; place++) {
        const found = Atomics.load(this.places, place);
        if (found <= 0 || (best >= 0 && found > value && !wanted?.(found - 1))) continue;
        [best, value] = [place, found];
        if (wanted?.(found - 1)) break;
      }
      if (best < 0) return -1;
      // Whoever swapped the number for `taken` holds the tile of the job that is on the board then: until it is done, that one does not end.
      if (Atomics.compareExchange(this.places, best, value, taken) !== value) continue;
      this.held = best;
      return value - 1;
    }
  }

  /** Says that the tile that was taken last is computed, or could not be. */
  finish(fine: boolean): void {
    Atomics.store(this.places, this.held, fine ? computed : failed);
    Atomics.add(this.board, done, 1);
    Atomics.notify(this.board, done);
  }

  /** Owner: how many tiles were ever finished; for `wait`. */
  get finished(): number {
    return Atomics.load(this.board, done);
  }

  /** Owner: takes finished tiles off the board and tells of each; false if one could not be computed. */
  collect(each: (tile: number) => void): boolean {
    for (let place = 0; place < this.places.length; place++) {
      const found = Atomics.load(this.places, place);
      if (found === failed) return false;
      if (found !== computed) continue;
      Atomics.store(this.places, place, empty);
      each(this.put[place] as number);
    }
    return true;
  }

  /**
   * Owner: waits until more tiles are finished than the `seen` of before. False if for `patience` ms none was, which means that a thread died
   * with a tile in its hands: the memory may still be written to then, and neither it nor the board may be used again.
   */
  wait(seen: number, patience: number): boolean {
    for (let i = 0; i < looks; i++) if (this.finished !== seen) return true;
    // In two halves: a process that was stopped and goes on finds the first at its end without having waited.
    for (let half = 0; half < 2; half++) if (Atomics.wait(this.board, done, seen, patience / 2) !== "timed-out") return true;
    return this.finished !== seen;
  }

  /** Owner: sends the other threads home. */
  close(): void {
    Atomics.store(this.board, closed, 1);
    this.call();
  }

  /** Other threads: computes tiles with `compute`, those that are `wanted` first, until the board is closed. */
  serve(compute: (tile: number) => void, wanted: (tile: number) => boolean): void {
    while (Atomics.load(this.board, closed) === 0) {
      const heard = Atomics.load(this.board, news);
      for (let tile = this.take(wanted); tile >= 0; tile = this.take(wanted)) {
        if (Atomics.load(this.board, closed) !== 0) return;
        let fine = false;
        try {
          compute(tile);
          fine = true;
        } finally {
          this.finish(fine);
        }
      }
      for (let i = 0; i < looks; i++) if (Atomics.load(this.board, news) !== heard) break;
      Atomics.add(this.board, asleep, 1);
      Atomics.wait(this.board, news, heard);
      Atomics.sub(this.board, asleep, 1);
    }
  }
}
