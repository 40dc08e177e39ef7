// When two results of a rewrite count as equal, by the class of accuracy that its rule claims.
import { isFloat } from "../../tensor/dtype.ts";
import { firstDifference } from "../../tensor/first-difference.ts";
import { formatShape, sameShape } from "../../tensor/shape.ts";
import { Storage } from "../../tensor/storage.ts";
import { toFloat64 } from "../channel-arithmetic.ts";
import { varianceOf, type Wide } from "./wide-value.ts";

/** A difference that counts. */
export interface Finding {
  /** In words: which element, and what it is on both sides. */
  readonly problem: string;
  readonly error: string;
  readonly limit: string;
}

export type Judge = (expected: Wide, actual: Wide, tolerance: number) => Finding | undefined;

/** How many standard deviations of the sum of roundings are accepted: see `compareUlp`. */
const roundingFactor = 16;
/** What float64 itself may lose in sums of some thousand terms, relative to the largest element. */
const wideLoss = 2 ** -40;

/** Bit for bit: all NaNs count as one, +0 and −0 differ. */
export const compareExact: Judge = (expected, actual) => {
  const [e, a] = [tensorOf(expected), tensorOf(actual)];
  const mismatch = typeFinding(e, a);
  if (mismatch) return mismatch;
  const found = firstDifference(e, a);
  if (!found) return undefined;
  return {
    problem: `element ${found.index} is ${String(found.actual)}, expected ${String(found.expected)}`,
    error: typeof found.actual === "number" ? format(Math.abs(found.actual - Number(found.expected))) : "any",
    limit: "0",
  };
};

/**
 * Both sides in float64, so that only the rounding of new constants is left between them. A constant v that is rounded once moves by at most
 * u·|v|, u = 2⁻²⁴ for float32; an element that is a sum of terms tᵢ, each with one such constant, moves by a sum of independent errors of at
 * most u·|tᵢ|. By Hoeffding's inequality it exceeds 8·u·√(Σ tᵢ²) with a probability below 2·e⁻³². The limit is twice that, 16·u·√(Σ tᵢ²),
 * because a constant may come from an intermediate that was itself rounded to u. √(Σ tᵢ²) is what `runWide` carries along as the variance; it
 * grows with the square root of the length of an accumulation. To this comes 2⁻⁴⁰ of the largest element for float64's own sums.
 */
export const compareUlp: Judge = (expected, actual) => {
  const [e, a] = [tensorOf(expected), tensorOf(actual)];
  if (!isFloat(e.dtype)) return compareExact(expected, actual, 0);
  const mismatch = typeFinding(e, a);
  if (mismatch) return mismatch;
  const [x, y] = [toFloat64(e), toFloat64(a)];
  const [vx, vy] = [expected, actual].map((w) => varianceOf(w)?.contiguous().numbers());
  const floor = wideLoss * largest(x);
  let worst: Finding | undefined;
  let ratio = 1;
  for (let i = 0; i < x.length; i++) {
    const [p, q] = [x[i] as number, y[i] as number];
    if (Object.is(p, q) || p === q) continue;
    const limit = floor + roundingFactor * Math.sqrt((vx?.[i] ?? 0) + (vy?.[i] ?? 0));
    const error = Math.abs(p - q);
    if (error <= limit) continue;
    // A difference that is not a number (one side infinite or NaN) is the worst.
    const by = error / limit;
    if (worst && !(by > ratio)) continue;
    ratio = Number.isNaN(by) ? Number.POSITIVE_INFINITY : by;
    worst = { problem: `element ${i} is ${q}, expected ${p}`, error: format(error), limit: format(limit) };
  }
  return worst;
};

/** max|a − e| / max|e| within the rule's own limit; NaN and infinities position by position. */
export const compareApproximate: Judge = (expected, actual, tolerance) => {
  const [e, a] = [tensorOf(expected), tensorOf(actual)];
  if (!isFloat(e.dtype)) return compareExact(expected, actual, 0);
  const mismatch = typeFinding(e, a);
  if (mismatch) return mismatch;
  const [x, y] = [toFloat64(e), toFloat64(a)];
  const limit = tolerance * largest(x);
  for (let i = 0; i < x.length; i++) {
    const [p, q] = [x[i] as number, y[i] as number];
    if (Object.is(p, q) || Math.abs(p - q) <= limit) continue;
    return { problem: `element ${i} is ${q}, expected ${p}`, error: format(Math.abs(p - q)), limit: format(limit) };
  }
  return undefined;
};

/** Dtypes were compared when the patch was validated, and float64 stands for all floats here: only the shape is left. */
function typeFinding(e: Storage, a: Storage): Finding | undefined {
  if (sameShape(e.shape, a.shape) && isFloat(e.dtype) === isFloat(a.dtype)) return undefined;
  return {
    problem: `it is ${a.dtype}${formatShape(a.shape)}, expected ${e.dtype}${formatShape(e.shape)}`,
    error: "another type",
    limit: "the same type",
  };
}

function tensorOf({ value }: Wide): Storage {
  if (value instanceof Storage) return value;
  throw new TypeError("expected a tensor, got a sequence");
}

function largest(values: Float64Array): number {
  let max = 0;
  for (const v of values) if (Math.abs(v) > max && v !== Number.POSITIVE_INFINITY && v !== Number.NEGATIVE_INFINITY) max = Math.abs(v);
  return max;
}

const format = (x: number) => x.toExponential(2);
