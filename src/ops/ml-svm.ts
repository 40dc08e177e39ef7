// Support vector machines of ai.onnx.ml: SVMClassifier, SVMRegressor. Source: C.-C. Chang and C.-J. Lin, "LIBSVM", 2011.
import { ingotError } from "../errors/error.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType } from "../ir/type.ts";
import { defineOp, floats_, int, ints, string } from "./define.ts";
import { inputShape, requireWord } from "./infer.ts";
import { pairwiseProbabilities } from "./ml-probabilities.ts";
import {
  chosenLabels,
  featureRows,
  features,
  indexOfLargest,
  inferScores,
  labelAttributes,
  labelsOf,
  logistic,
  postTransform,
  requireTransform,
  rowsOf,
  scoreTensor,
  transformed,
} from "./ml-scores.ts";

type Kernel = (a: readonly number[], b: readonly number[], parameters: readonly number[]) => number;

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);

/** Kernels by name; parameters are gamma, coef0 and degree. */
const kernels: Readonly<Record<string, Kernel>> = {
  LINEAR: dot,
  POLY: (a, b, [gamma = 0, coef0 = 0, degree = 0]) => (gamma * dot(a, b) + coef0) ** degree,
  RBF: (a, b, [gamma = 0]) => Math.exp(-gamma * a.reduce((sum, x, i) => sum + (x - (b[i] as number)) ** 2, 0)),
  SIGMOID: (a, b, [gamma = 0, coef0 = 0]) => Math.tanh(gamma * dot(a, b) + coef0),
};

const kernelAttributes = {
  coefficients: floats_.required,
  kernel_params: floats_(),
  kernel_type: string("LINEAR"),
  ...postTransform,
  rho: floats_.required,
  support_vectors: floats_(),
} as const;

interface Machine {
  readonly kernel_type: string;
  readonly kernel_params: readonly number[] | undefined;
  readonly coefficients: readonly number[];
  readonly rho: readonly number[];
  readonly support_vectors: readonly number[] | undefined;
}

/** The kernel of `x` with each support vector. */
function kernelRow({ kernel_type, kernel_params = [], support_vectors = [] }: Machine, count: number, x: readonly number[]): number[] {
  const kernel = kernels[kernel_type] as Kernel;
  return Array.from({ length: count }, (_, i) => kernel(support_vectors.slice(i * x.length, (i + 1) * x.length), x, kernel_params));
}

/** `count` support vectors fit the features, and there are enough coefficients and offsets. Throws `InvalidArgument`. */
function requireMachine(c: InferContext, count: number, coefficients: number, rho: number): void {
  const machine = c.attributes as unknown as Machine;
  requireTransform(c.op, c.attributes.post_transform as string);
  const hint = "The attributes are those of a trained machine, one list after the other.";
  const bad = (name: string, expected: string, actual: string) => {
    throw ingotError("InvalidArgument", { op: c.op, name, expected, actual, hint });
  };
  requireWord(c, "kernel_type", Object.keys(kernels), hint);
  const shape = inputShape(c, 0);
  const width = shape?.[shape.length - 1];
  const vectors = machine.support_vectors?.length ?? 0;
  if (count > 0 && typeof width === "number" && vectors !== count * width)
    bad("support_vectors", `${count} vectors of ${width} features`, `${vectors} numbers`);
  if (count > 0 && machine.coefficients.length < coefficients)
    bad("coefficients", `${coefficients} numbers`, `${machine.coefficients.length}`);
  if (count === 0 && typeof width === "number" && machine.coefficients.length !== coefficients * width)
    bad("coefficients", `${coefficients} for each of ${width} features`, `${machine.coefficients.length}`);
  if (machine.rho.length < rho) bad("rho", `${rho} numbers`, `${machine.rho.length}`);
}

// ---- SVMRegressor ----------------------------------------------------------------------------------------------------

/** Σ coefficient · kernel(support vector, x) + ρ, `[N, 1]`; a machine of one class gives 1 for what belongs to it and −1 for the rest. */
export const svmRegressor = defineOp("ai.onnx.ml.SVMRegressor", {
  since: [1],
  inputs: ["X: T"],
  outputs: ["Y: float32"],
  types: { T: features },
  attributes: { ...kernelAttributes, n_supports: int(0), one_class: int(0) },
  accuracy: "approximate",
  infer(c) {
    const count = c.attributes.n_supports as number;
    requireMachine(c, count, count > 0 ? count : 1, 1);
    return [tensorType("float32", [rowsOf(c), 1])];
  },
  eval({ X }, a) {
    const rows = featureRows(X);
    const all = Array.from({ length: rows.count }, (_, i) => {
      const x = rows.row(i);
      const terms = a.n_supports > 0 ? kernelRow(a, a.n_supports, x) : x;
      const sum = dot(terms, a.coefficients) + (a.rho[0] as number);
      return transformed(a.post_transform, [a.one_class ? (sum > 0 ? 1 : -1) : sum]);
    });
    return scoreTensor(all, 1);
  },
});

// ---- SVMClassifier ---------------------------------------------------------------------------------------------------

/** How the parts of a classifier hang together: with support vectors one machine per pair of classes, without one set of weights per class. */
interface ClassifierShape {
  readonly classes: number;
  readonly vectors: number;
  readonly pairs: number;
  readonly probabilities: boolean;
  /** Scores per row of the output. */
  readonly width: number;
}

function classifierShape(classes: number, perClass: readonly number[], probA: readonly number[] | undefined): ClassifierShape {
  const vectors = perClass.reduce((a, b) => a + b, 0);
  const pairs = (classes * (classes - 1)) / 2;
  const probabilities = vectors > 0 && (probA?.length ?? 0) > 0;
  return { classes, vectors, pairs, probabilities, width: vectors > 0 && !probabilities && classes > 2 ? pairs : classes };
}

/** The score of each pair of classes (i, j), i < j; above 0 it is for i. */
function pairScores(
  machine: Machine,
  perClass: readonly number[],
  vectors: number,
  x: readonly number[],
): { i: number; j: number; score: number }[] {
  const values = kernelRow(machine, vectors, x);
  const starts = perClass.map((_, k) => perClass.slice(0, k).reduce((a, b) => a + b, 0));
  const part = (row: number, k: number) => {
    let sum = 0;
    for (let v = starts[k] as number; v < (starts[k] as number) + (perClass[k] as number); v++)
      sum += (machine.coefficients[row * vectors + v] as number) * (values[v] as number);
    return sum;
  };
  const out: { i: number; j: number; score: number }[] = [];
  for (let i = 0; i < perClass.length; i++)
    for (let j = i + 1; j < perClass.length; j++)
      out.push({ i, j, score: part(j - 1, i) + part(i, j) + (machine.rho[out.length] as number) });
  return out;
}

/**
 * The label that most machines vote for, and the scores: of each pair of classes (for two classes: −s and s), or with `prob_a` and `prob_b`
 * the probability of each class; without support vectors, one linear score per class.
 */
export const svmClassifier = defineOp("ai.onnx.ml.SVMClassifier", {
  since: [1],
  inputs: ["X: T1"],
  outputs: ["Y: T2", "Z: float32"],
  types: { T1: features, T2: ["string", "int64"] },
  attributes: { ...labelAttributes, ...kernelAttributes, prob_a: floats_(), prob_b: floats_(), vectors_per_class: ints() },
  accuracy: "approximate",
  infer(c) {
    const a = c.attributes as { readonly [name: string]: readonly number[] | undefined };
    const labels = labelsOf(c.op, a.classlabels_ints, c.attributes.classlabels_strings as readonly string[] | undefined);
    const shape = classifierShape(labels.list.length, a.vectors_per_class ?? [], a.prob_a);
    const { classes, vectors, pairs, probabilities } = shape;
    if (
      (vectors > 0 && a.vectors_per_class?.length !== classes) ||
      (probabilities && (a.prob_a?.length !== pairs || a.prob_b?.length !== pairs))
    )
      throw ingotError("InvalidArgument", {
        op: c.op,
        name: "vectors_per_class",
        expected: `${classes} numbers, one per label, and ${pairs} each in prob_a and prob_b where they are given`,
        actual: `${a.vectors_per_class?.length ?? 0}, ${a.prob_a?.length ?? 0} and ${a.prob_b?.length ?? 0}`,
        hint: "There is one machine for each pair of classes.",
      });
    requireMachine(c, vectors, vectors > 0 ? (classes - 1) * vectors : classes, vectors > 0 ? pairs : 1);
    return inferScores(c, labels, shape.width);
  },
  eval({ X }, a) {
    const labels = labelsOf("SVMClassifier", a.classlabels_ints, a.classlabels_strings);
    const perClass = a.vectors_per_class ?? [];
    const shape = classifierShape(labels.list.length, perClass, a.prob_a);
    const rows = featureRows(X);
    const chosen: number[] = [];
    const all = Array.from({ length: rows.count }, (_, n) => {
      const x = rows.row(n);
      const { label, scores } = shape.vectors > 0 ? byVotes(a, perClass, shape, x) : byWeights(a, shape.classes, x);
      chosen.push(label);
      return transformed(a.post_transform, scores);
    });
    return [chosenLabels(labels, chosen), scoreTensor(all, shape.width)];
  },
});

interface Decision {
  readonly label: number;
  readonly scores: readonly number[];
}

interface Probabilities {
  readonly prob_a: readonly number[] | undefined;
  readonly prob_b: readonly number[] | undefined;
}

function byVotes(machine: Machine & Probabilities, perClass: readonly number[], shape: ClassifierShape, x: readonly number[]): Decision {
  const pairs = pairScores(machine, perClass, shape.vectors, x);
  const votes = new Array<number>(shape.classes).fill(0);
  for (const { i, j, score } of pairs) {
    const winner = score > 0 ? i : j;
    votes[winner] = (votes[winner] as number) + 1;
  }
  const label = indexOfLargest(votes);
  if (shape.probabilities) {
    // Platt's estimate for each pair, kept away from certainty.
    const estimates = pairs.map(({ score }, k) => {
      const p = 1 - logistic(score * (machine.prob_a?.[k] as number) + (machine.prob_b?.[k] as number));
      return Math.min(Math.max(p, 1e-7), 1 - 1e-7);
    });
    return { label, scores: pairwiseProbabilities(shape.classes, estimates) };
  }
  const scores = pairs.map((p) => p.score);
  return { label, scores: scores.length === 1 ? [-(scores[0] as number), scores[0] as number] : scores };
}

function byWeights(machine: Machine, classes: number, x: readonly number[]): Decision {
  const scores = Array.from(
    { length: classes },
    (_, k) => dot(x, machine.coefficients.slice(k * x.length, (k + 1) * x.length)) + (machine.rho[0] as number),
  );
  return { label: indexOfLargest(scores), scores };
}
