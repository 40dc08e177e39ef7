// Which row each item of one module stands in, and in which order the items of a row stand: the first half of Sugiyama's method, in linear time.
import { type Adjacency, neighbours, type Steps } from "./graph-input.ts";

/** How often rows are ordered by their neighbours, down and up again. */
const sweeps = 3;

/**
 * The row of each item, from 0: below all that it reads, and close to its readers where it has more readers than inputs. The first and the last
 * item are the ports of the module: they stay at its top and at its bottom.
 */
export function layersOf(count: number, before: Adjacency, after: Adjacency, steps: Steps): Int32Array {
  const layer = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    for (const p of neighbours(before, i)) layer[i] = Math.max(layer[i] as number, (layer[p] as number) + 1);
    steps.count += 1 + neighbours(before, i).length;
  }
  for (let i = count - 2; i > 0; i--) {
    const readers = neighbours(after, i);
    steps.count += 1 + readers.length;
    if (readers.length <= neighbours(before, i).length) continue;
    let lowest = Number.POSITIVE_INFINITY;
    for (const r of readers) lowest = Math.min(lowest, layer[r] as number);
    layer[i] = lowest - 1;
  }
  if (neighbours(before, count - 1).length > 0) layer[count - 1] = layer.reduce((a, b) => Math.max(a, b), 0);
  return layer;
}

/** The items of each row, ordered so that edges cross rarely: each item goes to where its neighbours are on average. */
export function orderLayers(layer: Int32Array, before: Adjacency, after: Adjacency, steps: Steps): number[][] {
  let rows: number[][] = [];
  for (let i = 0; i < layer.length; i++) {
    const at = layer[i] as number;
    while (rows.length <= at) rows.push([]);
    rows[at]?.push(i);
  }
  /** Where an item stands in its row, from 0 to 1. */
  const place = new Float64Array(layer.length);
  const note = (row: readonly number[]) => {
    for (const [k, item] of row.entries()) place[item] = (k + 0.5) / row.length;
  };
  rows.forEach(note);
  for (let sweep = 0; sweep < sweeps; sweep++)
    for (const by of [before, after]) {
      const sorted = (row: number[]) => {
        const order =
          row.length > 1 ? bucketSort(row, (item) => average(place, neighbours(by, item), place[item] as number, steps), steps) : row;
        note(order);
        return order;
      };
      rows = by === before ? rows.map(sorted) : rows.reverse().map(sorted).reverse();
      steps.count += layer.length;
    }
  return rows;
}

function average(place: Float64Array, items: Int32Array, otherwise: number, steps: Steps): number {
  steps.count += items.length;
  if (items.length === 0) return otherwise;
  let sum = 0;
  for (const i of items) sum += place[i] as number;
  return sum / items.length;
}

/** Sorted by a key from 0 to 1, in linear time: as many buckets as items, and items of one bucket stay in their order. */
function bucketSort(items: readonly number[], key: (item: number) => number, steps: Steps): number[] {
  const buckets: number[][] = items.map(() => []);
  for (const item of items) buckets[Math.min(items.length - 1, Math.floor(key(item) * items.length))]?.push(item);
  steps.count += 2 * items.length;
  return buckets.flat();
}
