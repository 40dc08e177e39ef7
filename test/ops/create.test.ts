// Constant, ConstantOfShape, Range, EyeLike, OneHot.
import assert from "node:assert/strict";
import { Storage } from "../../src/tensor/storage.ts";
import { counting, f32, graphOf, i64, infer, result, run, sym } from "../support/run-op.ts";

const scalar = (v: number, dtype: "int64" | "float32" | "float16" = "int64") => Storage.from(dtype, [v], []);

describe("Constant", () => {
  it("has seven forms", () => {
    const of = (attributes: Parameters<typeof run>[2]) => run("Constant", [], attributes)[0] as Storage;
    assert.deepEqual([of({ value_float: 1.5 }).dtype, of({ value_float: 1.5 }).shape], ["float32", []]);
    assert.deepEqual(of({ value_floats: [1, 2] }).toNumbers(), [1, 2]);
    assert.deepEqual([of({ value_int: 7 }).dtype, of({ value_int: 7 }).rank], ["int64", 0]);
    assert.deepEqual(of({ value_ints: [7, 8] }).toNumbers(), [7, 8]);
    assert.deepEqual(of({ value_string: "a" }).dense(), ["a"]);
    assert.deepEqual(of({ value_strings: ["a", "b"] }).shape, [2]);
    const value = counting([2]);
    assert.equal(of({ value }), value);
  });

  it("has one value", () => {
    assert.throws(() => run("Constant", []), { code: "InvalidArgument" });
    assert.throws(() => run("Constant", [], { value_int: 1, value_float: 2 }), {
      code: "InvalidArgument",
      summary: /value_float and value_int/,
    });
  });

  it("of integers is known as sizes", () => {
    const { graph } = graphOf([]);
    assert.deepEqual(graph.add("Constant", [], { value_ints: [2, -1] }).output.dims, [2, -1]);
  });
});

describe("ConstantOfShape", () => {
  it("fills, by default with float zeros", () => {
    assert.deepEqual(result("ConstantOfShape", [i64([2, 1])]), { shape: [2, 1], values: [0, 0] });
    assert.deepEqual(result("ConstantOfShape", [i64([])], { value: i64([5]) }), { shape: [], values: [5] });
    assert.deepEqual(result("ConstantOfShape", [i64([0])]).shape, [0]);
  });

  it("takes symbolic sizes, and refuses negative ones and sizes that overflow", () => {
    const { graph, values } = graphOf([sym("n", 3)]);
    const y = graph.add("ConstantOfShape", [graph.add("Shape", values).output]).output;
    assert.deepEqual(y.tensorType.shape?.map(String), ["n", "3"]);
    assert.throws(() => run("ConstantOfShape", [i64([-1])]), { code: "InvalidShape" });
    assert.throws(() => run("ConstantOfShape", [i64([2 ** 40, 2 ** 40])]), { code: "InvalidShape" });
    assert.throws(() => run("ConstantOfShape", [i64([1])], { value: f32([2], [1, 2]) }), { code: "InvalidArgument" });
  });
});

describe("Range", () => {
  it("counts up and down, and may be empty", () => {
    assert.deepEqual(result("Range", [scalar(1), scalar(8), scalar(3)]).values, [1, 4, 7]);
    assert.deepEqual(result("Range", [scalar(5), scalar(0), scalar(-2)]).values, [5, 3, 1]);
    assert.deepEqual(result("Range", [scalar(5), scalar(0), scalar(1)]).shape, [0]);
    assert.deepEqual(result("Range", [scalar(0, "float32"), scalar(1, "float32"), scalar(0.25, "float32")]).values, [0, 0.25, 0.5, 0.75]);
    assert.throws(() => run("Range", [scalar(0), scalar(3), scalar(0)]), { code: "InvalidArgument" });
  });

  it("over a symbolic size has that size", () => {
    const { graph, values } = graphOf([sym("s"), scalar(0), scalar(1), scalar(2), i64([0])]);
    const s = graph.add("Size", [values[0]]).output;
    assert.equal(String(graph.add("Range", [values[1], s, values[2]]).output.tensorType.shape?.[0]), "s");
    assert.equal(String(graph.add("Range", [values[1], s, values[3]]).output.tensorType.shape?.[0]), "floor((s + 1)/(2))");
  });
});

describe("EyeLike and OneHot", () => {
  it("EyeLike puts ones on a diagonal", () => {
    assert.deepEqual(result("EyeLike", [counting([2, 3])], { k: 1 }).values, [0, 1, 0, 0, 0, 1]);
    assert.equal(run("EyeLike", [counting([2, 2])], { dtype: 7 })[0]?.dtype, "int64");
    assert.throws(() => run("EyeLike", [counting([2, 2])], { dtype: 99 }), { code: "InvalidArgument" });
  });

  it("OneHot marks indices along a new axis, negative ones from the end, and none outside", () => {
    const values = f32([2], [0, 9]);
    assert.deepEqual(result("OneHot", [i64([0, -1, 5]), scalar(3), values]), { shape: [3, 3], values: [9, 0, 0, 0, 0, 9, 0, 0, 0] });
    assert.deepEqual(result("OneHot", [i64([1, 0]), scalar(2), values], { axis: 0 }).values, [0, 9, 9, 0]);
    assert.deepEqual(infer("OneHot", [{ dtype: "int64", shape: ["n"] }, scalar(4), values]), ["float[n,4]"]);
  });
});
