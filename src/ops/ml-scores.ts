// What the classifiers and regressors of ai.onnx.ml share: class labels, rows of features, and what is done to scores at the end.
import { ingotError } from "../errors/error.ts";
import { type Dim, unknownDim } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType, type ValueType } from "../ir/type.ts";
import type { DType } from "../tensor/dtype.ts";
import { Storage } from "../tensor/storage.ts";
import { ints, string, strings } from "./define.ts";
import { requireRank } from "./infer.ts";

/** What may be classified: numbers, which are read as float64. */
export const features: readonly DType[] = ["float32", "float64", "int64", "int32"];

/** The attributes of labels as LinearClassifier and SVMClassifier name them. */
export const labelAttributes = { classlabels_ints: ints(), classlabels_strings: strings() } as const;
export const postTransform = { post_transform: string("NONE") } as const;

/** The labels of classes, strings or integers. */
export interface Labels {
  readonly dtype: "string" | "int64";
  readonly list: readonly (string | number)[];
}

/** The one list of labels that is given. Throws `InvalidArgument`. */
export function labelsOf(op: string, integers: readonly number[] | undefined, texts: readonly string[] | undefined): Labels {
  if (texts?.length && !integers?.length) return { dtype: "string", list: texts };
  if (integers?.length && !texts?.length) return { dtype: "int64", list: integers };
  throw ingotError("InvalidArgument", {
    op,
    name: "classlabels",
    expected: "either integers or strings",
    actual: texts?.length ? "both" : "neither",
    hint: "One list says the labels of the classes.",
  });
}

/** The labels of the classes at `indices`, `[N]`. */
export function chosenLabels({ dtype, list }: Labels, indices: readonly number[]): Storage {
  return Storage.from(
    dtype,
    indices.map((i) => list[i] as string | number),
    [indices.length],
  );
}

/** `[N]` labels and `[N, width]` scores for rows of features. */
export function inferScores(c: InferContext, labels: Labels, width: number): ValueType[] {
  const rows = rowsOf(c);
  return [tensorType(labels.dtype, [rows]), tensorType("float32", [rows, width])];
}

/** The number of rows of `X: [N, C]`, or of the one row `[C]`. */
export function rowsOf(c: InferContext): Dim {
  const shape = requireRank(c, 0, "X", 1, 2);
  return shape ? (shape.length === 1 ? 1 : (shape[0] as Dim)) : unknownDim();
}

/** Rows of features as numbers. */
export interface Rows {
  readonly count: number;
  readonly width: number;
  readonly row: (i: number) => readonly number[];
}

export function featureRows(X: Storage): Rows {
  const width = X.shape[X.rank - 1] as number;
  const all = X.toNumbers();
  return { count: X.rank === 1 ? 1 : (X.shape[0] as number), width, row: (i) => all.slice(i * width, (i + 1) * width) };
}

/** Scores of rows of equal length, as float32 `[N, width]`. */
export function scoreTensor(rows: readonly (readonly number[])[], width: number): Storage {
  return Storage.from("float32", rows.flat(), [rows.length, width]);
}

export function indexOfLargest(values: readonly number[]): number {
  let best = 0;
  for (const [i, v] of values.entries()) if (v > (values[best] as number)) best = i;
  return best;
}

// ---- post transforms -------------------------------------------------------------------------------------------------

export const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

function softmax(values: readonly number[]): number[] {
  const most = Math.max(...values);
  const powers = values.map((v) => Math.exp(v - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((p) => p / sum);
}

/** As softmax, but what is zero stays zero. */
function softmaxZero(values: readonly number[]): number[] {
  const most = Math.max(...values);
  const powers = values.map((v) => (Math.abs(v) > 1e-7 ? Math.exp(v - most) : v * Math.exp(-most)));
  const sum = powers.reduce((a, b) => a + b, 0);
  return sum === 0 ? values.map(() => 0.5) : powers.map((p) => p / sum);
}

/** √2 · erf⁻¹(2p − 1), by the approximation that runtimes agree on. Source: S. Winitzki, 2008. */
function probit(p: number): number {
  const x = 2 * p - 1;
  const log = Math.log((1 - x) * (1 + x));
  const v = 2 / (Math.PI * 0.147) + 0.5 * log;
  return Math.SQRT2 * Math.sign(x) * Math.sqrt(Math.sqrt(v * v - log / 0.147) - v);
}

const transforms: Readonly<Record<string, (row: readonly number[]) => readonly number[]>> = {
  NONE: (row) => row,
  SOFTMAX: softmax,
  LOGISTIC: (row) => row.map(logistic),
  SOFTMAX_ZERO: softmaxZero,
  PROBIT: (row) => row.map(probit),
};

/** The names of post transforms by the numbers of TreeEnsemble-5. */
export const transformNames = Object.keys(transforms);

/** Transforms a row of scores. */
export function transformed(name: string, row: readonly number[]): readonly number[] {
  return (transforms[name] as (typeof transforms)[string])(row);
}

/** Throws `InvalidArgument` unless the post transform is one of ONNX's. */
export function requireTransform(op: string, name: string | undefined): void {
  if (name !== undefined && Object.hasOwn(transforms, name)) return;
  throw ingotError("InvalidArgument", {
    op,
    name: "post_transform",
    expected: transformNames.join(", "),
    actual: String(name),
    hint: "NONE gives the scores as they are.",
  });
}
