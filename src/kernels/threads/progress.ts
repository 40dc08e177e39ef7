// How far a product has come that threads share: which of its cells are brought in, and which are complete.
import { type Carrier, type Cell, type Cut, cellsOf, type PanelProduct } from "./panel-product.ts";
import type { TileBoard } from "./tile-board.ts";

/** The owner's account of one product. */
export class Progress {
  readonly #cells: readonly Cell[];
  readonly #carrier: Carrier;
  /** Tiles of each cell that are not computed yet. */
  readonly #left: Int32Array;
  #incomplete: number;
  /** The next cell to bring in, the next of its tiles to give out, and the rows and columns that are in. */
  #next = 0;
  #tile = 0;
  #rows = 0;
  #columns = 0;

  constructor(product: PanelProduct, cut: Cut, carrier: Carrier) {
    this.#cells = cellsOf(product, cut);
    this.#carrier = carrier;
    this.#left = Int32Array.from(this.#cells, (cell) => cell.tiles);
    this.#incomplete = this.#cells.length;
  }

  get isComplete(): boolean {
    return this.#incomplete === 0;
  }

  /** Brings the next cell in and puts its tiles on the board, as many as have a place there; false if none was put. */
  give(board: TileBoard): boolean {
    const cell = this.#cells[this.#next];
    if (!cell) return false;
    if (this.#rows === cell.i && cell.j === 0) {
      this.#carrier.rows?.(cell.i, cell.rows);
      this.#rows += cell.rows;
    }
    if (this.#columns === cell.j) {
      this.#carrier.columns?.(cell.j, cell.columns);
      this.#columns += cell.columns;
    }
    const before = this.#tile;
    const end = cell.first + cell.tiles;
    while (this.#tile < end && board.open(this.#tile)) this.#tile++;
    if (this.#tile === end) this.#next++;
    if (this.#tile === before) return false;
    board.call();
    return true;
  }

  /** Notes that a tile is computed; a cell that is complete is carried out. */
  take(tile: number): void {
    const index = this.#cellOf(tile);
    const cell = this.#cells[index] as Cell;
    this.#left[index] = (this.#left[index] as number) - 1;
    if (this.#left[index] !== 0) return;
    this.#carrier.out?.(cell.i, cell.rows, cell.j, cell.columns);
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
