// Attention and MultiHeadAttention of com.microsoft: against ONNX Runtime, and against their decompositions.
import assert from "node:assert/strict";
import { IngotError } from "../../src/errors/error.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { type Case, describeAgreement } from "../support/onnxruntime-agreement.ts";
import { bothWays } from "../support/op-decomposition.ts";
import { largestDifference, randomTensors } from "../support/random-storage.ts";
import { infer, sym } from "../support/run-op.ts";

const random = randomTensors(99);
const i32 = (shape: readonly number[], ...values: number[]) => Storage.from("int32", values, shape);
const ms = (op: string) => `com.microsoft.${op}`;
const projected = () => [random([2, 3, 8]), random([8, 24]), random([24])];
const heads = { num_heads: 2 };

const cases: Readonly<Record<string, () => readonly Case[]>> = {
  Attention: () => [
    [ms("Attention"), projected(), heads],
    [ms("Attention"), projected(), { ...heads, unidirectional: 1, scale: 0.4 }],
    [ms("Attention"), [...projected(), i32([2, 3], 1, 1, 0, 1, 1, 1)], heads],
    [ms("Attention"), [...projected(), i32([2], 2, 3)], heads],
    [ms("Attention"), [...projected(), i32([4], 3, 2, 1, 0)], heads],
    [ms("Attention"), [...projected(), i32([2, 3, 3], 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 0)], heads],
    [ms("Attention"), [...projected(), undefined, random([2, 2, 2, 4, 4])], { ...heads, unidirectional: 1 }, 2],
    [ms("Attention"), [...projected(), undefined, undefined, random([1, 2, 3, 3])], heads],
    [ms("Attention"), [random([2, 3, 8]), random([8, 28]), random([28])], { ...heads, qkv_hidden_sizes: [8, 8, 12] }],
  ],
  MultiHeadAttention: () => [
    [ms("MultiHeadAttention"), [random([2, 3, 8]), random([2, 5, 8]), random([2, 5, 12])], heads],
    [ms("MultiHeadAttention"), [random([2, 3, 8]), random([2, 5, 8]), random([2, 5, 8]), random([24])], { ...heads, scale: 0.7 }],
    [
      ms("MultiHeadAttention"),
      [random([2, 3, 8]), random([2, 5, 8]), random([2, 5, 8]), undefined, i32([2, 5], 1, 1, 1, 0, 0, 1, 1, 1, 1, 1)],
      heads,
    ],
    [ms("MultiHeadAttention"), [random([2, 3, 8]), random([2, 5, 8]), random([2, 5, 8]), undefined, i32([2], 3, 5)], heads],
    [
      ms("MultiHeadAttention"),
      [
        random([2, 3, 8]),
        random([2, 3, 8]),
        random([2, 3, 8]),
        undefined,
        undefined,
        random([2, 2, 3, 7]),
        random([2, 2, 4, 4]),
        random([2, 2, 4, 4]),
      ],
      { ...heads, unidirectional: 1 },
      3,
    ],
    [ms("MultiHeadAttention"), [random([2, 3, 8]), random([2, 2, 5, 4]), random([2, 2, 5, 4])], heads],
  ],
};

describeAgreement("attention of com.microsoft agrees with ONNX Runtime", cases);

describe("attention of com.microsoft", () => {
  for (const [op, list] of Object.entries(cases))
    it(`${op} is its decomposition`, () => {
      for (const [name, inputs, attributes = {}, outputCount = 1] of list()) {
        const { kernel, decomposed } = bothWays(name, inputs, attributes, outputCount);
        kernel.forEach((own, i) => {
          assert.ok(largestDifference((decomposed[i] as Storage).toNumbers(), own.toNumbers()) < 1e-6, name);
        });
      }
    });

  it("knows its types for symbolic sizes", () => {
    assert.deepEqual(infer(ms("Attention"), [sym("b", "s", 8), sym(8, 24), undefined, undefined, sym(2, "b", 2, "p", 4)], heads, 2), [
      "float[b,s,8]",
      "float[2,b,2,p + s,4]",
    ]);
    assert.deepEqual(infer(ms("MultiHeadAttention"), [sym("b", "s", 8), sym("b", "t", 8), sym("b", "t", 12)], heads, 3), [
      "float[b,s,12]",
      "float[b,2,t,4]",
      "float[b,2,t,6]",
    ]);
  });

  it("refuses the forms that write caches in place, and weights that do not fit", () => {
    const refuses = (inputs: Parameters<typeof infer>[1], attributes: object, code: string) =>
      assert.throws(
        () => infer(ms("Attention"), inputs, { ...heads, ...attributes }),
        (e) => e instanceof IngotError && e.code === code,
      );
    refuses([sym("b", "s", 8), sym(8, 24)], { past_present_share_buffer: 1 }, "InvalidArgument");
    refuses([sym("b", "s", 8), sym(9, 24)], {}, "ShapeMismatch");
  });
});
