// How outputs are compared: error, distance, special values, top-k, and outputs that have no scale.
import assert from "node:assert/strict";
import fc from "fast-check";
import { compare, compareBitwise, defaultLimit } from "../../src/equivalence/compare.ts";
import { compareTopK, topIndices } from "../../src/equivalence/topk-agreement.ts";
import { ulpDistance } from "../../src/equivalence/ulp.ts";
import type { DType } from "../../src/tensor/dtype.ts";
import { Storage } from "../../src/tensor/storage.ts";

const f32 = (values: readonly number[], shape: readonly number[] = [values.length]) => Storage.from("float32", values, shape);
const one = (e: Storage, a: Storage, options = {}) => {
  const [o] = compare([e], [a], options).outputs;
  assert.ok(o);
  return o;
};

describe("compare", () => {
  it("measures the error of an output against its largest element", () => {
    const o = one(f32([1, -8, 2]), f32([1.5, -8, 2]), { topk: 0 });
    assert.equal(o.maxAbsolute, 0.5);
    assert.equal(o.maxRelative, 0.0625);
    assert.equal(o.ok, false);
    assert.match(o.problem ?? "", /error 6\.25e-2 is over the limit/);
  });

  it("accepts what is within the limit, and what is within atol whatever the limit", () => {
    assert.equal(one(f32([1, 2]), f32([1, 2.01]), { rtol: 0.01 }).ok, true);
    assert.equal(one(f32([1, 2]), f32([1, 2.01]), { rtol: 0.001 }).ok, false);
    assert.equal(one(f32([1, 2]), f32([1, 2.01]), { rtol: 0.001, atol: 0.02 }).ok, true);
  });

  it("counts the float32 numbers between two", () => {
    assert.equal(ulpDistance(1, 1 + 2 ** -23), 1);
    assert.equal(ulpDistance(1, 1), 0);
    assert.equal(ulpDistance(0, -0), 0);
    // The smallest positive and the smallest negative number have zero between them.
    assert.equal(ulpDistance(2 ** -149, -(2 ** -149)), 2);
    assert.equal(one(f32([1, 4]), f32([1 + 3 * 2 ** -23, 4])).maxUlp, 3);
  });

  it("takes NaN and infinities position by position", () => {
    assert.equal(one(f32([Number.NaN, 1]), f32([Number.NaN, 1])).ok, true);
    assert.equal(one(f32([Number.POSITIVE_INFINITY, 1]), f32([Number.POSITIVE_INFINITY, 1])).ok, true);
    for (const [e, a] of [
      [
        [Number.NaN, 1],
        [1, 1],
      ],
      [
        [1, 1],
        [Number.NaN, 1],
      ],
      [
        [Number.NaN, 1],
        [1, Number.NaN],
      ],
      [
        [Number.POSITIVE_INFINITY, 1],
        [Number.NEGATIVE_INFINITY, 1],
      ],
    ] as const)
      assert.equal(one(f32(e), f32(a)).ok, false, `${e} against ${a}`);
    assert.match(one(f32([1, Number.NaN]), f32([1, 7])).problem ?? "", /element 1 is 7, expected NaN/);
  });

  it("takes +0 and −0 as equal; bit for bit they differ", () => {
    assert.equal(one(f32([0, 1]), f32([-0, 1])).ok, true);
    assert.match(compareBitwise(f32([0]), f32([-0])) ?? "", /element 0/);
  });

  it("takes all NaNs of a half float as one, bit for bit", () => {
    for (const dtype of ["float16", "bfloat16"] as const) {
      const bits = dtype === "float16" ? [0x7e00, 0x7e01] : [0x7fc0, 0x7fc1];
      const [a, b] = bits.map((word) => Storage.of(dtype, Uint16Array.of(word), [1])) as [Storage, Storage];
      assert.equal(compareBitwise(a, b), undefined);
    }
  });

  it("wants integers, booleans and strings exactly", () => {
    for (const [dtype, e, a] of [
      ["int64", [1n, 2n ** 60n], [1n, 2n ** 60n + 1n]],
      ["bool", [true, false], [true, true]],
      ["string", ["a", "b"], ["a", "c"]],
      ["uint8", [1, 2], [1, 3]],
    ] as const) {
      assert.equal(one(Storage.from(dtype, e, [2]), Storage.from(dtype, e, [2])).ok, true);
      assert.equal(one(Storage.from(dtype, e, [2]), Storage.from(dtype, a, [2]), { rtol: 1, atol: 9 }).ok, false, dtype);
    }
  });

  it("says so when dtype or shape differ", () => {
    assert.match(one(f32([1, 2]), f32([1, 2], [2, 1])).problem ?? "", /it is float32\[2, 1\], expected float32\[2\]/);
    assert.match(one(f32([1]), Storage.from("float64", [1], [1])).problem ?? "", /float64/);
    assert.throws(() => compare([f32([1])], []), { code: "ShapeMismatch" });
  });

  it("accepts nothing but 0 where all is 0, short of atol and of the smallest steps there are", () => {
    assert.equal(one(f32([0, 0]), f32([0, -0])).ok, true);
    assert.equal(one(f32([0, 0]), f32([0, 1e-20])).ok, false);
    assert.equal(one(f32([0, 0]), f32([0, 1e-20]), { atol: 1e-12 }).ok, true);
    assert.equal(one(f32([0, 3 * 2 ** -149]), f32([0, 5 * 2 ** -149])).ok, true);
    assert.equal(one(f32([0, 1e-30]), f32([0, 1.001e-30])).ok, false);
  });

  it("accepts empty outputs and scalars", () => {
    const empty = one(f32([], [0, 5]), f32([], [0, 5]));
    assert.equal(empty.ok, true);
    assert.equal(empty.topk, undefined);
    assert.equal(one(f32([2], []), f32([2], [])).ok, true);
    assert.equal(one(f32([2], []), f32([2.1], [])).ok, false);
  });

  it("has a limit per dtype that grows with the length of sums, up to 1e-4", () => {
    assert.equal(defaultLimit("float32"), 8 * 2 ** -24);
    assert.equal(defaultLimit("float32", 400, 1), 8 * 20 * 2 ** -24);
    assert.equal(defaultLimit("float32", 1e6, 100), 1e-4);
    assert.equal(defaultLimit("float16", 1e6), 5e-3);
    assert.equal(defaultLimit("bfloat16"), 2e-2);
    for (const dtype of ["int64", "bool", "string"] as const satisfies readonly DType[]) assert.equal(defaultLimit(dtype), 0);
  });
});

describe("top-k agreement", () => {
  it("lists the largest, best first, of equal ones the lower index, NaN last", () => {
    assert.deepEqual(topIndices([1, 5, 5, Number.NaN, 3], 0, 5, 4), [1, 2, 4, 0]);
    assert.deepEqual(topIndices([Number.NaN, Number.NaN], 0, 2, 2), [0, 1]);
  });

  it("counts identical and tied rows", () => {
    const agreement = compareTopK([3, 2, 1, 3, 2.99, 1], [3, 2, 1, 2.99, 3, 1], [2, 3], 2, 0.01);
    assert.deepEqual(agreement, { k: 2, agrees: true, rows: 2, identical: 1, tied: 1, problem: undefined });
  });

  it("is no agreement when scores swap that are further apart than twice the error", () => {
    const agreement = compareTopK([3, 2, 1], [2, 3, 1], [3], 2, 0.4);
    assert.equal(agreement?.agrees, false);
    assert.match(agreement?.problem ?? "", /top-2 differs in row 0: entry 1 is 1, expected 0/);
  });

  it("is no agreement when a NaN took a place", () => {
    assert.equal(compareTopK([3, 2, 1], [Number.NaN, 2, 1], [3], 1, 0)?.agrees, false);
  });

  it("explains every swap of finite scores by the error of these scores", () => {
    const scores = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true, min: -100, max: 100 }), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(scores, scores, (e, a) => {
        const error = Math.max(...e.map((x, i) => Math.abs(x - (a[i] as number))));
        return compareTopK(e, a, [5], 3, error * (1 + 1e-12))?.agrees === true;
      }),
    );
  });

  it("is reported with its counts, and kept out with topk 0", () => {
    const o = one(f32([3, 2.999999, 1]), f32([2.999999, 3, 1]), { topk: 2 });
    assert.equal(o.ok, true);
    assert.deepEqual([o.topk?.identical, o.topk?.tied], [0, 1]);
    assert.equal(one(f32([3, 2]), f32([3, 2]), { topk: 0 }).topk, undefined);
  });
});
