import assert from "node:assert/strict";
import fc from "fast-check";
import { IngotError } from "../../src/errors/error.ts";
import type { Storage } from "../../src/tensor/storage.ts";
import { bothWays } from "../support/op-decomposition.ts";
import { largestDifference, randomTensors } from "../support/random-storage.ts";
import { f32, infer, run, sym } from "../support/run-op.ts";

const numbers = (list: readonly Storage[]) => list.map((s) => s.toNumbers());

describe("CausalConvWithState", () => {
  it("sums what came up to each place and remembers the end", () => {
    const x = f32([1, 1, 4], [1, 2, 3, 4]);
    const w = f32([1, 1, 2], [10, 1]);
    assert.deepEqual(numbers(run("CausalConvWithState", [x, w])), [[1, 12, 23, 34], [4]]);
    assert.deepEqual(numbers(run("CausalConvWithState", [x, w, f32([1], [100]), f32([1, 1, 1], [5])])), [[151, 112, 123, 134], [4]]);
    assert.deepEqual(numbers(run("CausalConvWithState", [x, f32([1, 1, 1], [2])])), [[2, 4, 6, 8], []]);
  });

  it("applies x · sigmoid(x)", () => {
    const y = run("CausalConvWithState", [f32([1, 1, 1], [2]), f32([1, 1, 1], [1])], { activation: "silu" })[0] as Storage;
    assert.ok(largestDifference(y.toNumbers(), [2 / (1 + Math.exp(-2))]) < 1e-6);
  });

  it("gives the same for a sequence in pieces, each with the state of the one before", () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 5 }), (seed, kernel, cut) => {
        const tensor = randomTensors(seed);
        const [x, w, b] = [tensor([2, 3, 6]), tensor([3, 1, kernel]), tensor([3])];
        const [whole, last] = run("CausalConvWithState", [x, w, b]) as [Storage, Storage];
        const piece = (from: number, n: number) => x.slice(2, from, n).contiguous();
        const [first, state] = run("CausalConvWithState", [piece(0, cut), w, b]) as [Storage, Storage];
        const [second, end] = run("CausalConvWithState", [piece(cut, 6 - cut), w, b, state]) as [Storage, Storage];
        const parts = [whole.slice(2, 0, cut), whole.slice(2, cut, 6 - cut)].map((s) => s.toNumbers());
        assert.ok(largestDifference(first.toNumbers(), parts[0] ?? []) < 1e-6);
        assert.ok(largestDifference(second.toNumbers(), parts[1] ?? []) < 1e-6);
        assert.deepEqual(end.toNumbers(), last.toNumbers());
      }),
    );
  });

  it("is its decomposition, and knows its types", () => {
    const tensor = randomTensors(1);
    const { kernel, decomposed } = bothWays("CausalConvWithState", [tensor([2, 3, 6]), tensor([3, 1, 4])], { activation: "swish" }, 2);
    assert.deepEqual(numbers(decomposed), numbers(kernel));
    assert.deepEqual(infer("CausalConvWithState", [sym("b", 3, "n"), sym(3, 1, 4)]), ["float[b,3,n]", "float[b,3,3]"]);
    assert.throws(
      () => infer("CausalConvWithState", [sym("b", 4, "n"), sym(3, 1, 4)]),
      (e) => e instanceof IngotError && e.code === "ShapeMismatch",
    );
    assert.throws(
      () => infer("CausalConvWithState", [sym("b", 3, "n"), sym(3, 1, 4)], { activation: "relu" }),
      (e) => e instanceof IngotError && e.code === "InvalidArgument",
    );
  });
});
