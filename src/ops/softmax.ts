// Softmax, LogSoftmax and Hardmax along one axis.

import type { InferContext } from "../ir/schema.ts";
import type { ValueType } from "../ir/type.ts";
import type { AxisSplit } from "../kernels/reduce.ts";
import { logSoftmaxF32, softmaxF32 } from "../kernels/softmax.ts";
import { floats } from "../tensor/dtype.ts";
import { elementCount, normalizeAxis } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { defineOp, int } from "./define.ts";
import { axisOf, inputShape, inputType } from "./infer.ts";
import { encodeNumbers, widened } from "./map-elements.ts";

const alongAxis = {
  since: [1, 11, 13],
  breaking: [13],
  inputs: ["input: T"],
  outputs: ["output: T"],
  types: { T: floats },
  attributes: { axis: int(-1) },
  infer: inferAlongAxis,
} as const;

/** The input's type, once `axis` is known to exist. */
function inferAlongAxis(c: InferContext): ValueType[] {
  const shape = inputShape(c, 0);
  if (shape) axisOf(c, c.attributes.axis as number, shape);
  return [inputType(c, 0)];
}

/** `exp(x) / Σ exp(x)` along `axis`. */
export const softmax = defineOp("Softmax", {
  ...alongAxis,
  accuracy: "ulp",
  eval: ({ input }, { axis }) => along("Softmax", input, axis, softmaxF32, softmaxF64),
});

/** `log(softmax(x))` along `axis`. */
export const logSoftmax = defineOp("LogSoftmax", {
  ...alongAxis,
  accuracy: "ulp",
  eval: ({ input }, { axis }) => along("LogSoftmax", input, axis, logSoftmaxF32, logSoftmaxF64),
});

/** 1 at the first maximum along `axis`, 0 elsewhere. */
export const hardmax = defineOp("Hardmax", {
  ...alongAxis,
  accuracy: "exact",
  eval: ({ input }, { axis }) => along("Hardmax", input, axis, hardmaxLanes, hardmaxLanes),
});

type F32 = Float32Array<ArrayBuffer>;
type F64 = Float64Array<ArrayBuffer>;

function along(
  op: string,
  x: Storage,
  axis: number,
  f32: (x: F32, split: AxisSplit, y: F32) => void,
  f64: (x: F64, split: AxisSplit, y: F64) => void,
): Storage {
  const split = splitAt(x.shape, normalizeAxis(op, axis, x.shape));
  if (x.dtype === "float64") {
    const y = Storage.empty("float64", x.shape);
    f64(x.dense() as F64, split, y.dense() as F64);
    return y;
  }
  if (x.dtype === "float32") {
    const y = Storage.empty("float32", x.shape);
    f32(x.dense() as F32, split, y.dense() as F32);
    return y;
  }
  const wide = Float64Array.from(widened(x).numbers());
  f64(wide, split, wide);
  return encodeNumbers(x.dtype, wide, x.shape);
}

/** `[outer, n, inner]` around one axis. */
export function splitAt(shape: readonly number[], axis: number): AxisSplit {
  return { outer: elementCount(shape.slice(0, axis)), n: shape[axis] as number, inner: elementCount(shape.slice(axis + 1)) };
}

function softmaxF64(x: F64, split: AxisSplit, y: F64): void {
  eachLaneOf(split, (start, end, step) => {
    const max = maximum(x, start, end, step);
    let sum = 0;
    for (let i = start; i < end; i += step) {
      const e = Math.exp((x[i] as number) - max);
      y[i] = e;
      sum += e;
    }
    for (let i = start; i < end; i += step) y[i] = (y[i] as number) / sum;
  });
}

function logSoftmaxF64(x: F64, split: AxisSplit, y: F64): void {
  eachLaneOf(split, (start, end, step) => {
    const max = maximum(x, start, end, step);
    let sum = 0;
    for (let i = start; i < end; i += step) sum += Math.exp((x[i] as number) - max);
    const log = Math.log(sum);
    for (let i = start; i < end; i += step) y[i] = (x[i] as number) - max - log;
  });
}

function hardmaxLanes(x: F32 | F64, split: AxisSplit, y: F32 | F64): void {
  eachLaneOf(split, (start, end, step) => {
    let best = start;
    for (let i = start; i < end; i += step) {
      if ((x[i] as number) > (x[best] as number)) best = i;
    }
    for (let i = start; i < end; i += step) y[i] = i === best ? 1 : 0;
  });
}

function maximum(x: F32 | F64, start: number, end: number, step: number): number {
  let max = Number.NEGATIVE_INFINITY;
  for (let i = start; i < end; i += step) max = Math.max(max, x[i] as number);
  return max;
}

/** Calls `visit` with the first place, the end and the step of each lane of a split. */
export function eachLaneOf({ outer, n, inner }: AxisSplit, visit: (start: number, end: number, step: number, lane: number) => void): void {
  if (n === 0) return;
  for (let o = 0; o < outer; o++) for (let i = 0; i < inner; i++) visit(o * n * inner + i, (o + 1) * n * inner, inner, o * inner + i);
}
