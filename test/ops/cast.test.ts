import assert from "node:assert/strict";
import fc from "fast-check";
import { convert } from "../../src/ops/cast.ts";
import { type DType, dtypeInfo } from "../../src/tensor/dtype.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { f32, graphOf, infer, run, sym } from "../support/run-op.ts";

const cast = (from: DType, values: readonly (number | bigint | string)[], to: DType) =>
  run("Cast", [Storage.from(from, values, [values.length])], { to: dtypeInfo(to).onnx })[0] as Storage;
const dense = (...args: Parameters<typeof cast>) => [...cast(...args).dense()];
const inf = Number.POSITIVE_INFINITY;

describe("Cast", () => {
  it("truncates floats to integers, ends at the range and makes NaN 0", () => {
    assert.deepEqual(dense("float32", [1.9, -1.9, 300, -300, Number.NaN, inf], "int8"), [1, -1, 127, -128, 0, 127]);
    assert.deepEqual(dense("float32", [-5, 1e20], "uint32"), [0, 4294967295]);
    assert.deepEqual(dense("float64", [2 ** 53, -inf, 1e30, Number.NaN, -2.5], "int64"), [
      2n ** 53n,
      -(2n ** 63n),
      2n ** 63n - 1n,
      0n,
      -2n,
    ]);
    assert.deepEqual(dense("float32", [-1, inf], "uint64"), [0n, 2n ** 64n - 1n]);
  });

  it("keeps the low bits between integers", () => {
    assert.deepEqual(dense("int32", [300, -1], "uint8"), [44, 255]);
    assert.deepEqual(dense("int64", [2n ** 32n + 5n, -1n], "int32"), [5, -1]);
    assert.deepEqual(dense("int64", [-1n], "uint64"), [2n ** 64n - 1n]);
    assert.deepEqual(dense("uint32", [2 ** 31], "int32"), [-(2 ** 31)]);
  });

  it("makes booleans of numbers and numbers of booleans", () => {
    assert.deepEqual(dense("float32", [0, -0, 0.5, Number.NaN], "bool"), [0, 0, 1, 1]);
    assert.deepEqual(dense("int64", [0n, 2n], "bool"), [0, 1]);
    assert.deepEqual(dense("bool", [0, 1], "int64"), [0n, 1n]);
    assert.deepEqual(cast("bool", [0, 1], "float16").toNumbers(), [0, 1]);
  });

  it("rounds once from float64 to float16", () => {
    // 1 + 2⁻¹¹ + 2⁻⁴⁰ lies just above a tie: by way of float32 it would become the tie and round down.
    assert.deepEqual(cast("float64", [1 + 2 ** -11 + 2 ** -40], "float16").toNumbers(), [1 + 2 ** -10]);
    assert.deepEqual(cast("float32", [65519, 65520], "float16").toNumbers(), [65504, inf]);
  });

  it("rounds once from int64 to float32", () => {
    // 2⁶⁰ + 2³⁶ + 1: float64 would drop the 1 and make a tie that rounds down.
    assert.deepEqual(dense("int64", [2n ** 60n + 2n ** 36n + 1n], "float32"), [2 ** 60 + 2 ** 37]);
    assert.deepEqual(dense("int64", [2n ** 60n + 2n ** 36n], "float32"), [2 ** 60]);
  });

  it("reads and writes numbers as text", () => {
    assert.deepEqual(dense("string", ["3.5", " -12 ", "1e3", "-inf", "NaN"], "float32"), [3.5, -12, 1000, -inf, Number.NaN]);
    assert.deepEqual(dense("string", ["9007199254740993"], "int64"), [9007199254740993n]);
    assert.deepEqual(dense("float32", [0.1, 1, 1e-7, Number.NaN, inf], "string"), ["0.1", "1.0", "1e-07", "nan", "inf"]);
    assert.deepEqual(dense("int64", [-5n], "string"), ["-5"]);
    assert.throws(() => cast("string", ["seven"], "float32"), { code: "InvalidArgument" });
  });

  it("rounds to integers of 4 and 2 bits and keeps the low bits", () => {
    assert.deepEqual(dense("float32", [-9, -8, 7, 8, 0.5, 1.5, Number.NaN, inf], "int4"), [7, -8, 7, -8, 0, 2, 0, 0]);
    assert.deepEqual(dense("int64", [-9n, 2n ** 40n + 3n], "uint4"), [7, 3]);
    assert.deepEqual(dense("float16", [-3, -2, 2, 3], "int2"), [1, -2, -2, -1]);
    assert.deepEqual(dense("string", ["5"], "uint2"), [1]);
    assert.deepEqual(dense("int4", [-8, 7], "string"), ["-8", "7"]);
    assert.deepEqual(dense("int4", [-8], "uint8"), [248]);
  });

  it("saturates small floats unless told otherwise, and rounds powers of two as asked", () => {
    const to = (dtype: DType, attributes: object) =>
      run("Cast", [f32([2], [1000, 3])], { to: dtypeInfo(dtype).onnx, ...attributes })[0]?.toNumbers();
    assert.deepEqual(to("float8e4m3fn", {}), [448, 3]);
    assert.deepEqual(to("float8e4m3fn", { saturate: 0 }), [Number.NaN, 3]);
    assert.deepEqual(to("float8e8m0", {}), [1024, 4]);
    assert.deepEqual(to("float8e8m0", { round_mode: "down" }), [512, 2]);
    assert.throws(() => to("float8e8m0", { round_mode: "sideways" }), { code: "InvalidArgument" });
    assert.deepEqual(dense("float8e4m3fn", [0.5, -448], "string"), ["0.5", "-448.0"]);
    assert.deepEqual(cast("float8e5m2", [57344], "float8e4m3fn").toNumbers(), [448]);
  });

  it("gives back the same storage for the same dtype", () => {
    const x = f32([1], [1]);
    assert.equal(convert(x, "float32"), x);
  });

  it("knows the output's type, and passes sizes on to integer dtypes", () => {
    assert.deepEqual(infer("Cast", [sym("n", 3)], { to: dtypeInfo("int64").onnx }), ["int64[n,3]"]);
    const { graph, values } = graphOf([sym("n", 3)]);
    const shape = graph.add("Shape", [values[0]]).output;
    assert.deepEqual(graph.add("Cast", [shape], { to: dtypeInfo("int32").onnx }).output.dims?.map(String), ["n", "3"]);
    assert.equal(graph.add("Cast", [shape], { to: dtypeInfo("float32").onnx }).output.dims, undefined);
  });

  it("names the dtypes when the number is none of them", () => {
    assert.throws(() => run("Cast", [f32([1], [1])], { to: 999 }), { code: "InvalidArgument" });
  });

  it("CastLike takes the dtype of its second input", () => {
    assert.deepEqual(run("CastLike", [f32([1], [2.5]), Storage.from("int32", [0], [1])])[0]?.toNumbers(), [2]);
  });

  it("text survives the way to float32 and back", () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true }), (x) => {
        const text = cast("float32", [x], "string").dense()[0] as string;
        assert.ok(Object.is(cast("string", [text], "float32").toNumbers()[0], x), `${x} as ${text}`);
      }),
    );
  });
});
