// One module laid out by itself: its items in rows, and a way for each edge.
import { adjacency, type LayoutEdge, neighbours, type Steps } from "./graph-input.ts";
import { laneGap, laneOf, type Net } from "./lanes.ts";
import { layersOf, orderLayers } from "./layer-order.ts";
import { positionsOf } from "./layer-positions.ts";

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A way down: straight in a row, curved between rows. Each point is a place where one changes to the other. */
export type Way = readonly Point[];

export interface Placed extends Size {
  /** The upper left corner of each item. */
  readonly corners: readonly Point[];
  /** The way of each edge, in their order. */
  readonly ways: readonly Way[];
}

/** Pixels between two rows: more where edges have far to go sideways. */
const rowGap = { least: 26, most: 90, perPixel: 0.08 } as const;

/** Places items, which are in topological order: each edge goes from an item to a later one. The corner of the whole is at 0, 0. */
export function placeItems(items: readonly Size[], edges: readonly LayoutEdge[], steps: Steps): Placed {
  const count = items.length;
  const before = adjacency(count, edges, true, steps);
  const after = adjacency(count, edges, false, steps);
  const layer = layersOf(count, before, after, steps);
  const rows = orderLayers(layer, before, after, steps);
  const widthOf = (i: number) => items[i]?.width ?? 0;
  const centre = positionsOf(rows, widthOf, before, after, count, steps);

  const left = rows.map((row) => edgeOf(row, (i) => (centre[i] as number) - widthOf(i) / 2, Math.min));
  const right = rows.map((row) => edgeOf(row, (i) => (centre[i] as number) + widthOf(i) / 2, Math.max));
  const nets = netsOf(
    rows,
    layer,
    (i) => neighbours(after, i),
    (i) => (centre[i] as number) < ((left[layer[i] as number] as number) + (right[layer[i] as number] as number)) / 2 - 1,
  );
  const lanes = laneOf(nets, left, right, steps);

  const { tops, bottoms } = heightsOf(rows, items, edges, layer, centre, lanes);
  const ways = edges.map(([from, to]): Way => {
    steps.count++;
    const [start, end] = [layer[from] as number, layer[to] as number];
    const a = centre[from] as number;
    const b = centre[to] as number;
    const out = { x: a, y: (tops[start] as number) + (items[from]?.height ?? 0) };
    const way: Point[] = [out, { x: a, y: bottoms[start] as number }];
    const lane = end > start + 1 ? lanes.get(from) : undefined;
    if (lane !== undefined) way.push({ x: lane, y: tops[start + 1] as number }, { x: lane, y: bottoms[end - 1] as number });
    way.push({ x: b, y: tops[end] as number });
    return way;
  });
  const [least, most] = extent(left, right, lanes.values());
  steps.count += count + edges.length;
  return {
    width: Math.max(0, most - least),
    height: bottoms.at(-1) ?? 0,
    corners: items.map(({ width }, i) => ({ x: (centre[i] as number) - width / 2 - least, y: tops[layer[i] as number] as number })),
    ways: ways.map((way) => way.map(({ x, y }) => ({ x: x - least, y }))),
  };
}

function edgeOf(row: readonly number[], side: (item: number) => number, choose: (a: number, b: number) => number): number {
  let found = side(row[0] ?? 0);
  for (const item of row) found = choose(found, side(item));
  return found;
}

/** The sources whose edges need a lane, by row. */
function netsOf(
  rows: readonly (readonly number[])[],
  layer: Int32Array,
  readers: (item: number) => Int32Array,
  isLeft: (item: number) => boolean,
): Net[] {
  const nets: Net[] = [];
  for (const [row, items] of rows.entries())
    for (const source of items) {
      let last = row;
      for (const r of readers(source)) last = Math.max(last, layer[r] as number);
      if (last > row + 1) nets.push({ source, first: row + 1, last: last - 1, side: isLeft(source) ? "left" : "right" });
    }
  return nets;
}

/** The top and the bottom of each row. */
function heightsOf(
  rows: readonly (readonly number[])[],
  items: readonly Size[],
  edges: readonly LayoutEdge[],
  layer: Int32Array,
  centre: Float64Array,
  lanes: ReadonlyMap<number, number>,
): { readonly tops: readonly number[]; readonly bottoms: readonly number[] } {
  /** How far the edges below each row go sideways. */
  const sideways = new Float64Array(rows.length);
  const note = (row: number, distance: number) => {
    sideways[row] = Math.max(sideways[row] as number, Math.abs(distance));
  };
  for (const [from, to] of edges) {
    const [start, end] = [layer[from] as number, layer[to] as number];
    const lane = end > start + 1 ? lanes.get(from) : undefined;
    note(start, (lane ?? (centre[to] as number)) - (centre[from] as number));
    if (lane !== undefined) note(end - 1, (centre[to] as number) - lane);
  }
  const tops: number[] = [];
  const bottoms: number[] = [];
  let y = 0;
  for (const [r, row] of rows.entries()) {
    tops.push(y);
    y += edgeOf(row, (i) => items[i]?.height ?? 0, Math.max);
    bottoms.push(y);
    y += Math.min(rowGap.most, rowGap.least + (sideways[r] as number) * rowGap.perPixel);
  }
  return { tops, bottoms };
}

function extent(left: readonly number[], right: readonly number[], lanes: Iterable<number>): readonly [number, number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const x of left) least = Math.min(least, x);
  for (const x of right) most = Math.max(most, x);
  for (const x of lanes) {
    least = Math.min(least, x - laneGap);
    most = Math.max(most, x + laneGap);
  }
  return least > most ? [0, 0] : [least, most];
}
