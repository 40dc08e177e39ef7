// Which part of the drawing is seen, and how large.
import type { BoxPlace } from "../layout/layout-graph.ts";

/** On the screen, a point of the drawing is at x + k · px, y + k · py. */
export interface View {
  readonly x: number;
  readonly y: number;
  readonly k: number;
}

export interface Area {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface Screen {
  readonly width: number;
  readonly height: number;
}

const scales = { least: 0.0005, most: 2.5 } as const;
const margin = 24;
const clampScale = (k: number) => Math.min(scales.most, Math.max(scales.least, k));

/** All of a drawing. */
export function fitAll(drawing: Screen, screen: Screen): View {
  const k = clampScale(Math.min(1, (screen.width - 2 * margin) / drawing.width, (screen.height - 2 * margin) / drawing.height));
  return { k, x: (screen.width - drawing.width * k) / 2, y: Math.max(margin, (screen.height - drawing.height * k) / 2) };
}

/** Its upper end, in a size that can be read. */
export function fitTop(drawing: Screen, screen: Screen): View {
  const all = fitAll(drawing, screen);
  if (all.k >= 0.6) return all;
  const k = Math.min(1, Math.max(0.6, (screen.width - 2 * margin) / drawing.width));
  return { k, x: (screen.width - drawing.width * k) / 2, y: margin };
}

/** Larger or smaller, with one point of the screen kept where it is. */
export function zoomAt(view: View, factor: number, x: number, y: number): View {
  const k = clampScale(view.k * factor);
  const by = k / view.k;
  return { k, x: x - (x - view.x) * by, y: y - (y - view.y) * by };
}

/** A box in the middle, large enough to be read. */
export function centreOn(view: View, place: BoxPlace, screen: Screen): View {
  const k = Math.max(view.k, 0.8);
  return {
    k,
    x: screen.width / 2 - (place.x + place.width / 2) * k,
    y: screen.height / 2 - (place.y + Math.min(place.height, 200) / 2) * k,
  };
}

/** Moved just so far that a box can be seen. */
export function bringIn(view: View, place: BoxPlace, screen: Screen): View {
  const shift = (from: number, size: number, room: number) =>
    from < margin
      ? margin - from
      : from + size > room - margin
        ? Math.min(margin - from, 0) + Math.max(0, room - margin - size - margin)
        : 0;
  const [left, top] = [view.x + place.x * view.k, view.y + place.y * view.k];
  return {
    ...view,
    x: view.x + shift(left, place.width * view.k, screen.width),
    y: view.y + shift(top, place.height * view.k, screen.height),
  };
}

/** The part of the drawing that is seen, with `more` screens around it. */
export function areaOf({ x, y, k }: View, { width, height }: Screen, more: number): Area {
  return {
    left: (-x - width * more) / k,
    top: (-y - height * more) / k,
    right: (width * (1 + more) - x) / k,
    bottom: (height * (1 + more) - y) / k,
  };
}

export const contains = (outer: Area, inner: Area): boolean =>
  outer.left <= inner.left && outer.top <= inner.top && outer.right >= inner.right && outer.bottom >= inner.bottom;

export const touches = (area: Area, { x, y, width, height }: BoxPlace): boolean =>
  x <= area.right && x + width >= area.left && y <= area.bottom && y + height >= area.top;
