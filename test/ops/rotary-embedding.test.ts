import assert from "node:assert/strict";
import { IngotError } from "../../src/errors/error.ts";
import type { Storage } from "../../src/tensor/storage.ts";
import { bothWays } from "../support/op-decomposition.ts";
import { largestDifference, randomTensors } from "../support/random-storage.ts";
import { counting, f32, i64, infer, result, run, sym } from "../support/run-op.ts";

// A quarter turn (cos 0, sin 1) and none (cos 1, sin 0).
const cos = f32([2, 2], [1, 0, 0, 1]);
const sin = f32([2, 2], [0, 1, 1, 0]);

describe("RotaryEmbedding", () => {
  it("turns the two halves against each other by the angle of the position", () => {
    const x = f32([1, 1, 1, 4], [1, 2, 3, 4]);
    // Position 0 turns only the second pair, (2, 4); position 1 only the first, (1, 3).
    assert.deepEqual(result("RotaryEmbedding", [x, cos, sin, i64([0], [1, 1])]).values, [1, -4, 3, 2]);
    assert.deepEqual(result("RotaryEmbedding", [x, cos, sin, i64([1], [1, 1])]).values, [-3, 2, 1, 4]);
  });

  it("turns neighbours when interleaved", () => {
    const x = f32([1, 1, 1, 4], [1, 2, 3, 4]);
    assert.deepEqual(result("RotaryEmbedding", [x, cos, sin, i64([0], [1, 1])], { interleaved: 1 }).values, [1, 2, -4, 3]);
  });

  it("leaves the features beyond rotary_embedding_dim alone", () => {
    const x = f32([1, 1, 1, 4], [1, 2, 3, 4]);
    const quarter = [f32([1, 1, 1], [0]), f32([1, 1, 1], [1])];
    assert.deepEqual(result("RotaryEmbedding", [x, ...quarter], { rotary_embedding_dim: 2 }).values, [-2, 1, 3, 4]);
  });

  it("gives the same for heads that lie side by side", () => {
    const tensor = randomTensors(3);
    const [x, c, s] = [tensor([2, 3, 2, 4]), tensor([2, 3, 2]), tensor([2, 3, 2])];
    const apart = run("RotaryEmbedding", [x.transpose([0, 2, 1, 3]).contiguous(), c, s])[0] as Storage;
    const packed = run("RotaryEmbedding", [x.reshape([2, 3, 8]), c, s], { num_heads: 2 })[0] as Storage;
    assert.deepEqual(packed.shape, [2, 3, 8]);
    assert.deepEqual(packed.toNumbers(), apart.transpose([0, 2, 1, 3]).reshape([2, 3, 8]).toNumbers());
  });

  it("keeps lengths", () => {
    const tensor = randomTensors(4);
    const x = tensor([1, 2, 3, 6]);
    const angles = tensor([1, 3, 3]).toNumbers();
    const y = run("RotaryEmbedding", [x, f32([1, 3, 3], angles.map(Math.cos)), f32([1, 3, 3], angles.map(Math.sin))])[0] as Storage;
    const squares = (v: readonly number[]) =>
      Array.from({ length: 6 }, (_, row) => v.slice(6 * row, 6 * row + 6).reduce((sum, a) => sum + a * a, 0));
    assert.ok(largestDifference(squares(y.toNumbers()), squares(x.toNumbers())) < 1e-6);
  });

  it("is its decomposition", () => {
    const x = counting([2, 3, 8]);
    const inputs = [x, randomTensors(5)([9, 1]), randomTensors(6)([9, 1]), i64([0, 3, 8, 1, 1, 2], [2, 3])];
    const { kernel, decomposed } = bothWays("RotaryEmbedding", inputs, { num_heads: 2, rotary_embedding_dim: 2, interleaved: 1 });
    assert.deepEqual(decomposed[0]?.toNumbers(), kernel[0]?.toNumbers());
  });

  it("keeps the type of its input and says which cache does not fit", () => {
    assert.deepEqual(infer("RotaryEmbedding", [sym("b", 2, "s", 8), sym("p", 4), sym("p", 4), { dtype: "int64", shape: ["b", "s"] }]), [
      "float[b,2,s,8]",
    ]);
    const refuses = (shape: Parameters<typeof sym>, attributes: object, code: string) =>
      assert.throws(
        () => infer("RotaryEmbedding", [sym(...shape), sym("b", "s", 3), sym("b", "s", 3)], { ...attributes }),
        (e) => e instanceof IngotError && e.code === code,
      );
    refuses(["b", 2, "s", 8], {}, "ShapeMismatch");
    refuses(["b", "s", 8], {}, "InvalidArgument");
    refuses(["b", 2, "s", 8], { rotary_embedding_dim: 5 }, "ShapeMismatch");
  });
});
