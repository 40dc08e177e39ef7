// The Reduce family against its definition: every element of the result is one plain loop over the elements that fall on it.
import assert from "node:assert/strict";
import fc from "fast-check";
import type { DType } from "../../src/tensor/dtype.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { f32, i64, result, run } from "../support/run-op.ts";

const sum = (xs: readonly number[]) => xs.reduce((a, b) => a + b, 0);
const definitions: Readonly<Record<string, (xs: readonly number[]) => number>> = {
  ReduceSum: sum,
  ReduceMean: (xs) => sum(xs) / xs.length,
  ReduceProd: (xs) => xs.reduce((a, b) => a * b, 1),
  ReduceMax: (xs) => xs.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
  ReduceMin: (xs) => xs.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
  ReduceL1: (xs) => sum(xs.map(Math.abs)),
  ReduceL2: (xs) => Math.sqrt(sum(xs.map((x) => x * x))),
  ReduceSumSquare: (xs) => sum(xs.map((x) => x * x)),
  ReduceLogSum: (xs) => Math.log(sum(xs)),
  ReduceLogSumExp: (xs) => Math.log(sum(xs.map(Math.exp))),
};

/** All places of a shape, in row-major order. */
function placesOf(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>((places, size) => places.flatMap((p) => Array.from({ length: size }, (_, i) => [...p, i])), [[]]);
}

/** For each element of the result, in order, the elements of `x` that fall on it. */
function lanesOf(x: Storage, axes: ReadonlySet<number>): number[][] {
  const values = x.toNumbers();
  const keptShape = x.shape.map((d, axis) => (axes.has(axis) ? 1 : d));
  const lanes = new Map(placesOf(keptShape).map((place) => [place.join(), [] as number[]]));
  placesOf(x.shape).forEach((place, i) => {
    lanes.get(place.map((p, axis) => (axes.has(axis) ? 0 : p)).join())?.push(values[i] as number);
  });
  return [...lanes.values()];
}

interface Case {
  readonly shape: readonly number[];
  /** Which axes are reduced. */
  readonly reduced: readonly boolean[];
  /** Which of them are counted from the end. */
  readonly negative: boolean;
  readonly transposed: boolean;
  readonly keepdims: 0 | 1;
  readonly seed: number;
}

const anyCase = (least: number): fc.Arbitrary<Case> =>
  fc.record({
    shape: fc.array(fc.integer({ min: least, max: 4 }), { maxLength: 4 }),
    reduced: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
    negative: fc.boolean(),
    transposed: fc.boolean(),
    keepdims: fc.constantFrom(0, 1),
    seed: fc.nat(),
  });

/** The tensor of a case, of whole numbers from 1 to 5 (so that logarithms exist) or from −5 to 5, as a view where that is asked for. */
function tensorOf({ shape, transposed, seed }: Case, dtype: DType, least: number): Storage {
  const count = shape.reduce((a, b) => a * b, 1);
  const values = Array.from({ length: count }, (_, i) => least + (((i + seed) * 7919) % (6 - least)));
  const order = shape.map((_, axis) => axis).reverse();
  const x = Storage.from(dtype, values, transposed ? [...shape].reverse() : shape);
  return transposed ? x.transpose(order) : x;
}

function check(op: string, c: Case, dtype: DType, least: number, close: (actual: number, expected: number) => boolean): void {
  const x = tensorOf(c, dtype, least);
  const axes = c.shape.flatMap((_, axis) => (c.reduced[axis] ? [axis] : []));
  // An empty list of axes is all of them.
  const chosen = new Set(axes.length > 0 ? axes : c.shape.map((_, axis) => axis));
  const given = i64(axes.map((axis) => (c.negative ? axis - c.shape.length : axis)));
  const actual = result(op, [x, given], { keepdims: c.keepdims });
  const definition = definitions[op] as (xs: readonly number[]) => number;
  const expected = lanesOf(x, chosen).map(definition);
  const shape = c.shape.flatMap((d, axis) => (chosen.has(axis) ? (c.keepdims ? [1] : []) : [d]));
  assert.deepEqual(actual.shape, shape);
  assert.equal(actual.values.length, expected.length);
  actual.values.forEach((y, i) => {
    const e = expected[i] as number;
    assert.ok(Object.is(y, e) || y === e || close(y, e), `${op} of ${dtype} element ${i} is ${y}, expected ${e}`);
  });
}

describe("the Reduce family", () => {
  for (const op of Object.keys(definitions)) {
    it(`${op} equals its definition in float64, over any axes of any view`, () => {
      const least = op.includes("Log") ? 1 : -5;
      const close = (y: number, e: number) => Math.abs(y - e) <= 1e-12 * Math.max(1, Math.abs(e));
      fc.assert(fc.property(anyCase(1), (c) => check(op, c, "float64", least, close)));
    });

    it(`${op} rounds once to float32`, () => {
      const least = op.includes("Log") ? 1 : -5;
      // One step of float32 between two results of float64 arithmetic that differ in the last bit.
      const close = (y: number, e: number) => Math.abs(y - e) <= 2 ** -23 * Math.abs(e) + 2 ** -149;
      fc.assert(fc.property(anyCase(1), (c) => check(op, c, "float32", least, close)));
    });
  }

  it("is exact for integers, whose sums and products wrap around", () => {
    const never = () => false;
    for (const op of ["ReduceSum", "ReduceMax", "ReduceMin"])
      for (const dtype of ["int32", "int64"] as const) fc.assert(fc.property(anyCase(1), (c) => check(op, c, dtype, -5, never)));
    const [product] = run("ReduceProd", [Storage.from("int64", [2n ** 62n, 6n], [2])]) as [Storage];
    assert.deepEqual(Array.from(product.dense() as BigInt64Array), [BigInt.asIntN(64, 6n * 2n ** 62n)]);
    assert.deepEqual(result("ReduceSum", [Storage.from("int32", [2 ** 31 - 1, 1], [2])]).values, [-(2 ** 31)]);
  });

  it("gives the neutral element where nothing falls on an element", () => {
    const never = () => false;
    for (const op of ["ReduceSum", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSum", "ReduceLogSumExp"])
      fc.assert(
        fc.property(
          anyCase(0).filter((c) => c.shape.includes(0)),
          (c) => check(op, c, "float64", 1, never),
        ),
      );
    const none = f32([2, 0], []);
    assert.deepEqual(result("ReduceMax", [none, i64([1])], { keepdims: 0 }).values, [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    assert.deepEqual(result("ReduceMin", [none, i64([1])], { keepdims: 0 }).values, [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
  });

  it("leaves the tensor as it is for no axes with noop_with_empty_axes", () => {
    const x = f32([2, 2], [1, -2, 3, 4]);
    assert.deepEqual(result("ReduceSum", [x, i64([])], { noop_with_empty_axes: 1 }), { shape: [2, 2], values: [1, -2, 3, 4] });
    assert.deepEqual(result("ReduceSumSquare", [x, i64([])], { noop_with_empty_axes: 1 }).values, [1, 4, 9, 16]);
  });

  it("is NaN where any element is", () => {
    const x = f32([2, 2], [1, Number.NaN, 3, 4]);
    for (const op of Object.keys(definitions)) {
      const [first, second] = result(op, [x, i64([1])], { keepdims: 0 }).values;
      assert.ok(Number.isNaN(first) && !Number.isNaN(second), op);
    }
  });
});
