// Linear models of ai.onnx.ml: LinearClassifier, LinearRegressor.
import { ingotError } from "../errors/error.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType } from "../ir/type.ts";
import { defineOp, floats_, int } from "./define.ts";
import { inputShape } from "./infer.ts";
import {
  chosenLabels,
  featureRows,
  features,
  indexOfLargest,
  inferScores,
  labelAttributes,
  labelsOf,
  postTransform,
  type Rows,
  requireTransform,
  rowsOf,
  scoreTensor,
  transformed,
} from "./ml-scores.ts";

/** One score per set of coefficients: w · x + b. */
function linear(
  coefficients: readonly number[],
  intercepts: readonly number[] | undefined,
  { width }: Rows,
  x: readonly number[],
): number[] {
  return Array.from({ length: coefficients.length / width }, (_, k) => {
    let sum = intercepts?.[k] ?? 0;
    for (let i = 0; i < width; i++) sum += (coefficients[k * width + i] as number) * (x[i] as number);
    return sum;
  });
}

/** There are `sets` coefficients for each feature. Throws `InvalidArgument`. */
function requireCoefficients(c: InferContext, coefficients: readonly number[], sets: number): void {
  const shape = inputShape(c, 0);
  const width = shape?.[shape.length - 1];
  if (coefficients.length % sets === 0 && (typeof width !== "number" || coefficients.length === sets * width)) return;
  throw ingotError("InvalidArgument", {
    op: c.op,
    name: "coefficients",
    expected: `${sets} numbers for each of ${width ?? "the"} features`,
    actual: `${coefficients.length} numbers`,
    hint: "The coefficients of one class or target stand together.",
  });
}

/** Scores of a linear model and the label of the largest. With one set of coefficients for two labels, the scores are −s and s. */
export const linearClassifier = defineOp("ai.onnx.ml.LinearClassifier", {
  since: [1],
  inputs: ["X: T1"],
  outputs: ["Y: T2", "Z: float32"],
  types: { T1: features, T2: ["string", "int64"] },
  attributes: { ...labelAttributes, coefficients: floats_.required, intercepts: floats_(), multi_class: int(0), ...postTransform },
  accuracy: "ulp",
  infer(c) {
    const a = c.attributes as { readonly classlabels_ints?: number[]; readonly classlabels_strings?: string[] };
    requireTransform(c.op, c.attributes.post_transform as string);
    const labels = labelsOf(c.op, a.classlabels_ints, a.classlabels_strings);
    const coefficients = c.attributes.coefficients as readonly number[];
    const shape = inputShape(c, 0);
    const width = shape?.[shape.length - 1];
    const sets =
      (c.attributes.intercepts as readonly number[] | undefined)?.length ??
      (typeof width === "number" ? coefficients.length / width : labels.list.length);
    requireCoefficients(c, coefficients, sets);
    if (sets > labels.list.length)
      throw ingotError("InvalidArgument", {
        op: c.op,
        name: "classlabels",
        expected: `a label for each of ${sets} scores`,
        actual: `${labels.list.length} labels`,
        hint: "Each class has a label, a row of coefficients and an intercept.",
      });
    return inferScores(c, labels, sets === 1 && labels.list.length === 2 ? 2 : sets);
  },
  eval({ X }, a, context) {
    const labels = labelsOf("LinearClassifier", a.classlabels_ints, a.classlabels_strings);
    const rows = featureRows(X);
    const chosen: number[] = [];
    const scores = Array.from({ length: rows.count }, (_, i) => {
      const raw = linear(a.coefficients, a.intercepts, rows, rows.row(i));
      const both = raw.length === 1 && labels.list.length === 2 ? [-(raw[0] as number), raw[0] as number] : raw;
      chosen.push(indexOfLargest(both));
      return transformed(a.post_transform, both);
    });
    return [chosenLabels(labels, chosen), scoreTensor(scores, context.shape(1)[1] as number)];
  },
});

/** `[N, targets]` values of a linear model. */
export const linearRegressor = defineOp("ai.onnx.ml.LinearRegressor", {
  since: [1],
  inputs: ["X: T"],
  outputs: ["Y: float32"],
  types: { T: features },
  attributes: { coefficients: floats_.required, intercepts: floats_(), ...postTransform, targets: int(1) },
  accuracy: "ulp",
  infer(c) {
    requireTransform(c.op, c.attributes.post_transform as string);
    const targets = c.attributes.targets as number;
    requireCoefficients(c, c.attributes.coefficients as readonly number[], targets);
    return [tensorType("float32", [rowsOf(c), targets])];
  },
  eval({ X }, { coefficients, intercepts, post_transform, targets }) {
    const rows = featureRows(X);
    const all = Array.from({ length: rows.count }, (_, i) =>
      transformed(post_transform, linear(coefficients, intercepts, rows, rows.row(i))),
    );
    return scoreTensor(all, targets);
  },
});
