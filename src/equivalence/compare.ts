// Compares what two ways of computing a model gave: per output the largest absolute and relative error, distance in units of the last
// place, NaN and infinity position by position, and agreement of the top-k.
import { ingotError } from "../errors/error.ts";
import { type DType, decoder, isFloat } from "../tensor/dtype.ts";
import { firstDifference } from "../tensor/first-difference.ts";
import { formatShape, sameShape } from "../tensor/shape.ts";
import type { Storage } from "../tensor/storage.ts";
import { compareTopK, type TopKAgreement } from "./topk-agreement.ts";
import { ulpDistance } from "./ulp.ts";

export interface CompareOptions {
  /** Limit of `max|a − e| / max|e|`; by default that of the dtype (see `defaultLimit`). */
  readonly rtol?: number;
  /** An absolute error up to this is accepted whatever the relative one. Default 0. */
  readonly atol?: number;
  /** How many of the largest entries along the last axis must agree; default 5, 0 for none. */
  readonly topk?: number;
  /** Names for the report. */
  readonly names?: readonly string[];
}

/** How one output compares. */
export interface OutputComparison {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly ok: boolean;
  /** Why not, in words. */
  readonly problem: string | undefined;
  /** max|a − e| */
  readonly maxAbsolute: number;
  /** max|a − e| / max|e|: the error that the limit is about. */
  readonly maxRelative: number;
  /** Largest distance in units of the last place; float32 only. */
  readonly maxUlp: number | undefined;
  readonly limit: number;
  readonly topk: TopKAgreement | undefined;
  /** How far rounding alone moves the output, as `maxRelative`; measured only where the error was over the limit (see `roundingNoise`). */
  readonly rounding?: number;
}

export interface Comparison {
  readonly ok: boolean;
  readonly outputs: readonly OutputComparison[];
}

/**
 * Below the normal numbers of a dtype, steps are absolute: up to eight of the smallest one count as rounding, whatever they are relative to
 * the output's largest element.
 */
const smallestSteps: Partial<Record<DType, number>> = {
  float64: 8 * 2 ** -1074,
  float32: 8 * 2 ** -149,
  float16: 8 * 2 ** -24,
  bfloat16: 8 * 2 ** -133,
};

const limits: Partial<Record<DType, number>> = { float16: 5e-3, bfloat16: 2e-2, float64: 1e-9 };

/**
 * The default limit of an output's error. float32: min(1e-4, 2⁻²⁴ · 8 · √(longest accumulation × depth)); float16 5e-3, bfloat16 2e-2.
 * Integers, booleans and strings must be equal: 0.
 */
export function defaultLimit(dtype: DType, accumulation = 1, depth = 1): number {
  if (!isFloat(dtype)) return 0;
  return limits[dtype] ?? oneStep[dtype] ?? Math.min(1e-4, 2 ** -24 * 8 * Math.sqrt(Math.max(1, accumulation) * Math.max(1, depth)));
}

/** Of floats of 8 and 4 bits, one step: two results that differ in the last bit before they are rounded may end up that far apart. */
const oneStep: Partial<Record<DType, number>> = {
  float8e4m3fn: 2 ** -3,
  float8e4m3fnuz: 2 ** -3,
  float8e5m2: 2 ** -2,
  float8e5m2fnuz: 2 ** -2,
  float4e2m1: 2 ** -1,
  float8e8m0: 1,
};

/**
 * Compares lists of outputs. Throws `ShapeMismatch` only when the counts differ; everything else is in the result.
 *
 * @example
 * const { ok, outputs } = compare([expected], [actual], { rtol: 1e-4, topk: 5 });
 */
export function compare(expected: readonly Storage[], actual: readonly Storage[], options: CompareOptions = {}): Comparison {
  if (expected.length !== actual.length)
    throw ingotError("ShapeMismatch", {
      op: "compare",
      what: "the list of outputs",
      actual: `${actual.length} entries`,
      expected: `${expected.length} entries`,
      hint: "Compare the outputs of one model with those of the same model.",
    });
  const outputs = expected.map((e, i) => compareOutput(e, actual[i] as Storage, options.names?.[i] ?? `output ${i}`, options));
  return { ok: outputs.every((o) => o.ok), outputs };
}

/** Compares bit for bit (all NaNs count as one); gives the first difference in words. */
export function compareBitwise(expected: Storage, actual: Storage): string | undefined {
  if (expected.dtype !== actual.dtype || !sameShape(expected.shape, actual.shape)) return typeProblem(expected, actual);
  const found = firstDifference(expected, actual);
  return found && `element ${found.index} is ${String(found.actual)}, expected ${String(found.expected)}`;
}

function compareOutput(e: Storage, a: Storage, name: string, options: CompareOptions): OutputComparison {
  const base = { name, dtype: e.dtype, shape: e.shape };
  const limit = isFloat(e.dtype) ? (options.rtol ?? defaultLimit(e.dtype)) : 0;
  const none = { maxAbsolute: 0, maxRelative: 0, maxUlp: undefined, limit, topk: undefined };
  if (e.dtype !== a.dtype || !sameShape(e.shape, a.shape)) return { ...base, ...none, ok: false, problem: typeProblem(e, a) };
  if (!isFloat(e.dtype)) {
    const problem = compareBitwise(e, a);
    return { ...base, ...none, ok: problem === undefined, problem };
  }
  const x = decoded(e);
  const y = decoded(a);
  const errors = measure(x, y, e.dtype);
  const topk = options.topk === 0 ? undefined : compareTopK(x, y, e.shape, options.topk ?? 5, errors.maxAbsolute);
  const close = errors.maxRelative <= limit || errors.maxAbsolute <= Math.max(options.atol ?? 0, smallestSteps[e.dtype] ?? 0);
  const problem =
    errors.special ??
    (close ? undefined : `error ${format(errors.maxRelative)} is over the limit ${format(limit)}`) ??
    (topk && !topk.agrees ? topk.problem : undefined);
  const { special: _, ...numbers } = errors;
  return { ...base, ...numbers, limit, topk, ok: problem === undefined, problem };
}

function measure(e: ArrayLike<number>, a: ArrayLike<number>, dtype: DType) {
  let maxAbsolute = 0;
  let largest = 0;
  let maxUlp = 0;
  let special: string | undefined;
  const ulp = dtype === "float32";
  for (let i = 0; i < e.length; i++) {
    const x = e[i] as number;
    const y = a[i] as number;
    if (!Number.isFinite(x) || !Number.isFinite(y)) {
      if (!Object.is(x, y)) special ??= `element ${i} is ${y}, expected ${x}`;
      continue;
    }
    const error = Math.abs(x - y);
    if (error > maxAbsolute) maxAbsolute = error;
    if (Math.abs(x) > largest) largest = Math.abs(x);
    if (ulp && error > 0) maxUlp = Math.max(maxUlp, ulpDistance(x, y));
  }
  // Where all that is expected is 0, any error is infinitely large; `atol` is there for such outputs.
  const maxRelative = maxAbsolute === 0 ? 0 : maxAbsolute / largest;
  return { maxAbsolute, maxRelative, maxUlp: ulp ? maxUlp : undefined, special };
}

function decoded(s: Storage): ArrayLike<number> {
  if (s.dtype === "float32" || s.dtype === "float64") return s.numbers();
  return Float64Array.from(s.numbers(), decoder(s.dtype));
}

function typeProblem(e: Storage, a: Storage): string {
  return `it is ${a.dtype}${formatShape(a.shape)}, expected ${e.dtype}${formatShape(e.shape)}`;
}

const format = (x: number) => x.toExponential(2);
