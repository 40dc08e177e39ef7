import assert from "node:assert/strict";
import { compare } from "../../src/equivalence/compare.ts";
import type { DType } from "../../src/tensor/dtype.ts";
import { Storage } from "../../src/tensor/storage.ts";

describe("the limit of floats of 8 and 4 bits", () => {
  it("is one step of the largest element", () => {
    const agree = (dtype: DType, expected: number, actual: number) => {
      const of = (v: number) => Storage.from(dtype, [0, v], [2]);
      return compare([of(expected)], [of(actual)]).ok;
    };
    for (const [dtype, value, next, beyond] of [
      ["float8e4m3fn", 1, 1.125, 1.25],
      ["float8e5m2", 1, 1.25, 1.5],
      ["float8e4m3fnuz", 240, 224, 208],
      ["float4e2m1", 1, 1.5, 2],
    ] as const) {
      assert.ok(agree(dtype, value, next), dtype);
      assert.ok(!agree(dtype, value, beyond), dtype);
    }
  });
});
