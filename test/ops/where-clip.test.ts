import assert from "node:assert/strict";
import { Storage } from "../../src/tensor/storage.ts";
import { f32, graphOf, i64, infer, result, run, sym } from "../support/run-op.ts";

const bools = (values: readonly number[], shape = [values.length]) => Storage.from("bool", values, shape);

describe("Where", () => {
  it("chooses element by element and broadcasts all three inputs", () => {
    assert.deepEqual(result("Where", [bools([1, 0], [2, 1]), f32([2], [1, 2]), f32([], [9])]), { shape: [2, 2], values: [1, 2, 9, 9] });
    assert.deepEqual([...(run("Where", [bools([1, 0]), i64([5, 6]), i64([7, 8])])[0] as Storage).dense()], [5n, 8n]);
    const text = (v: string[]) => Storage.from("string", v, [v.length]);
    assert.deepEqual([...(run("Where", [bools([1, 0]), text(["a", "b"]), text(["c", "d"])])[0] as Storage).dense()], ["a", "d"]);
  });

  it("knows symbolic shapes, and sizes under a constant condition", () => {
    assert.deepEqual(infer("Where", [{ dtype: "bool", shape: ["n", 1] }, sym(3), sym()]), ["float[n,3]"]);
    const { graph, values } = graphOf([sym("n", 3), bools([1, 0]), i64([7, 7])]);
    const shape = graph.add("Shape", [values[0]]).output;
    assert.deepEqual(graph.add("Where", [values[1], shape, values[2]]).output.dims?.map(String), ["n", "7"]);
  });
});

describe("Clip", () => {
  it("bounds on one side or on both", () => {
    const x = f32([3], [-5, 0, 5]);
    assert.deepEqual(result("Clip", [x, f32([], [-1]), f32([], [1])]).values, [-1, 0, 1]);
    assert.deepEqual(result("Clip", [x, undefined, f32([], [1])]).values, [-5, 0, 1]);
    assert.deepEqual(result("Clip", [x, f32([], [-1])]).values, [-1, 0, 5]);
    assert.equal(run("Clip", [x])[0], x);
  });

  it("gives the upper bound where the bounds cross, and leaves NaN", () => {
    assert.deepEqual(result("Clip", [f32([2], [0, Number.NaN]), f32([], [5]), f32([], [1])]).values, [1, Number.NaN]);
  });

  it("bounds integers and float16", () => {
    assert.deepEqual([...(run("Clip", [i64([-5, 5]), i64([-1], []), i64([1], [])])[0] as Storage).dense()], [-1n, 1n]);
    assert.deepEqual(result("Clip", [Storage.from("float16", [-5, 0.5], [2]), Storage.from("float16", [-1], [])]).values, [-1, 0.5]);
  });

  it("takes single numbers as bounds only", () => {
    assert.throws(() => run("Clip", [f32([2], [1, 2]), f32([2], [0, 0])]), { code: "ShapeMismatch" });
  });
});
