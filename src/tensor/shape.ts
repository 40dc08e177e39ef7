// Arithmetic on shapes: sizes, strides, axes, broadcasting.
import { ingotError } from "../errors/error.ts";

export type Shape = readonly number[];

/** The most axes a tensor may have, as in NumPy: code is made for each number of axes. */
export const largestRank = 64;

/** `[2, 3]` as text. */
export function formatShape(shape: readonly (number | string)[]): string {
  return `[${shape.join(", ")}]`;
}

/** The number of elements of a shape; 1 for a scalar. */
export function elementCount(shape: Shape): number {
  let n = 1;
  for (const d of shape) n *= d;
  return n;
}

/** Throws `InvalidShape` for more axes than a tensor may have, and for fewer than none. */
export function checkRank(op: string, rank: number): void {
  if (rank >= 0 && rank <= largestRank) return;
  throw ingotError("InvalidShape", { op, shape: `of ${rank} axes`, why: `a tensor has 0 to ${largestRank}` });
}

/** Throws `InvalidShape` unless every size is an integer from 0 and the product is a safe integer. */
export function checkShape(op: string, shape: Shape): void {
  if (!Array.isArray(shape)) throw ingotError("InvalidShape", { op, shape: String(shape), why: "it is not an array of sizes" });
  for (const d of shape)
    if (!Number.isInteger(d) || d < 0)
      throw ingotError("InvalidShape", { op, shape: formatShape(shape), why: `${d} is not an integer from 0` });
  checkRank(op, shape.length);
  if (!Number.isSafeInteger(elementCount(shape)))
    throw ingotError("InvalidShape", { op, shape: formatShape(shape), why: "the product of its sizes overflows" });
}

/** Row-major strides, in elements. */
export function rowMajorStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  for (let i = shape.length - 1, s = 1; i >= 0; i--) {
    strides[i] = s;
    s *= shape[i] as number;
  }
  return strides;
}

/** Maps a negative axis to its place from the front; throws `AxisOutOfRange`. */
export function normalizeAxis(op: string, axis: number, shape: Shape, rank: number = shape?.length): number {
  // Reached with the shape of what is no tensor at all, from plain JavaScript.
  if (!Array.isArray(shape))
    throw ingotError("InvalidArgument", {
      op,
      name: "input",
      expected: "a tensor",
      actual: "something without a shape",
      hint: "Make a tensor of numbers or nested arrays with tensor(...).",
    });
  const a = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || a < 0 || a >= rank) throw ingotError("AxisOutOfRange", { op, axis, rank, shape: formatShape(shape) });
  return a;
}

/** `normalizeAxis` for a list; `undefined` means all axes. Sorted. Throws `InvalidArgument` for an axis that is named twice. */
export function normalizeAxes(op: string, axes: readonly number[] | undefined, shape: Shape, rank: number = shape.length): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, i) => i);
  const list = axes.map((a) => normalizeAxis(op, a, shape, rank));
  const twice = list.find((a, i) => list.indexOf(a) !== i);
  if (twice !== undefined)
    throw ingotError("InvalidArgument", {
      op,
      name: "dims",
      expected: "different axes",
      actual: formatShape(axes),
      hint: `Axis ${twice} is named twice; -1 is the last axis.`,
    });
  return list.sort((a, b) => a - b);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((d, i) => d === b[i]);
}
