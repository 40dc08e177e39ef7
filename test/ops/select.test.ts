// NonZero, Compress, Unique, Trilu, ReverseSequence, DepthToSpace, SpaceToDepth.
import assert from "node:assert/strict";
import { Storage } from "../../src/tensor/storage.ts";
import { counting, f32, i64, infer, result, run, sym } from "../support/run-op.ts";

const bools = (...v: boolean[]) => Storage.from("bool", v, [v.length]);

describe("operators that choose by value", () => {
  it("NonZero gives one column of indices per element", () => {
    assert.deepEqual(result("NonZero", [f32([2, 2], [1, 0, -0, 3])]), { shape: [2, 2], values: [0, 1, 0, 1] });
    assert.deepEqual(result("NonZero", [Storage.from("float16", [-0, 1], [2])]).values, [1]);
    assert.deepEqual(infer("NonZero", [sym("n", 3)]), ["int64[2,?]"]);
  });

  it("Compress keeps the slices whose condition is true", () => {
    assert.deepEqual(result("Compress", [counting([3, 2]), bools(false, true, true)], { axis: 0 }), {
      shape: [2, 2],
      values: [2, 3, 4, 5],
    });
    assert.deepEqual(result("Compress", [counting([3, 2]), bools(false, true)], { axis: 1 }).values, [1, 3, 5]);
    assert.deepEqual(result("Compress", [counting([2, 2]), bools(true, false, true)]).values, [0, 2]);
  });

  it("Unique sorts, and tells where, which and how often", () => {
    const outputs = run("Unique", [f32([5], [2, 1, 1, 3, 2])], {}, 4).map((s) => s.toNumbers());
    assert.deepEqual(outputs, [
      [1, 2, 3],
      [1, 0, 3],
      [1, 0, 0, 2, 1],
      [2, 2, 1],
    ]);
    assert.deepEqual(run("Unique", [f32([3], [2, 1, 2])], { sorted: 0 }, 1)[0]?.toNumbers(), [2, 1]);
    assert.deepEqual(run("Unique", [f32([2, 3], [1, 2, 1, 3, 4, 3])], { axis: 1 }, 1)[0]?.toNumbers(), [1, 2, 3, 4]);
  });

  it("Trilu keeps a triangle", () => {
    const x = f32([2, 3], [1, 2, 3, 4, 5, 6]);
    assert.deepEqual(result("Trilu", [x]).values, [1, 2, 3, 0, 5, 6]);
    assert.deepEqual(result("Trilu", [x], { upper: 0 }).values, [1, 0, 0, 4, 5, 0]);
    assert.deepEqual(result("Trilu", [x, i64([1], [])]).values, [0, 2, 3, 0, 0, 6]);
    assert.deepEqual(result("Trilu", [x, i64([-1], [])], { upper: 0 }).values, [0, 0, 0, 4, 0, 0]);
    assert.throws(() => run("Trilu", [counting([2])]), { code: "RankMismatch" });
  });

  it("ReverseSequence turns the beginnings around", () => {
    const x = counting([2, 3]);
    assert.deepEqual(result("ReverseSequence", [x, i64([2, 3])], { batch_axis: 0, time_axis: 1 }).values, [1, 0, 2, 5, 4, 3]);
    assert.deepEqual(result("ReverseSequence", [x, i64([1, 2, 0])]).values, [0, 4, 2, 3, 1, 5]);
    assert.throws(() => run("ReverseSequence", [x, i64([9, 1, 1])]), { code: "InvalidArgument" });
  });
});

describe("DepthToSpace and SpaceToDepth", () => {
  it("move blocks between channels and space", () => {
    const x = counting([1, 4, 1, 2]);
    assert.deepEqual(result("DepthToSpace", [x], { blocksize: 2 }), { shape: [1, 1, 2, 4], values: [0, 2, 1, 3, 4, 6, 5, 7] });
    const y = run("DepthToSpace", [x], { blocksize: 2 })[0] as Storage;
    assert.deepEqual(result("SpaceToDepth", [y], { blocksize: 2 }), { shape: [1, 4, 1, 2], values: x.toNumbers() });
    const deep = counting([1, 8, 1, 1]);
    assert.deepEqual(result("DepthToSpace", [deep], { blocksize: 2 }).values, [0, 2, 4, 6, 1, 3, 5, 7]);
    assert.deepEqual(result("DepthToSpace", [deep], { blocksize: 2, mode: "CRD" }).values, [0, 1, 2, 3, 4, 5, 6, 7]);
    assert.deepEqual(infer("DepthToSpace", [sym("n", 12, "h", "w")], { blocksize: 2 }), ["float[n,3,2*h,2*w]"]);
    assert.throws(() => run("DepthToSpace", [counting([1, 3, 1, 1])], { blocksize: 2 }), {
      code: "ShapeMismatch",
      summary: /a multiple of 4/,
    });
  });
});
