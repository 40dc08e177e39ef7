// ai.onnx.ml: features, labels, maps, linear models, support vectors and trees, with numbers that can be checked by hand.
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Attributes } from "../../src/ir/schema.ts";
import { formatType } from "../../src/ir/type.ts";
import type { OpDefinition } from "../../src/ops/define.ts";
import { evaluateOp } from "../../src/ops/evaluate.ts";
import { pairwiseProbabilities } from "../../src/ops/ml-probabilities.ts";
import { transformed } from "../../src/ops/ml-scores.ts";
import { registry } from "../../src/ops/registry.ts";
import { MapValue, type RuntimeValue } from "../../src/ops/runtime-value.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { f32, graphOf, i64, infer, result, run, sym } from "../support/run-op.ts";

const ml = (op: string) => `ai.onnx.ml.${op}`;
const texts = (...values: string[]) => Storage.from("string", values, [values.length]);
const call = (op: string, inputs: readonly RuntimeValue[], attributes: Attributes = {}) =>
  evaluateOp(registry.get(ml(op)) as OpDefinition, inputs, attributes);
const near = (actual: readonly number[], expected: readonly number[]) => {
  assert.equal(actual.length, expected.length);
  for (const [i, v] of actual.entries()) assert.ok(Math.abs(v - (expected[i] as number)) <= 1e-5, `${i}: ${v}, expected ${expected[i]}`);
};

describe("features of ai.onnx.ml", () => {
  const x = f32([2, 3], [1, 2, 3, 4, 5, 6]);

  it("are chosen by index, of a vector as one row", () => {
    assert.deepEqual(result(ml("ArrayFeatureExtractor"), [x, i64([2, 0])]), { shape: [2, 2], values: [3, 1, 6, 4] });
    assert.deepEqual(result(ml("ArrayFeatureExtractor"), [f32([3], [7, 8, 9]), i64([1], [1, 1])]), { shape: [1, 1], values: [8] });
    assert.throws(() => run(ml("ArrayFeatureExtractor"), [x, i64([3])]), { code: "IndexOutOfRange" });
    assert.deepEqual(infer(ml("ArrayFeatureExtractor"), [sym("n", 3), { dtype: "int64", shape: [2] }]), ["float[n,2]"]);
  });

  it("are cut at a threshold", () => {
    assert.deepEqual(result(ml("Binarizer"), [f32([3], [1, 1.5, 2])], { threshold: 1.5 }).values, [0, 0, 1]);
    const [whole] = run(ml("Binarizer"), [i64([1, 3])], { threshold: 1.5 }) as [Storage];
    assert.deepEqual([whole.dtype, whole.toNumbers()], ["int64", [0, 1]]);
  });

  it("are put side by side, cut or filled up", () => {
    const inputs = [x, f32([2, 1], [7, 8])];
    assert.deepEqual(result(ml("FeatureVectorizer"), inputs, { inputdimensions: [2, 2] }).values, [1, 2, 7, 0, 4, 5, 8, 0]);
    assert.deepEqual(result(ml("FeatureVectorizer"), inputs).shape, [2, 4]);
    assert.deepEqual(infer(ml("FeatureVectorizer"), [sym("n", 2), sym("n", 3)]), ["float[n,5]"]);
    assert.throws(() => run(ml("FeatureVectorizer"), [x, f32([1, 1], [7])]), { code: "ShapeMismatch" });
  });

  it("are filled where they are missing", () => {
    const gaps = f32([2, 2], [Number.NaN, 1, 2, Number.NaN]);
    const fill = { imputed_value_floats: [8, 9], replaced_value_float: Number.NaN };
    assert.deepEqual(result(ml("Imputer"), [gaps], fill).values, [8, 1, 2, 9]);
    assert.deepEqual(result(ml("Imputer"), [i64([0, 5])], { imputed_value_int64s: [3] }).values, [3, 5]);
    assert.throws(() => run(ml("Imputer"), [gaps], { imputed_value_int64s: [3] }), { code: "MissingAttribute" });
    assert.throws(() => run(ml("Imputer"), [gaps], { imputed_value_floats: [1, 2, 3] }), { code: "InvalidArgument" });
  });

  it("are scaled and normalised", () => {
    assert.deepEqual(result(ml("Scaler"), [x], { offset: [1, 2, 3], scale: [1, 10, 100] }).values, [0, 0, 0, 3, 30, 300]);
    const row = f32([1, 2], [-3, 4]);
    assert.deepEqual(result(ml("Normalizer"), [row], { norm: "MAX" }).values, [-0.75, 1]);
    near(result(ml("Normalizer"), [row], { norm: "L1" }).values, [-3 / 7, 4 / 7]);
    near(result(ml("Normalizer"), [row], { norm: "L2" }).values, [-0.6, 0.8]);
    assert.deepEqual(result(ml("Normalizer"), [f32([2], [0, 0])], { norm: "L2" }).values, [0, 0]);
  });

  it("become one-hot, and zeros where allowed", () => {
    const words = Storage.from("string", ["b", "?"], [2, 1]);
    assert.deepEqual(result(ml("OneHotEncoder"), [words], { cats_strings: ["a", "b"] }), { shape: [2, 1, 2], values: [0, 1, 0, 0] });
    assert.deepEqual(result(ml("OneHotEncoder"), [f32([1], [1.9])], { cats_int64s: [1, 2] }).values, [1, 0]);
    assert.throws(() => run(ml("OneHotEncoder"), [words], { cats_strings: ["a", "b"], zeros: 0 }), { code: "InvalidArgument" });
  });
});

describe("labels of ai.onnx.ml", () => {
  it("are encoded by key, the last of equal keys, with a default", () => {
    const attributes = { keys_strings: ["a", "b", "a"], values_int64s: [1, 2, 3], default_int64: 9 };
    assert.deepEqual(result(ml("LabelEncoder"), [texts("a", "b", "c")], attributes).values, [3, 2, 9]);
    const keys = { keys_floats: [Number.NaN, 1], values_strings: ["none", "one"] };
    assert.deepEqual(run(ml("LabelEncoder"), [f32([3], [Number.NaN, 1, 2])], keys)[0]?.dense(), ["none", "one", "_Unused"]);
  });

  it("may be tensors of other types", () => {
    const attributes = {
      keys_tensor: Storage.from("int32", [5, 6], [2]),
      values_tensor: Storage.from("float64", [0.5, 0.25], [2]),
      default_tensor: Storage.from("float64", [-1], [1]),
    };
    const [y] = run(ml("LabelEncoder"), [Storage.from("int32", [6, 7], [2])], attributes) as [Storage];
    assert.deepEqual([y.dtype, y.toNumbers()], ["float64", [0.25, -1]]);
    assert.throws(() => run(ml("LabelEncoder"), [f32([1], [5])], attributes), { code: "DTypeMismatch" });
    assert.throws(() => run(ml("LabelEncoder"), [f32([1], [5])], { keys_floats: [1] }), { code: "InvalidArgument" });
  });

  it("are mapped to strings and back", () => {
    const cats = { cats_int64s: [1, 2], cats_strings: ["x", "y"] };
    assert.deepEqual(run(ml("CategoryMapper"), [i64([2, 3])], cats)[0]?.dense(), ["y", "_Unused"]);
    assert.deepEqual(result(ml("CategoryMapper"), [texts("x", "?")], cats).values, [1, -1]);
  });
});

describe("maps of ai.onnx.ml", () => {
  it("are made of rows of scores", () => {
    const [list] = call("ZipMap", [f32([2, 2], [1, 2, 3, 4])], { classlabels_strings: ["a", "b"] });
    assert.ok(Array.isArray(list) && list[1] instanceof MapValue);
    assert.deepEqual(
      [list[1].keys.dense(), list[1].values.toNumbers()],
      [
        ["a", "b"],
        [3, 4],
      ],
    );
    const { graph, values } = graphOf([sym("n", 2)]);
    const type = graph.add(ml("ZipMap"), values, { classlabels_int64s: [1, 2] }).output.type;
    assert.equal(formatType(type), "seq(map(int64,float))");
    assert.throws(() => call("ZipMap", [f32([1, 3], [1, 2, 3])], { classlabels_int64s: [1, 2] }), { code: "ShapeMismatch" });
  });

  const map = new MapValue(i64([4, 1]), texts("7.5", "-2"));

  it("become rows by rising key, dense or sparse", () => {
    const row = (attributes: Attributes) => (call("CastMap", [map], attributes)[0] as Storage).dense();
    assert.deepEqual([...(row({}) as Float32Array)], [-2, 7.5]);
    assert.deepEqual(row({ cast_to: "TO_STRING" }), ["-2", "7.5"]);
    assert.deepEqual([...(row({ cast_to: "TO_INT64", map_form: "SPARSE", max_map: 6 }) as BigInt64Array)], [0n, -2n, 0n, 0n, 7n, 0n]);
    assert.throws(() => row({ map_form: "SPARSE", max_map: 3 }), { code: "IndexOutOfRange" });
    assert.throws(() => call("CastMap", [new MapValue(i64([1]), texts("x"))]), { code: "InvalidArgument" });
    assert.throws(() => call("CastMap", [f32([1], [1])]), { code: "KindMismatch" });
  });

  it("are ordered by a vocabulary", () => {
    const counts = new MapValue(texts("c", "a", "z"), i64([8, 4, 1]));
    const [y] = call("DictVectorizer", [counts], { string_vocabulary: ["a", "c", "b"] }) as [Storage];
    assert.deepEqual(
      [y.shape, y.toNumbers()],
      [
        [1, 3],
        [4, 8, 0],
      ],
    );
    const words = call("DictVectorizer", [map], { int64_vocabulary: [2, 4] })[0] as Storage;
    assert.deepEqual(words.dense(), ["", "7.5"]);
  });
});

describe("linear models of ai.onnx.ml", () => {
  it("score each class and take the best", () => {
    const attributes = { coefficients: [1, 0, 0, 1], intercepts: [0, 0.5], classlabels_strings: ["x", "y"] };
    const [labels, scores] = run(ml("LinearClassifier"), [f32([2, 2], [3, 1, 1, 3])], attributes, 2) as [Storage, Storage];
    assert.deepEqual(
      [labels.dense(), scores.toNumbers()],
      [
        ["x", "y"],
        [3, 1.5, 1, 3.5],
      ],
    );
    assert.deepEqual(infer(ml("LinearClassifier"), [sym("n", 2)], attributes, 2), ["string[n]", "float[n,2]"]);
  });

  it("give both sides of one score for two labels", () => {
    const attributes = { coefficients: [1], intercepts: [0], classlabels_ints: [5, 6], post_transform: "LOGISTIC" };
    const [labels, scores] = run(ml("LinearClassifier"), [f32([2, 1], [2, -2])], attributes, 2) as [Storage, Storage];
    assert.deepEqual(labels.toNumbers(), [6, 5]);
    near(scores.toNumbers(), [0.1192029, 0.8807971, 0.8807971, 0.1192029]);
    assert.deepEqual(run(ml("LinearClassifier"), [f32([0, 1], [])], attributes, 2)[1]?.shape, [0, 2]);
  });

  it("predict several targets of a row or of many", () => {
    const attributes = { coefficients: [1, 2, 3, 4], intercepts: [10, 20], targets: 2 };
    assert.deepEqual(result(ml("LinearRegressor"), [i64([1, 1])], attributes), { shape: [1, 2], values: [13, 27] });
    assert.deepEqual(result(ml("LinearRegressor"), [f32([0, 2], [])], attributes), { shape: [0, 2], values: [] });
    assert.throws(() => run(ml("LinearRegressor"), [f32([1, 3], [1, 2, 3])], attributes), { code: "InvalidArgument" });
    assert.throws(() => run(ml("LinearRegressor"), [i64([1, 1])], { ...attributes, post_transform: "TANH" }), { code: "InvalidArgument" });
  });
});

describe("post transforms of ai.onnx.ml", () => {
  it("are what their names say", () => {
    near(transformed("SOFTMAX", [0, Math.log(3)]), [0.25, 0.75]);
    near(transformed("SOFTMAX_ZERO", [0, Math.log(3), Math.log(1.5)]), [0, 2 / 3, 1 / 3]);
    near(transformed("LOGISTIC", [0, Math.log(3)]), [0.5, 0.75]);
    assert.deepEqual(transformed("NONE", [1, 2]), [1, 2]);
    assert.ok(Math.abs((transformed("PROBIT", [0.975])[0] as number) - 1.96) < 0.01);
  });
});

describe("support vector machines of ai.onnx.ml", () => {
  const base = { rho: [0.5], kernel_params: [1, 0, 2] };

  it("sum kernels with the support vectors", () => {
    const attributes = { ...base, n_supports: 2, support_vectors: [1, 0, 0, 1], coefficients: [2, -1] };
    const x = f32([1, 2], [3, 4]);
    const by = (kernel_type: string) => result(ml("SVMRegressor"), [x], { ...attributes, kernel_type }).values;
    near(by("LINEAR"), [2 * 3 - 4 + 0.5]);
    near(by("POLY"), [2 * 9 - 16 + 0.5]);
    near(by("RBF"), [2 * Math.exp(-20) - Math.exp(-18) + 0.5]);
    near(by("SIGMOID"), [2 * Math.tanh(3) - Math.tanh(4) + 0.5]);
    assert.throws(() => by("COSINE"), { code: "InvalidArgument" });
    assert.throws(() => run(ml("SVMRegressor"), [f32([1, 3], [1, 2, 3])], attributes), { code: "InvalidArgument" });
  });

  it("say whether a row belongs to the one class", () => {
    const attributes = { ...base, coefficients: [1], one_class: 1 };
    assert.deepEqual(result(ml("SVMRegressor"), [f32([2, 1], [1, -1])], attributes).values, [1, -1]);
  });

  it("let pairs of classes vote", () => {
    // One support vector per class, at 0, 1 and 2; each class is pulled towards its own.
    const attributes = {
      classlabels_strings: ["zero", "one", "two"],
      vectors_per_class: [1, 1, 1],
      support_vectors: [0, 1, 2],
      coefficients: [1, -1, -1, 1, 1, -1],
      rho: [0, 0, 0],
      kernel_type: "RBF",
      kernel_params: [1, 0, 0],
    };
    const [labels, scores] = run(ml("SVMClassifier"), [f32([3, 1], [-0.1, 1.1, 2.5])], attributes, 2) as [Storage, Storage];
    assert.deepEqual(labels.dense(), ["zero", "one", "two"]);
    assert.deepEqual(scores.shape, [3, 3]);
    const chances = { ...attributes, prob_a: [-2, -2, -2], prob_b: [0, 0, 0] };
    const [, probabilities] = run(ml("SVMClassifier"), [f32([1, 1], [0])], chances, 2) as [Storage, Storage];
    near([probabilities.toNumbers().reduce((a, b) => a + b, 0)], [1]);
  });

  it("make probabilities of pairs into probabilities of classes", () => {
    near(
      pairwiseProbabilities(2, [0.75]).map((p) => Math.round(p * 100) / 100),
      [0.75, 0.25],
    );
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 5 }), (weights) => {
        // Pairs that follow from probabilities p are consistent: p is the answer.
        const total = weights.reduce((a, b) => a + b, 0);
        const pairs = weights.flatMap((a, i) => weights.slice(i + 1).map((b) => a / (a + b)));
        const found = pairwiseProbabilities(weights.length, pairs);
        for (const [i, w] of weights.entries()) assert.ok(Math.abs((found[i] as number) - w / total) < 0.05);
      }),
    );
  });
});

describe("trees of ai.onnx.ml", () => {
  const stump = {
    nodes_treeids: [0, 0, 0],
    nodes_nodeids: [0, 1, 2],
    nodes_featureids: [1, 0, 0],
    nodes_modes: ["BRANCH_LT", "LEAF", "LEAF"],
    nodes_values: [0.5, 0, 0],
    nodes_truenodeids: [1, 0, 0],
    nodes_falsenodeids: [2, 0, 0],
  };
  const x = f32([3, 2], [9, 0, 9, 1, 9, Number.NaN]);
  const votes = { target_treeids: [0, 0], target_nodeids: [1, 2], target_ids: [0, 0], target_weights: [10, 20] };

  it("ask for a feature and go one way or the other", () => {
    assert.deepEqual(result(ml("TreeEnsembleRegressor"), [x], { ...stump, ...votes }), { shape: [3, 1], values: [10, 20, 20] });
    const missing = { ...stump, ...votes, nodes_missing_value_tracks_true: [1, 0, 0], base_values: [0.5] };
    assert.deepEqual(result(ml("TreeEnsembleRegressor"), [x], missing).values, [10.5, 20.5, 10.5]);
    const modes = {
      BRANCH_LEQ: [10, 10, 20],
      BRANCH_LT: [10, 20, 20],
      BRANCH_GT: [20, 20, 10],
      BRANCH_GTE: [20, 10, 10],
      BRANCH_EQ: [20, 10, 20],
      BRANCH_NEQ: [10, 20, 10],
    };
    const around = f32([3, 2], [0, 0, 0, 1, 0, 2]);
    for (const [mode, expected] of Object.entries(modes)) {
      const attributes = { ...stump, ...votes, nodes_modes: [mode, "LEAF", "LEAF"], nodes_values: [1, 0, 0] };
      assert.deepEqual(result(ml("TreeEnsembleRegressor"), [around], attributes).values, expected, mode);
    }
  });

  it("vote for classes", () => {
    const classes = {
      class_treeids: [0, 0, 0],
      class_nodeids: [1, 1, 2],
      class_ids: [0, 2, 1],
      class_weights: [3, 1, 5],
      classlabels_strings: ["a", "b", "c"],
    };
    const [labels, scores] = run(ml("TreeEnsembleClassifier"), [x], { ...stump, ...classes }, 2) as [Storage, Storage];
    assert.deepEqual(
      [labels.dense(), scores.toNumbers()],
      [
        ["a", "b", "b"],
        [3, 0, 1, 0, 5, 0, 0, 5, 0],
      ],
    );
    assert.deepEqual(infer(ml("TreeEnsembleClassifier"), [sym("n", 2)], { ...stump, ...classes }, 2), ["string[n]", "float[n,3]"]);
  });

  const split = {
    nodes_featureids: [0, 0],
    nodes_modes: Storage.from("uint8", [6, 0], [2]),
    nodes_splits: Storage.from("float32", [0, 1.5], [2]),
    nodes_truenodeids: [0, 1],
    nodes_trueleafs: [1, 1],
    nodes_falsenodeids: [1, 2],
    nodes_falseleafs: [0, 1],
    membership_values: Storage.from("float32", [3, 7, Number.NaN], [3]),
    leaf_targetids: [0, 1, 1],
    leaf_weights: Storage.from("float32", [1, 2, 4], [3]),
    tree_roots: [0],
  };

  it("ask for membership in a set, leaves in a list of their own", () => {
    const values = f32([4, 1], [7, 1, 2, 3]);
    assert.deepEqual(result(ml("TreeEnsemble"), [values], split).values, [1, 0, 0, 2, 0, 4, 1, 0]);
    assert.deepEqual(infer(ml("TreeEnsemble"), [sym("n", 1)], split), ["float[n,2]"]);
    const halves = run(ml("TreeEnsemble"), [Storage.from("float16", [7], [1, 1])], split) as [Storage];
    assert.deepEqual([halves[0].dtype, halves[0].toNumbers()], ["float16", [1, 0]]);
  });

  it("are read anew when an attribute changes", () => {
    const values = f32([1, 1], [7]);
    assert.deepEqual(result(ml("TreeEnsemble"), [values], split).values, [1, 0]);
    assert.deepEqual(
      result(ml("TreeEnsemble"), [values], { ...split, leaf_weights: Storage.from("float32", [8, 2, 4], [3]) }).values,
      [8, 0],
    );
  });

  it("that are no trees are refused, and so is a feature that is not there", () => {
    assert.throws(() => run(ml("TreeEnsembleRegressor"), [x], { ...stump, ...votes, nodes_truenodeids: [0, 0, 0] }), {
      code: "InvalidArgument",
    });
    assert.throws(() => run(ml("TreeEnsembleRegressor"), [x], { ...stump, ...votes, nodes_falsenodeids: [9, 0, 0] }), {
      code: "InvalidArgument",
    });
    assert.throws(() => run(ml("TreeEnsembleRegressor"), [f32([1, 1], [0])], { ...stump, ...votes }), { code: "ShapeMismatch" });
    assert.throws(() => run(ml("TreeEnsemble"), [f32([1, 1], [0])], { ...split, aggregate_function: 9 }), { code: "InvalidArgument" });
  });
});
