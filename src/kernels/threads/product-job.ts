// A product as a job: which rows and columns its tiles read, and which part of the result is complete when.
import type { Cut } from "./cut-product.ts";
import type { Cell, Job } from "./job.ts";
import { type PanelProduct, writeProduct } from "./panel-product.ts";

/** Tiles side by side, as many as `group` of the cut: these rows and columns of the result of one product of the batch. */
export interface ProductCell extends Cell {
  readonly item: number;
  readonly i: number;
  readonly rows: number;
  readonly j: number;
  readonly columns: number;
}

/**
 * What is done for a product besides multiplying, a part at a time, so that threads multiply meanwhile: each row of a and each column of b is
 * brought in once, before a tile that reads it is given out, and each part of the result carried out once, when it is complete. `item` is the
 * number of the product in its batch.
 */
export interface Carrier {
  /** Brings rows of a in, and what is in these rows of the result to begin with. */
  readonly rows?: ((i: number, count: number, item: number) => void) | undefined;
  readonly columns?: ((j: number, count: number, item: number) => void) | undefined;
  readonly out?: ((i: number, rows: number, j: number, columns: number, item: number) => void) | undefined;
}

/** The cells of a product, in the order of their tiles: down the rows of some columns, then on to the next columns, then to the next product. */
export function cellsOf({ m, n, batch }: PanelProduct, { rows, columns, group }: Cut): ProductCell[] {
  const across = Math.ceil(n / columns);
  const cells: ProductCell[] = [];
  let first = 0;
  for (let item = 0; item < (batch?.count ?? 1); item++) {
    for (let g = 0; g < across; g += group) {
      const tiles = Math.min(group, across - g);
      const j = g * columns;
      for (let i = 0; i < m; i += rows, first += tiles)
        cells.push({ item, i, rows: Math.min(rows, m - i), j, columns: Math.min(tiles * columns, n - j), first, tiles });
    }
  }
  return cells;
}

/** A product that threads share; `areas` is where each has its own part of the memory, `areaBytes` long. */
export function productJob(product: PanelProduct, cut: Cut, areas: number, carrier: Carrier): Job {
  const cells = cellsOf(product, cut);
  const cellAt = (index: number) => cells[index] as ProductCell;
  // The rows and columns of a product of the batch that are in.
  let [inside, rows, columns] = [0, 0, 0];
  return {
    cells,
    kind: "product",
    describe: (words) => writeProduct(words, product, cut, areas),
    bring(index) {
      const cell = cellAt(index);
      if (cell.item !== inside) [inside, rows, columns] = [cell.item, 0, 0];
      if (rows === cell.i && cell.j === 0) {
        carrier.rows?.(cell.i, cell.rows, cell.item);
        rows += cell.rows;
      }
      if (columns === cell.j) {
        carrier.columns?.(cell.j, cell.columns, cell.item);
        columns += cell.columns;
      }
    },
    carry(index) {
      const { i, rows, j, columns, item } = cellAt(index);
      carrier.out?.(i, rows, j, columns, item);
    },
  };
}
