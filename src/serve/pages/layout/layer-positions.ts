// Where the items of rows stand from left to right: as near below or above their neighbours as the others of the row let them.
import { type Adjacency, neighbours, type Steps } from "./graph-input.ts";

/** Pixels between two items of a row. */
const gap = 24;
const sweeps = 3;

/** The centre of each item. */
export function positionsOf(
  rows: readonly (readonly number[])[],
  width: (item: number) => number,
  before: Adjacency,
  after: Adjacency,
  count: number,
  steps: Steps,
): Float64Array {
  const centre = new Float64Array(count);
  for (const row of rows) placeRow(row, width, () => 0, centre, steps);
  const wish = (by: Adjacency) => (item: number) => {
    const items = neighbours(by, item);
    steps.count += items.length + 1;
    if (items.length === 0) return centre[item] as number;
    let sum = 0;
    for (const i of items) sum += centre[i] as number;
    return sum / items.length;
  };
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (const row of rows) placeRow(row, width, wish(before), centre, steps);
    if (sweep < sweeps - 1)
      for (let r = rows.length - 1; r >= 0; r--) placeRow(rows[r] as readonly number[], width, wish(after), centre, steps);
  }
  return centre;
}

/**
 * Places one row: the centres that are nearest to what the items wish, by least squares, among those that keep order and distance. With the
 * distances taken off, that is isotonic regression, which pooling adjacent violators solves in linear time.
 */
function placeRow(
  row: readonly number[],
  width: (item: number) => number,
  wish: (item: number) => number,
  centre: Float64Array,
  steps: Steps,
): void {
  const offsets: number[] = [];
  const pools: { sum: number; count: number }[] = [];
  for (const [k, item] of row.entries()) {
    const previous = row[k - 1];
    offsets.push(previous === undefined ? 0 : (offsets[k - 1] as number) + (width(previous) + width(item)) / 2 + gap);
    let pool = { sum: wish(item) - (offsets[k] as number), count: 1 };
    for (let last = pools.at(-1); last && last.sum / last.count > pool.sum / pool.count; last = pools.at(-1)) {
      pools.pop();
      pool = { sum: pool.sum + last.sum, count: pool.count + last.count };
      steps.count++;
    }
    pools.push(pool);
  }
  let k = 0;
  for (const { sum, count } of pools)
    for (const end = k + count; k < end; k++) centre[row[k] as number] = sum / count + (offsets[k] as number);
  steps.count += 2 * row.length;
}
