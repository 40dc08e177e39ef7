// Values that an operator's definition does not give a meaning to: each is an error that names it, before any kernel begins.
import assert from "node:assert/strict";
import type { Attributes } from "../../src/ir/schema.ts";
import { limitTensorMemory } from "../../src/tensor/memory.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { counting, f32, i64, result, run } from "../support/run-op.ts";

const strings = (...values: string[]) => Storage.from("string", values, [values.length]);

describe("an operator given what it has no meaning for", () => {
  const refused: readonly [
    what: string,
    op: string,
    inputs: readonly (Storage | undefined)[],
    attributes: Attributes,
    code: string,
    said: RegExp,
  ][] = [
    ["a norm below 1", "LpPool", [f32([1, 1, 2], [1, 2])], { kernel_shape: [2], p: 0 }, "InvalidArgument", /`p` to be a number from 1/],
    ["a norm of whole planes below 1", "GlobalLpPool", [f32([1, 1, 2], [1, 2])], { p: -1 }, "InvalidArgument", /`p`/],
    ["neighbours of a negative number", "LRN", [f32([1, 2], [1, 2])], { size: -3 }, "InvalidArgument", /`size` to be a number from 1/],
    ["a gap among inputs", "Max", [f32([1], [1]), undefined, f32([1], [2])], {}, "OperatorArity", /no gap at number 1/],
    ["one value instead of two", "OneHot", [i64([0]), i64([2], []), f32([1], [1])], {}, "ShapeMismatch", /values/],
    ["too few maps", "AffineGrid", [f32([1, 2, 3], [1, 0, 0, 0, 1, 0]), i64([2, 1, 2, 2])], {}, "ShapeMismatch", /theta/],
    ["an empty picture to enlarge", "Resize", [f32([1, 0], []), undefined, undefined, i64([1, 3])], {}, "ShapeMismatch", /dimension 1/],
    ["a picture without elements", "RoiAlign", [f32([1, 1, 0, 2], []), f32([1, 4], [0, 0, 1, 1]), i64([0])], {}, "ShapeMismatch", /X/],
    ["indices without tuples", "ScatterND", [f32([2], [1, 2]), i64([0], []), f32([], [3])], {}, "RankMismatch", /indices/],
    ["a window of other dimensions", "DeformConv", deformed(), { kernel_shape: [1] }, "InvalidArgument", /kernel_shape/],
    ["zero points for none", "DequantizeLinear", quantized([0]), {}, "ShapeMismatch", /zero point/],
    [
      "an activation that is none",
      "com.microsoft.FusedGemm",
      [f32([1, 1], [1]), f32([1, 1], [1])],
      { activation: "constructor" },
      "InvalidArgument",
      /activation/,
    ],
    [
      "two widths of three",
      "com.microsoft.Attention",
      projection(),
      { num_heads: 1, qkv_hidden_sizes: [1, 1] },
      "InvalidArgument",
      /qkv_hidden_sizes/,
    ],
    ["blocks of a negative size", "DequantizeLinear", quantized([2]), { block_size: -1 }, "InvalidArgument", /block_size/],
  ];
  for (const [what, op, inputs, attributes, code, said] of refused)
    it(`${op} refuses ${what}`, () => {
      assert.throws(() => run(op, inputs, attributes), { code, message: said });
    });

  const grams = { mode: "TF", ngram_counts: [0, 2], ngram_indexes: [0, 1, 2], pool_strings: ["a", "b", "a", "b"] };

  it("TfIdfVectorizer refuses lengths and gaps that are none", () => {
    for (const wrong of [{ min_gram_length: 0 }, { max_gram_length: 0 }, { max_skip_count: -1 }])
      assert.throws(
        () => run("TfIdfVectorizer", [strings("a")], { ...grams, min_gram_length: 1, max_gram_length: 2, max_skip_count: 0, ...wrong }),
        { code: "InvalidArgument", message: new RegExp(Object.keys(wrong)[0] as string) },
      );
  });

  it("TfIdfVectorizer looks no further than its pool and its rows reach", () => {
    const most = Number.MAX_SAFE_INTEGER;
    const attributes = { ...grams, min_gram_length: 1, max_gram_length: most, max_skip_count: most };
    assert.deepEqual(result("TfIdfVectorizer", [strings("a", "c", "b")], attributes).values, [1, 1, 1]);
  });

  it("Attention takes a negative scale for what it says", () => {
    const [q, k, v] = [f32([1, 1, 1, 1], [1]), f32([1, 1, 2, 1], [0, 1]), f32([1, 1, 2, 1], [0, 1])];
    const share = 1 / (1 + Math.exp(2));
    assert.ok(Math.abs((result("Attention", [q, k, v], { scale: -2 }).values[0] as number) - share) < 1e-6);
  });

  it("TreeEnsembleClassifier refuses votes for classes that are none, and votes without a weight", () => {
    const vote = (attributes: Attributes) => run("ai.onnx.ml.TreeEnsembleClassifier", [f32([1, 1], [1])], { ...oneLeaf, ...attributes });
    assert.throws(() => vote({ class_ids: [2 ** 31], class_weights: [1] }), {
      code: "InvalidArgument",
      message: /from 0 to 2, got 2147483648/,
    });
    assert.throws(() => vote({ class_ids: [1], class_weights: [] }), { code: "InvalidArgument", message: /weights/ });
    assert.deepEqual(vote({ class_ids: [2], class_weights: [5] })[1]?.toNumbers(), [0, 0, 5]);
  });

  it("says that a result is too large before it computes anything", () => {
    limitTensorMemory(2 ** 20);
    try {
      for (const [op, inputs, attributes] of [
        ["LpPool", [counting([1, 1, 4], "float64")], { kernel_shape: [1], pads: [2 ** 31, 0] }],
        ["ConvInteger", [counting([1, 1, 4], "uint8"), counting([1, 1, 1], "uint8")], { pads: [2 ** 31, 0] }],
        ["DFT", [f32([1, 2, 1], [1, 2]), i64([2 ** 31], [])], {}],
      ] as const)
        assert.throws(() => run(op, inputs, attributes), { code: "TensorTooLarge" }, op);
    } finally {
      limitTensorMemory(undefined);
    }
  });
});

/** One leaf that votes for a class. */
const oneLeaf = {
  nodes_treeids: [0],
  nodes_nodeids: [0],
  nodes_featureids: [0],
  nodes_modes: ["LEAF"],
  nodes_values: [0],
  nodes_truenodeids: [0],
  nodes_falsenodeids: [0],
  class_treeids: [0],
  class_nodeids: [0],
  classlabels_int64s: [0, 1, 2],
} as const;

/** X, W and offsets of a convolution with one tap. */
function deformed(): Storage[] {
  return [counting([1, 1, 2, 2]), counting([1, 1, 1, 1]), counting([1, 2, 2, 2])];
}

/** An input of one feature and its projection to query, key and value. */
function projection(): Storage[] {
  return [counting([1, 1, 1]), counting([1, 3]), counting([3])];
}

/** Two numbers, their two scales, and zero points of a shape. */
function quantized(zeroPoints: readonly number[]): Storage[] {
  return [counting([2, 2], "uint8"), f32([2], [1, 2]), counting(zeroPoints, "uint8")];
}
