// Pad: the four modes, axes, negative pads, symbolic sizes, and Slice as its inverse.
import assert from "node:assert/strict";
import fc from "fast-check";
import { Storage } from "../../src/tensor/storage.ts";
import { counting, f32, i64, infer, result, run, sym } from "../support/run-op.ts";

describe("Pad", () => {
  const line = f32([3], [1, 2, 3]);

  it("shows a constant, the edge, the mirror image or the other end", () => {
    const by = (mode: string) => result("Pad", [line, i64([2, 3])], { mode }).values;
    assert.deepEqual(by("constant"), [0, 0, 1, 2, 3, 0, 0, 0]);
    assert.deepEqual(by("edge"), [1, 1, 1, 2, 3, 3, 3, 3]);
    assert.deepEqual(by("reflect"), [3, 2, 1, 2, 3, 2, 1, 2]);
    assert.deepEqual(by("wrap"), [2, 3, 1, 2, 3, 1, 2, 3]);
    assert.throws(() => by("mirror"), { code: "InvalidArgument", summary: /constant, edge, reflect, wrap/ });
  });

  it("takes all begins before all ends, a constant, and axes", () => {
    assert.deepEqual(result("Pad", [counting([1, 2]), i64([0, 1, 1, 0]), f32([], [9])]), { shape: [2, 3], values: [9, 0, 1, 9, 9, 9] });
    assert.deepEqual(result("Pad", [counting([1, 2]), i64([1, 0]), undefined, i64([-1])]).values, [0, 0, 1]);
    assert.deepEqual(run("Pad", [Storage.from("string", ["a"], [1]), i64([1, 0])])[0]?.dense(), ["", "a"]);
  });

  it("crops with negative pads", () => {
    assert.deepEqual(result("Pad", [line, i64([-1, 1])]).values, [2, 3, 0]);
    assert.deepEqual(result("Pad", [line, i64([1, -2])], { mode: "edge" }).values, [1, 1]);
    assert.throws(() => run("Pad", [line, i64([-2, -2])]), { code: "ShapeMismatch" });
  });

  it("refuses a wrong number of pads, and nothing to repeat", () => {
    assert.throws(() => run("Pad", [line, i64([1])]), { code: "InvalidArgument", summary: /2 numbers/ });
    assert.throws(() => run("Pad", [counting([0]), i64([1, 1])], { mode: "edge" }), { code: "ShapeMismatch" });
    assert.deepEqual(result("Pad", [counting([0]), i64([1, 1])]).values, [0, 0]);
  });

  it("infers symbolic sizes", () => {
    assert.deepEqual(infer("Pad", [sym("n", "h"), i64([0, 1, 0, 2])]), ["float[n,h + 3]"]);
    assert.deepEqual(infer("Pad", [sym("n", "h"), { dtype: "int64", shape: [4] }]), ["float[?,?]"]);
  });

  it("is undone by Slice, in every mode", () => {
    const amount = fc.integer({ min: 0, max: 4 });
    fc.assert(
      fc.property(fc.constantFrom("constant", "edge", "reflect", "wrap"), amount, amount, amount, amount, (mode, a, b, c, d) => {
        const x = counting([2, 3]);
        const [y] = run("Pad", [x, i64([a, b, c, d])], { mode }) as [Storage];
        assert.deepEqual(y.shape, [2 + a + c, 3 + b + d]);
        assert.deepEqual(result("Slice", [y, i64([a, b]), i64([a + 2, b + 3])]).values, x.toNumbers());
      }),
      { numRuns: 60 },
    );
  });
});
