// The float32 inner loops of the cheap binary operators, written out one by one: a shared loop with a callback per element would
// cost several times the arithmetic.
import type { LaneF32 } from "./map-elements.ts";

export const addLane: LaneF32 = (n, a, ia, sa, b, ib, sb, y, at) => {
  for (let i = 0, p = ia, q = ib; i < n; i++, p += sa, q += sb) y[at + i] = (a[p] as number) + (b[q] as number);
};

export const subLane: LaneF32 = (n, a, ia, sa, b, ib, sb, y, at) => {
  for (let i = 0, p = ia, q = ib; i < n; i++, p += sa, q += sb) y[at + i] = (a[p] as number) - (b[q] as number);
};

export const mulLane: LaneF32 = (n, a, ia, sa, b, ib, sb, y, at) => {
  for (let i = 0, p = ia, q = ib; i < n; i++, p += sa, q += sb) y[at + i] = (a[p] as number) * (b[q] as number);
};

export const divLane: LaneF32 = (n, a, ia, sa, b, ib, sb, y, at) => {
  for (let i = 0, p = ia, q = ib; i < n; i++, p += sa, q += sb) y[at + i] = (a[p] as number) / (b[q] as number);
};

/** `Math.max` gives NaN when either is NaN, as the operators do. */
export const maxLane: LaneF32 = (n, a, ia, sa, b, ib, sb, y, at) => {
  for (let i = 0, p = ia, q = ib; i < n; i++, p += sa, q += sb) y[at + i] = Math.max(a[p] as number, b[q] as number);
};

export const minLane: LaneF32 = (n, a, ia, sa, b, ib, sb, y, at) => {
  for (let i = 0, p = ia, q = ib; i < n; i++, p += sa, q += sb) y[at + i] = Math.min(a[p] as number, b[q] as number);
};

export const preluLane: LaneF32 = (n, a, ia, sa, b, ib, sb, y, at) => {
  for (let i = 0, p = ia, q = ib; i < n; i++, p += sa, q += sb) {
    const v = a[p] as number;
    y[at + i] = v < 0 ? v * (b[q] as number) : v;
  }
};
