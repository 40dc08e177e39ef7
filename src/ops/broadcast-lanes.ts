// Walks operands of one broadcast shape together. Axes that all operands run through alike are merged first, so that the common
// cases (same shape, one number, a row, a channel of [N, C, H, W]) become long inner lanes; no operand is copied.
import type { Shape } from "../tensor/shape.ts";
import type { Storage } from "../tensor/storage.ts";

/** The innermost run: `count` elements, each `steps[k]` apart in operand `k`; 0 where the operand repeats. */
export interface Lanes {
  readonly count: number;
  readonly steps: readonly number[];
  /** Sizes of the axes around the lane, and each operand's strides along them. */
  readonly outer: readonly number[];
  readonly outerStrides: readonly (readonly number[])[];
  readonly starts: readonly number[];
}

/** How to walk `operands`, each broadcast to `shape`, in row-major order. */
export function planLanes(shape: Shape, operands: readonly Storage[]): Lanes {
  const views = operands.map((s) => s.expand(shape));
  const sizes: number[] = [];
  const strides: number[][] = views.map(() => []);
  shape.forEach((size, axis) => {
    if (size === 1) return;
    const last = sizes.length - 1;
    const merges = last >= 0 && views.every((v, k) => strides[k]?.[last] === (v.strides[axis] as number) * size);
    if (merges) {
      sizes[last] = (sizes[last] as number) * size;
      views.forEach((v, k) => {
        (strides[k] as number[])[last] = v.strides[axis] as number;
      });
    } else {
      sizes.push(size);
      views.forEach((v, k) => void strides[k]?.push(v.strides[axis] as number));
    }
  });
  const count = sizes.pop() ?? 1;
  const steps = strides.map((s) => s.pop() ?? 0);
  return { count, steps, outer: sizes, outerStrides: strides, starts: views.map((v) => v.offset) };
}

/** Calls `visit` for each lane: `at` is its place in a dense result, `starts` are the operands' (one array, overwritten between calls). */
export function eachLane(lanes: Lanes, visit: (at: number, starts: readonly number[]) => void): void {
  const { count, outer, outerStrides } = lanes;
  if (count === 0 || outer.includes(0)) return;
  const starts = [...lanes.starts];
  const index = new Array<number>(outer.length).fill(0);
  for (let at = 0; ; at += count) {
    visit(at, starts);
    let axis = outer.length - 1;
    for (; axis >= 0; axis--) {
      const size = outer[axis] as number;
      const done = ++(index[axis] as number) === size;
      if (done) index[axis] = 0;
      for (let k = 0; k < starts.length; k++) {
        const stride = outerStrides[k]?.[axis] as number;
        starts[k] = (starts[k] as number) + (done ? -stride * (size - 1) : stride);
      }
      if (!done) break;
    }
    if (axis < 0) return;
  }
}
