// How far a job has come that threads share: which of its cells are brought in, and which are complete.
import type { Cell, Job } from "./job.ts";
import type { TileBoard } from "./tile-board.ts";

/** The owner's account of one job. */
export class Progress {
  readonly #job: Job;
  readonly #cells: readonly Cell[];
  /** Tiles of each cell that are not computed yet. */
  readonly #left: Int32Array;
  #incomplete: number;
  /** The next cell to bring in, whether it is in already, and the next of its tiles to give out. */
  #next = 0;
  #isIn = false;
  #tile = 0;

  constructor(job: Job) {
    this.#job = job;
    this.#cells = job.cells;
    this.#left = Int32Array.from(job.cells, (cell) => cell.tiles);
    this.#incomplete = job.cells.length;
  }

  get isComplete(): boolean {
    return this.#incomplete === 0;
  }

  /** Brings the next cell in and puts its tiles on the board, as many as have a place there; false if none was put. */
  give(board: TileBoard): boolean {
    const cell = this.#cells[this.#next];
    if (!cell) return false;
    if (!this.#isIn) this.#job.bring(this.#next);
    this.#isIn = true;
    const before = this.#tile;
    const end = cell.first + cell.tiles;
    while (this.#tile < end && board.open(this.#tile)) this.#tile++;
    if (this.#tile === end) {
      this.#next++;
      this.#isIn = false;
    }
    if (this.#tile === before) return false;
    board.call();
    return true;
  }

  /** Notes that a tile is computed; a cell that is complete is carried out. */
  take(tile: number): void {
    const index = this.#cellOf(tile);
    this.#left[index] = (this.#left[index] as number) - 1;
    if (this.#left[index] !== 0) return;
    this.#job.carry(index);
    this.#incomplete--;
  }

  #cellOf(tile: number): number {
    let [low, high] = [0, this.#next];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#cells[middle] as Cell).first <= tile) low = middle;
      else high = middle;
    }
    // The cell that is being given out may have tiles computed already.
    return (this.#cells[low + 1]?.first ?? Number.POSITIVE_INFINITY) <= tile ? low + 1 : low;
  }
}
