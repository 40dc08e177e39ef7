// Slice, Split, Concat, Tile: hand-checked numbers, clamping, symbolic sizes, and Slice against Array.prototype.slice.
import assert from "node:assert/strict";
import fc from "fast-check";
import { Storage } from "../../src/tensor/storage.ts";
import { counting, f32, graphOf, i64, infer, result, run, sym } from "../support/run-op.ts";

const FAR = Storage.from("int64", [2n ** 63n - 1n], [1]);
const FAR_BACK = Storage.from("int64", [-(2n ** 63n) + 1n], [1]);

describe("Slice", () => {
  const x = counting([4, 3]);

  it("cuts along the named axes, as a view", () => {
    assert.deepEqual(result("Slice", [x, i64([1]), i64([3])]).values, [3, 4, 5, 6, 7, 8]);
    assert.deepEqual(result("Slice", [x, i64([1, 0]), i64([2, 2]), i64([1, 0])]), { shape: [2, 1], values: [1, 4] });
    assert.equal(run("Slice", [x, i64([1]), i64([3])])[0]?.data, x.data);
  });

  it("counts negative bounds from the end and clamps the rest", () => {
    assert.deepEqual(result("Slice", [x, i64([-1]), FAR]).values, [9, 10, 11]);
    assert.deepEqual(result("Slice", [x, i64([9]), FAR]).shape, [0, 3]);
    assert.deepEqual(result("Slice", [x, i64([0]), i64([-9])]).shape, [0, 3]);
  });

  it("runs backwards with a negative step", () => {
    assert.deepEqual(result("Slice", [counting([4]), FAR, FAR_BACK, i64([0]), i64([-1])]).values, [3, 2, 1, 0]);
    assert.deepEqual(result("Slice", [counting([5]), i64([-1]), i64([0]), i64([0]), i64([-2])]).values, [4, 2]);
  });

  it("equals JavaScript's own slice for any bounds", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 6 }),
        fc.integer({ min: -9, max: 9 }),
        fc.integer({ min: -9, max: 9 }),
        fc.integer({ min: 1, max: 3 }),
        (n, from, to, step) => {
          const expected = Array.from({ length: n }, (_, i) => i)
            .slice(from, to)
            .filter((_, i) => i % step === 0);
          assert.deepEqual(result("Slice", [counting([n]), i64([from]), i64([to]), i64([0]), i64([step])]).values, expected);
        },
      ),
    );
  });

  it("running backwards undoes itself", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5 }), (n) => {
        const back = run("Slice", [counting([n]), i64([-1]), FAR_BACK, i64([0]), i64([-1])]);
        const again = run("Slice", [back[0] as Storage, i64([-1]), FAR_BACK, i64([0]), i64([-1])]);
        assert.deepEqual(again[0]?.toNumbers(), counting([n]).toNumbers());
      }),
    );
  });

  it("infers symbolic sizes", () => {
    const cut = (from: number, to: Storage, step = 1) => infer("Slice", [sym("n", "s"), i64([from]), to, i64([1]), i64([step])])[0];
    assert.equal(cut(0, FAR), "float[n,s]");
    assert.equal(cut(1, FAR), "float[n,s - 1]");
    assert.equal(cut(0, i64([-1])), "float[n,s - 1]");
    assert.equal(cut(-1, FAR), "float[n,1]");
    assert.equal(cut(0, i64([1])), "float[n,1]");
    assert.equal(cut(0, i64([10])), "float[n,min(s, 10)]");
    assert.equal(cut(0, FAR, 2), "float[n,floor((s + 1)/(2))]");
    assert.equal(infer("Slice", [sym("n", 8), i64([2]), i64([6]), i64([1])])[0], "float[n,4]");
  });

  it("takes a bound that is itself a size as lying inside the axis", () => {
    const { graph, values } = graphOf([sym("n", "s"), counting([64, 64])]);
    const size = graph.add("Shape", [values[0]], { start: 1 }).output;
    const zero = graph.addInitializer(i64([0]));
    assert.deepEqual(graph.add("Slice", [values[1], zero, size, zero]).output.tensorType.shape?.map(String), ["s", "64"]);
  });

  it("slices known contents", () => {
    const { graph, values } = graphOf([sym("n", 3, "h", "w"), i64([2]), i64([4])]);
    const shape = graph.add("Shape", [values[0]]).output;
    assert.deepEqual(graph.add("Slice", [shape, values[1], values[2]]).output.dims?.map(String), ["h", "w"]);
  });

  it("refuses a step of 0, repeated lengths that differ, and an axis that is not there", () => {
    assert.throws(() => run("Slice", [x, i64([0]), i64([1]), i64([0]), i64([0])]), { code: "InvalidArgument" });
    assert.throws(() => run("Slice", [x, i64([0]), i64([1, 2])]), { code: "InvalidArgument" });
    assert.throws(() => run("Slice", [x, i64([0]), i64([1]), i64([2])]), { code: "AxisOutOfRange" });
  });
});

describe("Split", () => {
  it("makes parts of the given sizes, as views", () => {
    const x = counting([2, 4]);
    const parts = run("Split", [x, i64([1, 3])], { axis: 1 }, 2);
    assert.deepEqual(
      parts.map((p) => p.toNumbers()),
      [
        [0, 4],
        [1, 2, 3, 5, 6, 7],
      ],
    );
    assert.equal(parts[1]?.data, x.data);
  });

  it("makes equal parts, the last one smaller where they do not fit", () => {
    assert.deepEqual(
      run("Split", [counting([7])], { num_outputs: 3 }, 3).map((p) => p.toNumbers()),
      [[0, 1, 2], [3, 4, 5], [6]],
    );
    assert.deepEqual(infer("Split", [sym("n", 6)], { num_outputs: 2, axis: -1 }, 2), ["float[n,3]", "float[n,3]"]);
  });

  it("refuses sizes that do not add up", () => {
    assert.throws(() => run("Split", [counting([4]), i64([1, 2])], {}, 2), { code: "ShapeMismatch", summary: /parts of sizes \[1, 2\]/ });
  });
});

describe("Concat and Tile", () => {
  it("Concat joins along one axis, from any strides", () => {
    const [t] = run("Transpose", [counting([2, 2])]) as [Storage];
    assert.deepEqual(result("Concat", [t, f32([2, 1], [8, 9])], { axis: 1 }), { shape: [2, 3], values: [0, 2, 8, 1, 3, 9] });
    assert.deepEqual(result("Concat", [f32([1], [1]), f32([0], []), f32([2], [2, 3])], { axis: -1 }).values, [1, 2, 3]);
    const [s] = run("Concat", [Storage.from("string", ["a"], [1]), Storage.from("string", ["b"], [1])], { axis: 0 }) as [Storage];
    assert.deepEqual(s.dense(), ["a", "b"]);
  });

  it("Concat undoes Split", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 0, max: 2 }),
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 4 }),
        (n, axis, sizes) => {
          const shape = [n, n, n];
          shape[axis] = sizes.reduce((a, b) => a + b, 0);
          const x = counting(shape);
          const parts = run("Split", [x, i64(sizes)], { axis }, sizes.length);
          assert.deepEqual(run("Concat", parts, { axis })[0]?.toNumbers(), x.toNumbers());
        },
      ),
      { numRuns: 50 },
    );
  });

  it("Concat adds symbolic sizes and names the input that does not fit", () => {
    assert.deepEqual(infer("Concat", [sym("n", "s", 4), sym("n", 1, 4)], { axis: 1 }), ["float[n,s + 1,4]"]);
    assert.deepEqual(infer("Concat", [sym("n", 4), sym(2, 4)], { axis: 1 }), ["float[2,8]"]);
    assert.throws(() => run("Concat", [counting([2, 2]), counting([3, 2])], { axis: 1 }), {
      code: "ShapeMismatch",
      summary: "Concat: input 1 has shape [3, 2], expected [2, ?]",
    });
  });

  it("Tile repeats the whole tensor", () => {
    assert.deepEqual(result("Tile", [counting([2, 2]), i64([1, 2])]).values, [0, 1, 0, 1, 2, 3, 2, 3]);
    assert.deepEqual(result("Tile", [counting([2]), i64([0])]).shape, [0]);
    assert.deepEqual(infer("Tile", [sym("n", 2), i64([2, 3])]), ["float[2*n,6]"]);
    assert.throws(() => run("Tile", [counting([2]), i64([1, 2])]), { code: "InvalidArgument" });
    assert.throws(() => run("Tile", [counting([2]), i64([-1])]), { code: "InvalidArgument" });
  });
});
