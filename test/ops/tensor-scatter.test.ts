import assert from "node:assert/strict";
import { IngotError } from "../../src/errors/error.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { counting, f32, i64, infer, result, run, sym } from "../support/run-op.ts";

describe("TensorScatter", () => {
  const cache = f32([2, 3, 1], [0, 0, 0, 0, 0, 0]);
  const update = f32([2, 2, 1], [1, 2, 3, 4]);

  it("writes each sequence's update at its own place, at the start by default", () => {
    assert.deepEqual(result("TensorScatter", [cache, update]).values, [1, 2, 0, 3, 4, 0]);
    assert.deepEqual(result("TensorScatter", [cache, update, i64([0, 1])]).values, [1, 2, 0, 0, 3, 4]);
    assert.deepEqual(cache.toNumbers(), [0, 0, 0, 0, 0, 0]);
  });

  it("goes on at the start of the cache when circular", () => {
    assert.deepEqual(result("TensorScatter", [cache, update, i64([2, 1])], { mode: "circular" }).values, [2, 0, 1, 0, 3, 4]);
    assert.deepEqual(result("TensorScatter", [cache, update, i64([5, 0])], { mode: "circular" }).values, [2, 0, 1, 3, 4, 0]);
  });

  it("writes along any axis after the batch, in any dtype", () => {
    const heads = counting([1, 2, 2, 2], "int4");
    const y = run("TensorScatter", [heads, Storage.from("int4", [-1, -2, -3, -4], [1, 2, 2, 1]), i64([1])], { axis: 3 })[0] as Storage;
    assert.deepEqual(y.toNumbers(), [0, -1, 2, -2, 4, -3, 6, -4]);
  });

  it("refuses what does not fit", () => {
    assert.throws(() => run("TensorScatter", [cache, update, i64([2, 0])]), { code: "InvalidArgument" });
    assert.throws(
      () => infer("TensorScatter", [sym("b", 3, 4), sym("b", 4, 4)]),
      (e) => e instanceof IngotError && e.code === "ShapeMismatch",
    );
    assert.throws(
      () => infer("TensorScatter", [sym("b", 3), sym("b", 3)], { axis: 0 }),
      (e) => e instanceof IngotError && e.code === "InvalidArgument",
    );
    assert.deepEqual(infer("TensorScatter", [sym("b", "n", 4), sym("b", 1, 4)]), ["float[b,n,4]"]);
  });
});
