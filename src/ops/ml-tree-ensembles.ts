// The operators over decision trees, ai.onnx.ml: TreeEnsemble, TreeEnsembleRegressor, TreeEnsembleClassifier.
import { ingotError } from "../errors/error.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType } from "../ir/type.ts";
import { Storage } from "../tensor/storage.ts";
import { defineOp, floats_, int, ints, string, strings, tensor } from "./define.ts";
import { inputShape, inputType } from "./infer.ts";
import {
  chosenLabels,
  featureRows,
  features,
  indexOfLargest,
  inferScores,
  labelsOf,
  postTransform,
  requireTransform,
  rowsOf,
  scoreTensor,
  transformed,
  transformNames,
} from "./ml-scores.ts";
import { aggregates, type Forest, forestOfLists, forestOfSplits, requireVotes, voteOf } from "./ml-trees.ts";

const aggregateNames = Object.keys(aggregates);

/** Trees are read once for each node of a graph, by one list of its attributes; the other attributes have to be the same objects too. */
const forests = new WeakMap<object, { readonly attributes: object; readonly forest: Forest }>();

function forestFor(key: object, attributes: object, make: () => Forest): Forest {
  const known = forests.get(key);
  if (known && sameEntries(known.attributes, attributes)) return known.forest;
  const forest = make();
  forests.set(key, { attributes, forest });
  return forest;
}

function sameEntries(a: object, b: object): boolean {
  const others = new Map<string, unknown>(Object.entries(b));
  return Object.entries(a).every(([name, value]) => others.get(name) === value) && Object.keys(a).length === others.size;
}

/** No node asks for a feature that `X` does not have. Throws `ShapeMismatch`. */
function requireFeatures(c: InferContext, ids: readonly number[]): void {
  const shape = inputShape(c, 0);
  const width = shape?.[shape.length - 1];
  const most = ids.reduce((a, b) => Math.max(a, b), -1);
  if (typeof width !== "number" || most < width) return;
  throw ingotError("ShapeMismatch", {
    op: c.op,
    what: "X",
    actual: `[${shape?.join(", ")}]`,
    expected: `at least ${most + 1} features in the last dimension`,
    hint: `A node of the trees asks for feature ${most}.`,
  });
}

// ---- TreeEnsemble ----------------------------------------------------------------------------------------------------

const targetsOf = (given: number | undefined, ids: readonly number[]): number =>
  given ?? ids.reduce((most, id) => Math.max(most, id + 1), 1);

/** `[N, n_targets]` votes of trees whose inner nodes and leaves stand in lists of their own. */
export const treeEnsemble = defineOp("ai.onnx.ml.TreeEnsemble", {
  since: [5],
  inputs: ["X: T"],
  outputs: ["Y: T"],
  types: { T: ["float32", "float64", "float16"] },
  attributes: {
    aggregate_function: int(1),
    leaf_targetids: ints.required,
    leaf_weights: tensor.required,
    membership_values: tensor(),
    n_targets: int(),
    nodes_falseleafs: ints.required,
    nodes_falsenodeids: ints.required,
    nodes_featureids: ints.required,
    nodes_hitrates: tensor(),
    nodes_missing_value_tracks_true: ints(),
    nodes_modes: tensor.required,
    nodes_splits: tensor.required,
    nodes_trueleafs: ints.required,
    nodes_truenodeids: ints.required,
    post_transform: int(0),
    tree_roots: ints.required,
  },
  accuracy: "ulp",
  infer(c) {
    const a = c.attributes;
    requireTransform(c.op, transformNames[a.post_transform as number]);
    requireAggregate(c, aggregateNames[a.aggregate_function as number]);
    requireFeatures(c, a.nodes_featureids as readonly number[]);
    const targets = targetsOf(a.n_targets as number | undefined, a.leaf_targetids as readonly number[]);
    return [tensorType(inputType(c, 0).dtype, [rowsOf(c), targets])];
  },
  eval({ X }, a) {
    const targets = targetsOf(a.n_targets, a.leaf_targetids);
    const forest = forestFor(a.nodes_featureids, a, () => requireVotes("TreeEnsemble", forestOfSplits("TreeEnsemble", a), targets));
    const rows = featureRows(X);
    const aggregate = aggregates[aggregateNames[a.aggregate_function] as string] as (typeof aggregates)[string];
    const transform = transformNames[a.post_transform] as string;
    const all = Array.from({ length: rows.count }, (_, i) => transformed(transform, voteOf(forest, rows.row(i), targets, aggregate)));
    return Storage.from(X.dtype, all.flat(), [rows.count, targets]);
  },
});

function requireAggregate(c: InferContext, name: string | undefined): void {
  if (name !== undefined && Object.hasOwn(aggregates, name)) return;
  throw ingotError("InvalidArgument", {
    op: c.op,
    name: "aggregate_function",
    expected: aggregateNames.join(", "),
    actual: String(name ?? c.attributes.aggregate_function),
    hint: "It says how the votes of the trees become one number.",
  });
}

// ---- TreeEnsembleRegressor and TreeEnsembleClassifier ----------------------------------------------------------------

const listed = {
  base_values: floats_(),
  base_values_as_tensor: tensor(),
  nodes_falsenodeids: ints.required,
  nodes_featureids: ints.required,
  nodes_hitrates: floats_(),
  nodes_hitrates_as_tensor: tensor(),
  nodes_missing_value_tracks_true: ints(),
  nodes_modes: strings.required,
  nodes_nodeids: ints.required,
  nodes_treeids: ints.required,
  nodes_truenodeids: ints.required,
  nodes_values: floats_(),
  nodes_values_as_tensor: tensor(),
  ...postTransform,
} as const;

/** Doubles came in version 3; version 5 replaced both operators, so no graph asks for more than 3 because of them. */
const versions = {
  since: [1, 3],
  breaking: [1, 3],
  minVersion: ({ attributes }: { readonly attributes: object }) =>
    Object.keys(attributes).some((name) => name.endsWith("_as_tensor")) ? 3 : 1,
} as const;

const numbersOf = (list: readonly number[] | undefined, stored: Storage | undefined): readonly number[] =>
  stored?.toNumbers() ?? list ?? [];

/** `[N, n_targets]` votes of trees, plus the base values. */
export const treeEnsembleRegressor = defineOp("ai.onnx.ml.TreeEnsembleRegressor", {
  ...versions,
  inputs: ["X: T"],
  outputs: ["Y: float32"],
  types: { T: features },
  attributes: {
    ...listed,
    aggregate_function: string("SUM"),
    n_targets: int(),
    target_ids: ints.required,
    target_nodeids: ints.required,
    target_treeids: ints.required,
    target_weights: floats_(),
    target_weights_as_tensor: tensor(),
  },
  accuracy: "ulp",
  infer(c) {
    requireTransform(c.op, c.attributes.post_transform as string);
    requireAggregate(c, c.attributes.aggregate_function as string);
    requireFeatures(c, c.attributes.nodes_featureids as readonly number[]);
    const targets = targetsOf(c.attributes.n_targets as number | undefined, c.attributes.target_ids as readonly number[]);
    return [tensorType("float32", [rowsOf(c), targets])];
  },
  eval({ X }, a) {
    const weights = numbersOf(a.target_weights, a.target_weights_as_tensor);
    const votes = { trees: a.target_treeids, nodes: a.target_nodeids, targets: a.target_ids, weights };
    const targets = targetsOf(a.n_targets, a.target_ids);
    const op = "TreeEnsembleRegressor";
    const forest = forestFor(a.nodes_treeids, a, () => requireVotes(op, forestOfLists(op, { ...a, votes }), targets));
    const rows = featureRows(X);
    const base = numbersOf(a.base_values, a.base_values_as_tensor);
    const aggregate = aggregates[a.aggregate_function] as (typeof aggregates)[string];
    const all = Array.from({ length: rows.count }, (_, i) => {
      const sums = voteOf(forest, rows.row(i), targets, aggregate);
      return transformed(
        a.post_transform,
        sums.map((sum, k) => sum + (base[k] ?? 0)),
      );
    });
    return scoreTensor(all, targets);
  },
});

/**
 * The label with most votes, and the votes `[N, classes]`. Where all votes are for one of two classes, they are the score s of the second:
 * (1 − s, s) with the label by s > ½ if no weight is negative and nothing transforms them, else (−s, s) with the label by s > 0.
 */
export const treeEnsembleClassifier = defineOp("ai.onnx.ml.TreeEnsembleClassifier", {
  ...versions,
  inputs: ["X: T1"],
  outputs: ["Y: T2", "Z: float32"],
  types: { T1: features, T2: ["string", "int64"] },
  attributes: {
    ...listed,
    class_ids: ints.required,
    class_nodeids: ints.required,
    class_treeids: ints.required,
    class_weights: floats_(),
    class_weights_as_tensor: tensor(),
    classlabels_int64s: ints(),
    classlabels_strings: strings(),
  },
  accuracy: "ulp",
  infer(c) {
    const a = c.attributes as { readonly classlabels_int64s?: number[]; readonly classlabels_strings?: string[] };
    requireTransform(c.op, c.attributes.post_transform as string);
    requireFeatures(c, c.attributes.nodes_featureids as readonly number[]);
    const labels = labelsOf(c.op, a.classlabels_int64s, a.classlabels_strings);
    return inferScores(c, labels, labels.list.length);
  },
  eval({ X }, a) {
    const labels = labelsOf("TreeEnsembleClassifier", a.classlabels_int64s, a.classlabels_strings);
    const classes = labels.list.length;
    const weights = numbersOf(a.class_weights, a.class_weights_as_tensor);
    const votes = { trees: a.class_treeids, nodes: a.class_nodeids, targets: a.class_ids, weights };
    const op = "TreeEnsembleClassifier";
    const forest = forestFor(a.nodes_treeids, a, () => requireVotes(op, forestOfLists(op, { ...a, votes }), classes));
    const base = numbersOf(a.base_values, a.base_values_as_tensor);
    const [only, ...others] = new Set(a.class_ids);
    const binary = classes === 2 && others.length === 0 && only !== undefined;
    const positive = weights.every((w) => w >= 0) && a.post_transform === "NONE";
    const rows = featureRows(X);
    const chosen: number[] = [];
    const all = Array.from({ length: rows.count }, (_, i) => {
      const sums = voteOf(forest, rows.row(i), classes, aggregates.SUM as (typeof aggregates)[string]);
      if (!binary) {
        const scores = sums.map((sum, k) => sum + (base[k] ?? 0));
        chosen.push(indexOfLargest(scores));
        return transformed(a.post_transform, scores);
      }
      const s = (sums[only] as number) + (base[base.length - 1] ?? 0);
      chosen.push(s > (positive ? 0.5 : 0) ? 1 : 0);
      return transformed(a.post_transform, [positive ? 1 - s : -s, s]);
    });
    return [chosenLabels(labels, chosen), scoreTensor(all, classes)];
  },
});
