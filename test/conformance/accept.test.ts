import assert from "node:assert/strict";
import { rejection } from "../../src/conformance/accept.ts";
import { tensorType } from "../../src/ir/type.ts";
import { MapValue, OptionalValue } from "../../src/ops/runtime-value.ts";
import type { DType } from "../../src/tensor/dtype.ts";
import { Storage } from "../../src/tensor/storage.ts";

const t = (values: readonly (number | bigint | string)[], dtype: DType = "float32", shape: readonly number[] = [values.length]) =>
  Storage.from(dtype, values, shape);

describe("accepting an output", () => {
  it("takes numbers within a thousandth, and names the first that is further away", () => {
    assert.equal(rejection(t([1000.9, 1]), t([1000, 1])), undefined);
    assert.equal(rejection(t([1001.5, 1]), t([1000, 1])), "element [0] is 1001.5, expected 1000");
    assert.equal(
      rejection(t([1, 2, 3, 5], "float32", [2, 2]), t([1, 2, 4, 4], "float32", [2, 2])),
      "element [1, 0] is 3, expected 4 (2 of 4 differ)",
    );
    assert.equal(rejection(t([9e-8]), t([0])), undefined);
    assert.notEqual(rejection(t([1e-6]), t([0])), undefined);
  });

  it("takes NaN for NaN and an infinity for itself only", () => {
    const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    assert.equal(rejection(t(odd), t(odd)), undefined);
    assert.equal(rejection(t([1]), t([Number.POSITIVE_INFINITY])), "element [0] is 1, expected Infinity");
    assert.equal(rejection(t([Number.NaN]), t([1])), "element [0] is NaN, expected 1");
    assert.equal(rejection(t([Number.POSITIVE_INFINITY]), t([1])), "element [0] is Infinity, expected 1");
  });

  it("compares what the bits of small floats and wide integers say", () => {
    assert.equal(rejection(t([1.5], "float16"), t([2], "float16")), "element [0] is 1.5, expected 2");
    assert.equal(rejection(t([2n ** 62n], "int64"), t([2n ** 62n], "int64")), undefined);
    assert.equal(rejection(t([1n], "int64"), t([3n], "int64")), "element [0] is 1, expected 3");
  });

  it("takes strings that are equal", () => {
    assert.equal(rejection(t(["a"], "string"), t(["a"], "string")), undefined);
    assert.equal(rejection(t(["a"], "string"), t(["b"], "string")), 'element [0] is "a", expected "b"');
  });

  it("asks for the same dtype, shape and kind", () => {
    assert.equal(rejection(t([1]), t([1], "float64")), "its dtype is float32, expected float64");
    assert.equal(rejection(t([1]), t([1], "float32", [1, 1])), "its shape is [1], expected [1, 1]");
    assert.equal(rejection([t([1])], t([1])), "it is a sequence, expected a tensor");
    assert.equal(rejection(undefined, t([1])), "it is absent, expected a tensor");
  });

  it("looks into sequences, optionals and maps", () => {
    assert.equal(rejection([t([1])], [t([1]), t([2])]), "it holds 1 values, expected 2");
    assert.equal(rejection([t([1]), t([3])], [t([1]), t([2])]), "value 1 of the sequence: element [0] is 3, expected 2");
    const type = tensorType("float32");
    assert.equal(rejection(new OptionalValue(type), new OptionalValue(type)), undefined);
    assert.equal(rejection(new OptionalValue(type), new OptionalValue(type, t([1]))), "it holds 0 values, expected 1");
    const map = (key: string) => new MapValue(t([key], "string"), t([1]));
    assert.equal(rejection(map("a"), map("b")), 'value 0 of the map: element [0] is "a", expected "b"');
  });

  it("compares no elements of random outputs", () => {
    assert.equal(rejection(t([1]), t([2]), true), undefined);
    assert.equal(rejection(t([1]), t([2, 3]), true), "its shape is [1], expected [2]");
  });
});
