// Gather*, Scatter*: hand-checked numbers, negative and wild indices, reductions, and scattering back what was gathered.
import assert from "node:assert/strict";
import fc from "fast-check";
import { Storage } from "../../src/tensor/storage.ts";
import { counting, f32, i64, infer, result, run, sym } from "../support/run-op.ts";

describe("Gather", () => {
  const x = counting([3, 2]);

  it("takes slices along an axis, negative indices from the end", () => {
    assert.deepEqual(result("Gather", [x, i64([2, 0])]), { shape: [2, 2], values: [4, 5, 0, 1] });
    assert.deepEqual(result("Gather", [x, i64([-1, 0], [1, 2])], { axis: 1 }), { shape: [3, 1, 2], values: [1, 0, 3, 2, 5, 4] });
  });

  it("of one scalar index is a view", () => {
    const [y] = run("Gather", [x, i64([1], [])], { axis: 1 }) as [Storage];
    assert.deepEqual([y.shape, y.toNumbers()], [[3], [1, 3, 5]]);
    assert.equal(y.data, x.data);
  });

  it("names an index outside", () => {
    assert.throws(() => run("Gather", [x, i64([3])]), {
      code: "IndexOutOfRange",
      summary: "Gather: index 3 is out of range for dimension 0 of size 3",
    });
    assert.throws(() => run("Gather", [x, i64([-4])]), { code: "IndexOutOfRange" });
  });

  it("infers symbolic sizes", () => {
    assert.deepEqual(infer("Gather", [sym(1000, 64), { dtype: "int64", shape: ["n", "s"] }]), ["float[n,s,64]"]);
  });
});

describe("GatherElements and GatherND", () => {
  it("GatherElements reads one element per index", () => {
    assert.deepEqual(result("GatherElements", [f32([2, 2], [1, 2, 3, 4]), i64([0, 0, 1, 0], [2, 2])], { axis: 1 }).values, [1, 1, 4, 3]);
    assert.deepEqual(result("GatherElements", [counting([3, 3]), i64([-1, -2, 0], [1, 3])]).values, [6, 4, 2]);
    assert.throws(() => run("GatherElements", [counting([2, 2]), i64([0, 0, 0], [3, 1])], { axis: 1 }), { code: "ShapeMismatch" });
  });

  it("GatherND reads one slice per tuple", () => {
    const x = counting([2, 2, 2]);
    assert.deepEqual(result("GatherND", [x, i64([0, 1, 1, 0], [2, 2])]), { shape: [2, 2], values: [2, 3, 4, 5] });
    assert.deepEqual(result("GatherND", [x, i64([1, 0], [2, 1])], { batch_dims: 1 }), { shape: [2, 2], values: [2, 3, 4, 5] });
    assert.throws(() => run("GatherND", [x, i64([0, 0, 0, 0], [1, 4])]), { code: "ShapeMismatch" });
    assert.throws(() => run("GatherND", [x, i64([2], [1, 1])]), { code: "IndexOutOfRange" });
    assert.deepEqual(infer("GatherND", [sym("n", 4, 5), { dtype: "int64", shape: ["k", 2] }]), ["float[k,5]"]);
  });
});

describe("ScatterElements and ScatterND", () => {
  it("write into a copy", () => {
    const x = counting([3]);
    assert.deepEqual(result("ScatterElements", [x, i64([2, 0]), f32([2], [8, 9])]).values, [9, 1, 8]);
    assert.deepEqual(result("ScatterND", [x, i64([-1], [1, 1]), f32([1], [7])]).values, [0, 1, 7]);
    assert.deepEqual(x.toNumbers(), [0, 1, 2]);
  });

  it("combine with what is there under a reduction", () => {
    const inputs = [f32([2], [2, 5]), i64([0, 0, 1]), f32([3], [3, 4, 1])];
    const by = (reduction: string) => result("ScatterElements", inputs, { reduction }).values;
    assert.deepEqual(
      [by("add"), by("mul"), by("max"), by("min")],
      [
        [9, 6],
        [24, 5],
        [4, 5],
        [2, 1],
      ],
    );
    assert.deepEqual(
      result("ScatterND", [counting([2, 2]), i64([1, 1], [2, 1]), f32([2, 2], [1, 2, 3, 4])], { reduction: "add" }).values,
      [0, 1, 6, 9],
    );
    assert.throws(() => by("average"), { code: "InvalidArgument" });
  });

  it("reduce float16, int64 and bool as the values they stand for", () => {
    const add = (dtype: "float16" | "int64" | "bool") =>
      result("ScatterElements", [Storage.from(dtype, [1], [1]), i64([0]), Storage.from(dtype, [1], [1])], { reduction: "add" }).values;
    assert.deepEqual([add("float16"), add("int64"), add("bool")], [[2], [2], [1]]);
  });

  it("refuse updates of another shape", () => {
    assert.throws(() => run("ScatterElements", [counting([3]), i64([0]), f32([2], [1, 2])]), {
      code: "ShapeMismatch",
      summary: /updates has shape \[2\], expected \[1\]/,
    });
    assert.throws(() => run("ScatterND", [counting([3, 2]), i64([0], [1, 1]), f32([1], [1])]), { code: "ShapeMismatch" });
  });

  it("scattering what was gathered changes nothing", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 }),
        fc.array(fc.integer({ min: -3, max: 2 }), { minLength: 27, maxLength: 27 }),
        (axis, places) => {
          const x = counting([3, 3, 3]);
          const indices = i64(places, [3, 3, 3]);
          const [y] = run("GatherElements", [x, indices], { axis });
          assert.deepEqual(result("ScatterElements", [x, indices, y as Storage], { axis }).values, x.toNumbers());
        },
      ),
      { numRuns: 30 },
    );
  });
});
