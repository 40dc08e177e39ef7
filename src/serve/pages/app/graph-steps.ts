// From one box of the drawing to the next one in a direction: along an edge where there is one, else to what is near.
import type { BoxPlace, Layout } from "../layout/layout-graph.ts";

export type Item = number | string;
export type Direction = "up" | "down" | "left" | "right";

export const placeOf = (layout: Layout, item: Item): BoxPlace | undefined =>
  typeof item === "number" ? layout.nodes.get(item) : layout.modules.get(item);

/** Undefined where there is nothing in that direction. */
export function stepFrom(layout: Layout, item: Item | undefined, direction: Direction): Item | undefined {
  const from = item === undefined ? undefined : placeOf(layout, item);
  if (item === undefined || !from) return first(layout);
  if (direction === "down") {
    const edge = layout.edges.find((e) => e.from === item && e.to !== undefined);
    if (edge) return edge.to;
  }
  if (direction === "up") {
    const edge = layout.edges.find((e) => e.to === item && e.from !== undefined);
    if (edge) return edge.from;
  }
  return nearest(layout, item, from, direction);
}

function first(layout: Layout): Item | undefined {
  let found: Item | undefined;
  let top = Number.POSITIVE_INFINITY;
  for (const [item, { y }] of items(layout))
    if (y < top) {
      top = y;
      found = item;
    }
  return found;
}

function nearest(layout: Layout, own: Item, from: BoxPlace, direction: Direction): Item | undefined {
  let found: Item | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const [item, place] of items(layout)) {
    if (item === own) continue;
    const dx = place.x + place.width / 2 - from.x - from.width / 2;
    const dy = place.y - from.y;
    const [ahead, aside] = { up: [-dy, dx], down: [dy, dx], left: [-dx, dy], right: [dx, dy] }[direction] as [number, number];
    // Sideways stays in the row.
    if (ahead <= 0.5 || ((direction === "left" || direction === "right") && Math.abs(dy) > from.height)) continue;
    const distance = ahead + 3 * Math.abs(aside);
    if (distance < least) {
      least = distance;
      found = item;
    }
  }
  return found;
}

function* items(layout: Layout): Generator<readonly [Item, BoxPlace]> {
  yield* layout.nodes;
  yield* layout.modules;
}
