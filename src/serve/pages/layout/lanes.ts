// Edges over more than one row run in lanes beside the rows, as a bus does: all edges of one source share a lane. A lane stands beside the rows
// that it passes, not beside the widest row of all, so that a residual connection stays close to its block.
import type { Steps } from "./graph-input.ts";

/** A source whose readers are further down than the next row. */
export interface Net {
  readonly source: number;
  /** The first and the last row that it passes. */
  readonly first: number;
  readonly last: number;
  readonly side: "left" | "right";
}

/** Pixels between lanes. */
export const laneGap = 14;

/** The x of each net's lane, by source. `left` and `right` are the extents of each row. Nets must be in order of `first`. */
export function laneOf(nets: readonly Net[], left: readonly number[], right: readonly number[], steps: Steps): Map<number, number> {
  const found = new Map<number, number>();
  for (const [side, extent] of [
    ["left", left.map((x) => -x)],
    ["right", right],
  ] as const) {
    const own = nets.filter((n) => n.side === side);
    const { lanes, count } = assignLanes(own, extent.length, steps);
    const reach = rangeMaxima(own, extent, steps);
    // Every lane has its own remainder of this raster: two that pass the same row are never at the same x.
    const raster = laneGap * Math.max(1, count);
    for (const [i, net] of own.entries()) {
      const x = Math.ceil(((reach[i] as number) + laneGap / 2) / raster) * raster + (lanes[i] as number) * laneGap;
      found.set(net.source, side === "left" ? -x : x);
    }
    steps.count += 3 * own.length + extent.length;
  }
  return found;
}

/** Interval colouring: nets that pass a common row get different lanes; a lane that is free again is used again. */
function assignLanes(nets: readonly Net[], rows: number, steps: Steps): { readonly lanes: readonly number[]; readonly count: number } {
  const endsAt: number[][] = Array.from({ length: rows }, () => []);
  const free: number[] = [];
  const lanes: number[] = [];
  let count = 0;
  let row = 0;
  for (const net of nets) {
    for (; row < net.first; row++) {
      free.push(...(endsAt[row] as number[]));
      steps.count++;
    }
    const lane = free.pop() ?? count++;
    lanes.push(lane);
    endsAt[net.last]?.push(lane);
    steps.count++;
  }
  return { lanes, count };
}

/** The largest extent of the rows from `first` to `last` of each net: offline, with a stack and union-find, in almost linear time. */
function rangeMaxima(nets: readonly Net[], extent: readonly number[], steps: Steps): number[] {
  const asked: number[][] = extent.map(() => []);
  for (const [i, { last }] of nets.entries()) asked[last]?.push(i);
  const parent = extent.map((_, i) => i);
  const find = (i: number): number => {
    let root = i;
    while (parent[root] !== root) {
      parent[root] = parent[parent[root] as number] as number;
      root = parent[root] as number;
      steps.count++;
    }
    return root;
  };
  const stack: number[] = [];
  const maxima = new Array<number>(nets.length);
  for (const [row, value] of extent.entries()) {
    for (let top = stack.at(-1); top !== undefined && (extent[top] as number) <= value; top = stack.at(-1)) {
      parent[top] = row;
      stack.pop();
      steps.count++;
    }
    stack.push(row);
    for (const i of asked[row] as number[]) maxima[i] = extent[find((nets[i] as Net).first)] as number;
  }
  return maxima;
}
