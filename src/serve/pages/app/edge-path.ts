// Edges as one path for the whole drawing: thousands of elements would make moving it slow.
import type { ShownEdge } from "../layout/layout-graph.ts";
import type { Point } from "../layout/place-items.ts";
import type { Area } from "./viewport.ts";

const arrow = { width: 3, height: 5 } as const;

/** Path data of edges; `ends` says which of them have the head of an arrow, by where they lead. */
export function edgePath(edges: readonly ShownEdge[], ends: (to: ShownEdge["to"]) => boolean): string {
  return edges.map(({ way, to }) => pathOf(way) + (ends(to) ? headOf(way.at(-1) as Point) : "")).join("");
}

function pathOf(way: readonly Point[]): string {
  const [first] = way as readonly [Point];
  let text = `M${first.x} ${first.y}`;
  for (let i = 1; i < way.length; i++) {
    const [from, to] = [way[i - 1] as Point, way[i] as Point];
    // Straight in a row, curved between two rows.
    if (i % 2 === 1) text += `L${to.x} ${to.y}`;
    else text += `C${from.x} ${(from.y + to.y) / 2} ${to.x} ${(from.y + to.y) / 2} ${to.x} ${to.y}`;
  }
  return text;
}

const headOf = ({ x, y }: Point) => `M${x - arrow.width} ${y - arrow.height}L${x} ${y}L${x + arrow.width} ${y - arrow.height}`;

/** Whether a part of an edge may be in an area. */
export function edgeTouches({ left, top, right, bottom }: Area, { way }: ShownEdge): boolean {
  const [first, last] = [way[0] as Point, way.at(-1) as Point];
  if (first.y > bottom || last.y < top) return false;
  let [least, most] = [first.x, first.x];
  for (const { x } of way) {
    least = Math.min(least, x);
    most = Math.max(most, x);
  }
  return least <= right && most >= left;
}
