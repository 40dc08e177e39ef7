// CumSum and CumProd: running totals along an axis. Floats run in float64 and are rounded as they are stored; integers wrap around.
import type { InferContext } from "../ir/schema.ts";
import type { ValueType } from "../ir/type.ts";
import { type BigArray, type DType, floats, isBig, isFloat } from "../tensor/dtype.ts";
import { normalizeAxis } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { defineOp, int } from "./define.ts";
import { axisOf, constantInts, inputShape, inputType } from "./infer.ts";
import { encodeNumbers, isHalf, widened } from "./map-elements.ts";
import { eachLaneOf, splitAt } from "./softmax.ts";

const cumulative = {
  inputs: ["x: T", "axis: T2"],
  outputs: ["y: T"],
  types: { T: [...floats, "int32", "int64", "uint32", "uint64"] satisfies DType[], T2: ["int32", "int64"] satisfies DType[] },
  attributes: { exclusive: int(0), reverse: int(0) },
  accuracy: "ulp",
  infer,
} as const;

interface Direction {
  readonly exclusive: number;
  readonly reverse: number;
}

/** `exclusive` leaves the element itself out; `reverse` runs from the end. */
export const cumSum = defineOp("CumSum", {
  ...cumulative,
  since: [11, 14],
  eval: ({ x, axis }, direction) =>
    run(x, axis, direction, { first: 0, next: (a, v) => a + v, int: (a, v) => (a + v) | 0, firstBig: 0n, big: (a, v) => a + v }),
});

export const cumProd = defineOp("CumProd", {
  ...cumulative,
  since: [26],
  eval: ({ x, axis }, direction) =>
    run(x, axis, direction, { first: 1, next: (a, v) => a * v, int: Math.imul, firstBig: 1n, big: (a, v) => BigInt.asIntN(64, a * v) }),
});

interface Running {
  readonly first: number;
  readonly next: (total: number, v: number) => number;
  readonly int: (total: number, v: number) => number;
  readonly firstBig: bigint;
  readonly big: (total: bigint, v: bigint) => bigint;
}

function run(x: Storage, axis: Storage, direction: Direction, rule: Running): Storage {
  const at = normalizeAxis("CumSum", axis.toNumbers()[0] ?? 0, x.shape);
  if (isBig(x.dtype)) {
    const y = Storage.empty(x.dtype, x.shape);
    lanes(x.dense() as BigArray, x.shape, at, direction, rule.firstBig, rule.big, y.dense() as BigArray);
    return y;
  }
  if (isHalf(x.dtype)) {
    const wide = new Float64Array(x.size);
    lanes(widened(x).numbers(), x.shape, at, direction, rule.first, rule.next, wide);
    return encodeNumbers(x.dtype, wide, x.shape);
  }
  const y = Storage.empty(x.dtype, x.shape);
  lanes(x.numbers(), x.shape, at, direction, rule.first, isFloat(x.dtype) ? rule.next : rule.int, y.numbers());
  return y;
}

function lanes<T>(
  x: ArrayLike<T>,
  shape: readonly number[],
  axis: number,
  { exclusive, reverse }: Direction,
  first: T,
  next: (total: T, v: T) => T,
  y: { [i: number]: T },
): void {
  const split = splitAt(shape, axis);
  eachLaneOf(split, (start, _, step) => {
    let total = first;
    for (let i = 0; i < split.n; i++) {
      const at = start + (reverse ? split.n - 1 - i : i) * step;
      const sum = next(total, x[at] as T);
      y[at] = exclusive ? total : sum;
      total = sum;
    }
  });
}

function infer(c: InferContext): ValueType[] {
  const shape = inputShape(c, 0);
  const axis = constantInts(c, 1)?.[0];
  if (shape && axis !== undefined) axisOf(c, axis, shape);
  return [inputType(c, 0)];
}
