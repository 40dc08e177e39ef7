// EmbedLayerNormalization, SkipSimplifiedLayerNormalization and RotaryEmbedding of com.microsoft: against ONNX Runtime, and against their
// decompositions.
import assert from "node:assert/strict";
import { Storage } from "../../src/tensor/storage.ts";
import { type Case, describeAgreement } from "../support/onnxruntime-agreement.ts";
import { bothWays } from "../support/op-decomposition.ts";
import { largestDifference, randomTensors } from "../support/random-storage.ts";
import { i64, infer, run, sym } from "../support/run-op.ts";

const random = randomTensors(98);
const ms = (op: string) => `com.microsoft.${op}`;
const ids = Storage.from("int32", [3, 1, 0, 4, 2, 2], [2, 3]);
const kinds = Storage.from("int32", [0, 1, 1, 0, 0, 1], [2, 3]);
const mask = Storage.from("int32", [1, 1, 0, 1, 1, 1], [2, 3]);
const tables = () => [random([5, 8]), random([6, 8])];
const scale = () => [random([8]), random([8])];

const cases: Readonly<Record<string, () => readonly Case[]>> = {
  EmbedLayerNormalization: () => [
    [ms("EmbedLayerNormalization"), [ids, kinds, ...tables(), random([2, 8]), ...scale(), mask], { epsilon: 1e-5, mask_index_type: 1 }, 2],
    [ms("EmbedLayerNormalization"), [ids, undefined, ...tables(), undefined, ...scale(), undefined, ids], { epsilon: 1e-5 }, 2],
    [ms("EmbedLayerNormalization"), [ids, kinds, ...tables(), random([2, 8]), ...scale(), mask], { epsilon: 1e-5 }, 3],
  ],
  SkipSimplifiedLayerNormalization: () => [
    [ms("SkipSimplifiedLayerNormalization"), [random([2, 3, 8]), random([2, 3, 8]), random([8])], { epsilon: 1e-5 }],
    [ms("SkipSimplifiedLayerNormalization"), [random([2, 3, 8]), random([2, 3, 8]), random([8]), random([8])], { epsilon: 1e-5 }],
  ],
  RotaryEmbedding: () => [
    [ms("RotaryEmbedding"), [random([2, 3, 16]), i64([0, 1, 2, 4, 5, 6], [2, 3]), random([9, 4]), random([9, 4])]],
    [ms("RotaryEmbedding"), [random([2, 3, 16]), i64([4]), random([9, 4]), random([9, 4])], { interleaved: 1 }],
    [ms("RotaryEmbedding"), [random([2, 2, 3, 8]), i64([1]), random([9, 4]), random([9, 4])]],
    [ms("RotaryEmbedding"), [random([2, 3, 16]), i64([1]), random([9, 2]), random([9, 2])], { num_heads: 2, rotary_embedding_dim: 4 }],
  ],
};

describeAgreement("embeddings of com.microsoft agree with ONNX Runtime", cases);

describe("embeddings of com.microsoft", () => {
  for (const [op, list] of Object.entries(cases))
    it(`${op} is its decomposition`, () => {
      for (const [name, inputs, attributes = {}, outputCount = 1] of list()) {
        const { kernel, decomposed } = bothWays(name, inputs, attributes, outputCount);
        kernel.forEach((own, i) => {
          assert.ok(largestDifference((decomposed[i] as Storage).toNumbers(), own.toNumbers()) < 1e-6, name);
        });
      }
    });

  it("SkipSimplifiedLayerNormalization gives the sum, and the statistics of it", () => {
    const [x, y] = [random([1, 4]), random([1, 4])];
    const [, mean, inverse, sum] = run(ms("SkipSimplifiedLayerNormalization"), [x, y, random([4])], { epsilon: 0 }, 4).map((s) =>
      s.toNumbers(),
    );
    const total = x.toNumbers().map((v, i) => v + (y.toNumbers()[i] as number));
    assert.ok(largestDifference(sum ?? [], total) < 1e-6);
    assert.ok(largestDifference(mean ?? [], [total.reduce((a, b) => a + b) / 4]) < 1e-6);
    assert.ok(largestDifference(inverse ?? [], [1 / Math.sqrt(total.reduce((a, b) => a + b * b, 0) / 4)]) < 1e-5);
  });

  it("know their types for symbolic sizes", () => {
    const int32 = (...shape: (number | string)[]) => ({ dtype: "int32" as const, shape });
    assert.deepEqual(
      infer(ms("EmbedLayerNormalization"), [int32("b", "s"), undefined, sym(5, 8), sym(9, 8), undefined, sym(8), sym(8)], {}, 2),
      ["float[b,s,8]", "int32[b]"],
    );
    assert.deepEqual(infer(ms("SkipSimplifiedLayerNormalization"), [sym("b", "s", 8), sym("b", "s", 8), sym(8)], {}, 4), [
      "float[b,s,8]",
      "float[b,s,1]",
      "float[b,s,1]",
      "float[b,s,8]",
    ]);
    assert.throws(() => infer(ms("RotaryEmbedding"), [sym("b", "s", 8), { dtype: "int64", shape: [3] }, sym(9, 4), sym(9, 4)]), {
      code: "ShapeMismatch",
    });
  });
});
