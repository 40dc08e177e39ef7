// What a model gave, for a reader and for a program.
import { softmax, topk } from "../eager/functions/reduce.ts";
import { Tensor } from "../eager/tensor.ts";
import { elementsOf } from "../equivalence/leaves.ts";
import { MapValue, OptionalValue, type RuntimeValue } from "../ops/runtime-value.ts";
import { isFloat } from "../tensor/dtype.ts";
import { Storage } from "../tensor/storage.ts";
import { jsonSafe } from "./console.ts";
import type { Labels } from "./labels.ts";

/** Containers as JSON has them: a list, `null` for what is absent, a record by key; tensors in them with their dtype and shape. */
function containerData(value: RuntimeValue): unknown {
  if (value instanceof Storage) return { dtype: value.dtype, shape: value.shape, values: Tensor.fromStorage(value).toArray() };
  if (value instanceof OptionalValue) return value.element === undefined ? null : containerData(value.element);
  if (!(value instanceof MapValue)) return value.map(containerData);
  const values = elementsOf(value.values);
  return Object.fromEntries(elementsOf(value.keys).map((key, i) => [String(key), values[i]]));
}

interface Described {
  readonly data: object;
  readonly text: string;
}

/** An output as data and as text: its scores with labels where `k` asks for them, else all its elements. */
export function describeOutput(name: string, value: RuntimeValue, k: number | undefined, labels: Labels | undefined): Described {
  // Sequences, optionals and maps have no table of scores.
  if (!(value instanceof Storage)) {
    const data = containerData(value);
    return { data: { name, value: data }, text: `${name} = ${JSON.stringify(data, jsonSafe, 1).replace(/\n\s*/g, " ")}` };
  }
  const t = Tensor.fromStorage(value);
  if (k !== undefined && isFloat(t.dtype) && t.rank > 0 && t.numel() > 0) return describeScores(name, t, k, labels);
  return { data: { name, dtype: t.dtype, shape: t.shape, values: t.toArray() }, text: `${name} = ${t}` };
}

function describeScores(name: string, t: Tensor, k: number, labels: Labels | undefined): Described {
  const classes = t.shape[t.rank - 1] as number;
  const scores = t.to("float32").reshape([-1, classes]);
  const probabilities = isDistribution(scores) ? scores : softmax(scores, -1);
  const { values, indices } = topk(probabilities, Math.min(k, classes));
  const rows = (indices.toArray() as number[][]).map((row, r) =>
    row.map((index, i) => ({ index, label: labels?.(index), probability: (values.toArray() as number[][])[r]?.[i] as number })),
  );
  const lines = rows.flatMap((row, r) => [
    ...(rows.length > 1 ? [`  row ${r}`] : []),
    ...row.map(({ index, label = "", probability }) =>
      `  ${String(index).padStart(6)}  ${(probability * 100).toFixed(2).padStart(6)} %  ${label}`.trimEnd(),
    ),
  ]);
  return {
    data: { name, dtype: t.dtype, shape: t.shape, topk: rows },
    text: [`${name}: top ${rows[0]?.length} of ${classes}`, ...lines].join("\n"),
  };
}

/** Whether every row is a distribution already: the model ends in a softmax, and a second one would flatten it. */
function isDistribution(scores: Tensor): boolean {
  const rows = scores.toArray() as number[][];
  return rows.every((row) => row.every((p) => p >= 0 && p <= 1) && Math.abs(row.reduce((a, b) => a + b, 0) - 1) < 1e-3);
}
