// The Reduce family: sums, means, extrema, products and norms over any axes. Floats are accumulated in float64 in the order of
// the elements and rounded once; integers wrap around.

import { addDims, type Dim, isUnknownDim, maxDims, minDims, productOfDims } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType, type ValueType } from "../ir/type.ts";
import { maxF32, meanF32, minF32, sumF32 } from "../kernels/reduce.ts";
import { type BigArray, type DType, floats, type NumberArray } from "../tensor/dtype.ts";
import { normalizeAxes } from "../tensor/shape.ts";
import type { Storage } from "../tensor/storage.ts";
import { defineOp, type EvalContext, int } from "./define.ts";
import type { DimContents } from "./dim-arithmetic.ts";
import { axisOf, constantInts, inputShape, inputType, unknownShape } from "./infer.ts";
import { maxBig, minBig } from "./map-elements.ts";
import { type ReduceRule, reduceAxes } from "./reduce-lanes.ts";

const summable: readonly DType[] = [...floats, "int32", "int64", "uint32", "uint64"];
const comparable: readonly DType[] = [...summable, "int8", "uint8", "bool"];

const reduction = {
  since: [1, 11, 13, 18],
  breaking: [18],
  inputs: ["data: T", "axes?: int64"],
  outputs: ["reduced: T"],
  types: { T: summable },
  attributes: { keepdims: int(1), noop_with_empty_axes: int(0) },
  accuracy: "ulp",
  infer: inferReduce,
} as const;

type ReduceInputs = { readonly data: Storage; readonly axes: Storage | undefined };
type ReduceAttributes = { readonly keepdims: number; readonly noop_with_empty_axes: number };

/** The kernel of one rule: an absent or empty list of axes means all of them, or none with `noop_with_empty_axes`. */
const reduceBy =
  (op: string, rule: ReduceRule) =>
  ({ data, axes }: ReduceInputs, { noop_with_empty_axes }: ReduceAttributes, c: EvalContext): Storage => {
    const listed = axes === undefined || axes.size === 0 ? (noop_with_empty_axes ? [] : undefined) : axes.toNumbers();
    return reduceAxes(data, normalizeAxes(op, listed, data.shape), c.shape(0), rule);
  };

// ---- folds -----------------------------------------------------------------------------------------------------------

type NumberFold = (x: NumberArray, start: number, n: number, step: number) => number;

/** Σ term(x) in float64. */
const summing =
  (term: (v: number) => number): NumberFold =>
  (x, start, n, step) => {
    let sum = 0;
    for (let i = 0, at = start; i < n; i++, at += step) sum += term(x[at] as number);
    return sum;
  };

/** A fold modulo 2³². */
const wrapping =
  (first: number, next: (acc: number, v: number) => number): NumberFold =>
  (x, start, n, step) => {
    let acc = first;
    for (let i = 0, at = start; i < n; i++, at += step) acc = next(acc, x[at] as number) | 0;
    return acc;
  };

const folding =
  (first: number, next: (acc: number, v: number) => number): NumberFold =>
  (x, start, n, step) => {
    let acc = first;
    for (let i = 0, at = start; i < n; i++, at += step) acc = next(acc, x[at] as number);
    return acc;
  };

const foldingBig =
  (first: bigint, next: (acc: bigint, v: bigint) => bigint) =>
  (x: BigArray, start: number, n: number, step: number): bigint => {
    let acc = first;
    for (let i = 0, at = start; i < n; i++, at += step) acc = next(acc, x[at] as bigint);
    return acc;
  };

const plain = summing((v) => v);
const squares = summing((v) => v * v);
const absolutes = summing(Math.abs);
const bigSum = foldingBig(0n, (a, v) => a + v);
const bigSquares = foldingBig(0n, (a, v) => a + v * v);
const bigAbsolutes = foldingBig(0n, (a, v) => a + (v < 0n ? -v : v));

/** log Σ exp(x), shifted by the maximum so that nothing overflows. */
const logSumExp: NumberFold = (x, start, n, step) => {
  const max = folding(Number.NEGATIVE_INFINITY, Math.max)(x, start, n, step);
  if (!Number.isFinite(max)) return max;
  return max + Math.log(summing((v) => Math.exp(v - max))(x, start, n, step));
};

/** An integer form by way of float64, truncated; infinities (log 0) become 0, as a cast makes them. */
const viaFloats =
  (fold: NumberFold) =>
  (x: BigArray, start: number, n: number, step: number): bigint => {
    const lane = Float64Array.from({ length: n }, (_, i) => Number(x[start + i * step]));
    const value = Math.trunc(fold(lane, 0, n, 1));
    return Number.isFinite(value) ? BigInt(value) : 0n;
  };

const meanOf: NumberFold = (x, start, n, step) => plain(x, start, n, step) / n;
const norm: NumberFold = (x, start, n, step) => Math.sqrt(squares(x, start, n, step));
const logSum: NumberFold = (x, start, n, step) => Math.log(plain(x, start, n, step));

// ---- operators ---------------------------------------------------------------------------------------------------------

/** Sums, for operators that reduce on the way to something else. */
export const sumRule: ReduceRule = { float: plain, int: wrapping(0, (a, v) => a + v), big: bigSum, f32: sumF32 };

export const reduceSum = defineOp("ReduceSum", {
  ...reduction,
  since: [1, 11, 13],
  breaking: [13],
  inferDims: contents((dims) => dims.reduce(addDims, 0)),
  eval: reduceBy("ReduceSum", sumRule),
});

/** Integer means are truncated toward zero. */
export const reduceMean = defineOp("ReduceMean", {
  ...reduction,
  eval: reduceBy("ReduceMean", {
    float: meanOf,
    int: meanOf,
    big: (x, start, n, step) => (n === 0 ? 0n : bigSum(x, start, n, step) / BigInt(n)),
    f32: meanF32,
  }),
});

/** The maximum of nothing is −Infinity, or the lowest integer; NaN wins. */
export const reduceMax = defineOp("ReduceMax", {
  ...reduction,
  since: [1, 11, 12, 13, 18, 20],
  types: { T: comparable },
  accuracy: "exact",
  inferDims: contents((dims) => dims.reduce(maxDims)),
  eval: (inputs, attributes, c) => reduceBy("ReduceMax", extremum(inputs.data.dtype, true))(inputs, attributes, c),
});

/** The minimum of nothing is Infinity, or the highest integer; NaN wins. */
export const reduceMin = defineOp("ReduceMin", {
  ...reduction,
  since: [1, 11, 12, 13, 18, 20],
  types: { T: comparable },
  accuracy: "exact",
  inferDims: contents((dims) => dims.reduce(minDims)),
  eval: (inputs, attributes, c) => reduceBy("ReduceMin", extremum(inputs.data.dtype, false))(inputs, attributes, c),
});

export const reduceProd = defineOp("ReduceProd", {
  ...reduction,
  inferDims: contents(productOfDims),
  eval: reduceBy("ReduceProd", {
    float: folding(1, (a, v) => a * v),
    int: wrapping(1, Math.imul),
    big: foldingBig(1n, (a, v) => BigInt.asIntN(64, a * v)),
  }),
});

/** Σ |x| */
export const reduceL1 = defineOp("ReduceL1", {
  ...reduction,
  eval: reduceBy("ReduceL1", { float: absolutes, int: wrapping(0, (a, v) => a + Math.abs(v)), big: bigAbsolutes }),
});

/** √Σ x² */
export const reduceL2 = defineOp("ReduceL2", {
  ...reduction,
  eval: reduceBy("ReduceL2", { float: norm, int: norm, big: viaFloats(norm) }),
});

/** log Σ x */
export const reduceLogSum = defineOp("ReduceLogSum", {
  ...reduction,
  eval: reduceBy("ReduceLogSum", { float: logSum, int: logSum, big: viaFloats(logSum) }),
});

/** log Σ exp(x) */
export const reduceLogSumExp = defineOp("ReduceLogSumExp", {
  ...reduction,
  eval: reduceBy("ReduceLogSumExp", { float: logSumExp, int: logSumExp, big: viaFloats(logSumExp) }),
});

/** Σ x² */
export const reduceSumSquare = defineOp("ReduceSumSquare", {
  ...reduction,
  eval: reduceBy("ReduceSumSquare", { float: squares, int: wrapping(0, (a, v) => a + Math.imul(v, v)), big: bigSquares }),
});

/** The smallest and largest value of the integer dtypes, where an empty extremum starts. */
const ranges: Partial<Record<DType, readonly [bigint, bigint]>> = {
  int8: [-128n, 127n],
  uint8: [0n, 255n],
  bool: [0n, 1n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};

function extremum(dtype: DType, largest: boolean): ReduceRule {
  const first = ranges[dtype]?.[largest ? 0 : 1] ?? 0n;
  return largest
    ? {
        float: folding(Number.NEGATIVE_INFINITY, Math.max),
        int: folding(Number(first), Math.max),
        big: foldingBig(first, maxBig),
        f32: maxF32,
      }
    : {
        float: folding(Number.POSITIVE_INFINITY, Math.min),
        int: folding(Number(first), Math.min),
        big: foldingBig(first, minBig),
        f32: minF32,
      };
}

// ---- inference -----------------------------------------------------------------------------------------------------------

/** The axes that a node reduces; undefined when they are not known yet. */
function axesOf(c: InferContext, shape: readonly Dim[]): number[] | undefined {
  const all = c.attributes.noop_with_empty_axes ? [] : shape.map((_, i) => i);
  if (c.inputs[1] === undefined) return all;
  const listed = constantInts(c, 1);
  if (listed === undefined) return undefined;
  return listed.length === 0 ? all : listed.map((a) => axisOf(c, a, shape));
}

function inferReduce(c: InferContext): ValueType[] {
  const shape = inputShape(c, 0);
  const { dtype } = inputType(c, 0);
  if (!shape) return [tensorType(dtype)];
  const axes = axesOf(c, shape);
  const keep = c.attributes.keepdims === 1;
  if (axes === undefined) {
    if (keep) return [tensorType(dtype, unknownShape(shape.length))];
    const count = inputShape(c, 1)?.[0];
    return [
      typeof count === "number" && count > 0 && count <= shape.length
        ? tensorType(dtype, unknownShape(shape.length - count))
        : tensorType(dtype),
    ];
  }
  return [tensorType(dtype, keep ? shape.map((d, i) => (axes.includes(i) ? 1 : d)) : shape.filter((_, i) => !axes.includes(i)))];
}

/** Shape arithmetic of a reduction over a whole list of sizes. */
function contents(fold: (dims: readonly Dim[]) => Dim) {
  return (c: InferContext): DimContents => {
    const dims = c.dims(0);
    const shape = inputShape(c, 0);
    if (!dims || dims.length === 0 || dims.some(isUnknownDim) || shape?.length !== 1 || axesOf(c, shape)?.length !== 1) return undefined;
    return [[fold(dims)]];
  };
}
