// Cutting tensors apart: Slice and Split give views.
import { ingotError } from "../errors/error.ts";
import {
  addDims,
  ceilDivDims,
  type Dim,
  type DimExpr,
  dimEquals,
  isUnknownDim,
  maxDims,
  minDims,
  mulDims,
  subDims,
  unknownDim,
} from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType } from "../ir/type.ts";
import { formatShape, normalizeAxis } from "../tensor/shape.ts";
import type { Storage } from "../tensor/storage.ts";
import { anyDType, defineOp, int } from "./define.ts";
import { lowerBound } from "./dim-arithmetic.ts";
import { axisOf, constantInts, contentsOf, inputShape, inputType, unknownShape } from "./infer.ts";

const show = (shape: readonly Dim[]): string => formatShape(shape.map(String));

// ---- Slice -----------------------------------------------------------------------------------------------------------

/** `data[starts[i] : ends[i] : steps[i]]` along `axes[i]`; bounds count from the end when negative and are clamped. A view. */
export const slice = defineOp("Slice", {
  since: [1, 10, 11, 13],
  breaking: [10],
  views: true,
  inputs: ["data: T", "starts: Tind", "ends: Tind", "axes?: Tind", "steps?: Tind"],
  outputs: ["output: T"],
  types: { T: anyDType, Tind: ["int32", "int64"] },
  accuracy: "exact",
  infer(c) {
    const { dtype, shape } = inputType(c, 0);
    if (!shape) return [tensorType(dtype)];
    const cuts = cutsOf(c, shape);
    if (!cuts) return [tensorType(dtype, unknownShape(shape.length))];
    const out = [...shape];
    for (const { axis, start, end, step } of cuts) out[axis] = slicedDim(shape[axis] as Dim, start, end, step);
    return [tensorType(dtype, out)];
  },
  inferDims(c) {
    const list = c.dims(0);
    const cut = list && inputShape(c, 0)?.length === 1 ? cutsOf(c, [list.length])?.[0] : undefined;
    if (!list || !cut || typeof cut.start !== "number" || typeof cut.end !== "number" || cut.step === undefined) return undefined;
    const { first, length } = clampedRange(list.length, cut.start, cut.end, cut.step);
    const { step } = cut;
    return [Array.from({ length }, (_, i) => list[first + i * step] as Dim)];
  },
  eval({ data, starts, ends, axes, steps }) {
    const from = boundsOf(starts);
    const to = boundsOf(ends);
    const along = axes?.toNumbers() ?? from.map((_, i) => i);
    const by = steps ? boundsOf(steps) : from.map(() => 1);
    return along.reduce((view, a, i) => {
      const axis = normalizeAxis("Slice", a, data.shape);
      const step = by[i] as number;
      const { first, length } = clampedRange(data.shape[axis] as number, from[i] as number, to[i] as number, step);
      return view.slice(axis, length === 0 ? 0 : first, length, step);
    }, data);
  },
});

/** The bounds as numbers; int64 bounds beyond 2^53 lie outside any tensor, so their rounding does not matter. */
function boundsOf(s: Storage): number[] {
  return Array.from(s.dense() as ArrayLike<number | bigint>, Number);
}

/** Where a slice of concrete bounds begins, and how many elements it has. */
function clampedRange(size: number, start: number, end: number, step: number): { first: number; length: number } {
  const from = start < 0 ? start + size : start;
  const to = end < 0 ? end + size : end;
  const clamp = (v: number, low: number, high: number) => Math.min(Math.max(v, low), high);
  const first = step > 0 ? clamp(from, 0, size) : clamp(from, 0, size - 1);
  const stop = step > 0 ? clamp(to, 0, size) : clamp(to, -1, size - 1);
  return { first, length: size === 0 ? 0 : Math.max(0, Math.ceil((stop - first) / step)) };
}

interface Cut {
  readonly axis: number;
  readonly start: Dim;
  readonly end: Dim;
  readonly step: number | undefined;
}

/** What is cut where; undefined when it is not known along which axes. Throws `AxisOutOfRange`, `InvalidArgument`. */
function cutsOf(c: InferContext, shape: readonly Dim[]): Cut[] | undefined {
  const bounds = (i: number) => {
    const s = c.constant(i);
    return s ? boundsOf(s) : c.dims(i);
  };
  const starts = bounds(1);
  const ends = bounds(2);
  const count = starts?.length ?? ends?.length ?? constantInts(c, 3)?.length;
  const axes = c.inputs[3] ? constantInts(c, 3) : count === undefined ? undefined : Array.from({ length: count }, (_, i) => i);
  if (!axes) return undefined;
  const steps = c.inputs[4] ? bounds(4) : axes.map(() => 1);
  for (const [name, list] of [
    ["starts", starts],
    ["ends", ends],
    ["steps", steps],
  ] as const)
    if (list && list.length !== axes.length)
      throw ingotError("InvalidArgument", {
        op: c.op,
        name,
        expected: `${axes.length} numbers, one per axis`,
        actual: show(list),
        hint: "starts, ends, axes and steps have equal length.",
      });
  return axes.map((a, i) => {
    const step = steps?.[i];
    if (step === 0)
      throw ingotError("InvalidArgument", {
        op: c.op,
        name: "steps",
        expected: "numbers other than 0",
        actual: "0",
        hint: "A negative step runs backwards.",
      });
    return {
      axis: axisOf(c, a, shape),
      start: starts?.[i] ?? unknownDim(),
      end: ends?.[i] ?? unknownDim(),
      step: typeof step === "number" ? step : undefined,
    };
  });
}

const isFar = (bound: Dim): boolean => typeof bound === "number" && Math.abs(bound) >= 2 ** 31 - 1;

/**
 * The size that a slice leaves. Number bounds are clamped exactly; a bound that is itself a symbolic size is taken to lie inside the
 * axis, as in `mask[:seq, :seq]`, because `min(seq, 1024)` would hide from all that follows that the sizes are equal.
 */
function slicedDim(size: Dim, start: Dim, end: Dim, step: number | undefined): Dim {
  if (step === undefined || isUnknownDim(start) || isUnknownDim(end)) return unknownDim();
  if (typeof size === "number" && typeof start === "number" && typeof end === "number") return clampedRange(size, start, end, step).length;
  if (step < 0) {
    const whole = (start === -1 || isFar(start)) && typeof end === "number" && end < 0 && isFar(end);
    return whole ? ceilDivDims(size, -step) : unknownDim();
  }
  const from = boundWithin(size, start);
  const to = boundWithin(size, end);
  const length = subDims(to, from);
  const safe = lowerBound(length) >= 0 || typeof start !== "number" || typeof end !== "number" ? length : maxDims(0, length);
  return step === 1 ? safe : ceilDivDims(safe, step);
}

function boundWithin(size: Dim, bound: Dim): Dim {
  if (typeof bound !== "number") return isNegative(bound) ? addDims(size, bound) : bound;
  if (bound < 0) {
    if (isFar(bound)) return 0;
    const place = addDims(size, bound);
    return lowerBound(place) >= 0 ? place : maxDims(0, place);
  }
  if (isFar(bound)) return size;
  return lowerBound(subDims(size, bound)) >= 0 ? bound : minDims(bound, size);
}

/** True for expressions like −n, which count from the end. */
const isNegative = (d: DimExpr): boolean => d.terms.every((t) => t.coefficient < 0);

// ---- Split -----------------------------------------------------------------------------------------------------------

/** Parts of the given sizes, or `num_outputs` equal ones (the last may be smaller). Views. */
export const split = defineOp("Split", {
  since: [1, 2, 11, 13, 18],
  breaking: [13, 18],
  minVersion: ({ attributes }) => (attributes.num_outputs === undefined ? 13 : 18),
  views: true,
  inputs: ["input: T", "split?: int64"],
  outputs: ["outputs...: T"],
  types: { T: anyDType },
  attributes: { axis: int(0), num_outputs: int() },
  accuracy: "exact",
  infer(c) {
    const { dtype, shape } = inputType(c, 0);
    const parts = partCount(c);
    const given = Math.min(parts, c.outputCount);
    if (!shape) return Array.from({ length: given }, () => tensorType(dtype));
    const axis = axisOf(c, c.attributes.axis as number, shape);
    const size = shape[axis] as Dim;
    const sizes = c.inputs[1] ? contentsOf(c, 1) : equalParts(size, parts, given);
    if (sizes && c.inputs[1]) checkParts(c, shape, axis, sizes, parts);
    return Array.from({ length: given }, (_, i) =>
      tensorType(
        dtype,
        shape.map((d, k) => (k === axis ? (sizes?.[i] ?? unknownDim()) : d)),
      ),
    );
  },
  inferDims(c) {
    const list = c.dims(0);
    const sizes = list && (c.inputs[1] ? constantInts(c, 1) : equalParts(list.length, partCount(c), c.outputCount));
    if (!sizes || inputShape(c, 0)?.length !== 1) return undefined;
    let from = 0;
    return sizes.map((n) => {
      const part = list.slice(from, from + Number(n));
      from += Number(n);
      return part;
    });
  },
  eval({ input }, { axis }, context) {
    const a = normalizeAxis("Split", axis, input.shape);
    let from = 0;
    return context.outputs.map((_, i) => {
      const length = context.shape(i)[a] as number;
      const part = input.slice(a, from, length);
      from += length;
      return part;
    });
  },
});

/** How many parts: what the sizes, the attribute or else the node's outputs say. */
function partCount(c: InferContext): number {
  if (c.inputs[1]) return contentsOf(c, 1)?.length ?? c.outputCount;
  const parts = (c.attributes.num_outputs as number | undefined) ?? c.outputCount;
  if (parts >= 1) return parts;
  throw ingotError("InvalidArgument", {
    op: c.op,
    name: "num_outputs",
    expected: "an integer from 1",
    actual: parts,
    hint: "Leave it out to have as many parts as the node has outputs.",
  });
}

/** The sizes of the first `given` of `parts` parts. */
function equalParts(size: Dim, parts: number, given: number): Dim[] {
  const length = Math.min(parts, given);
  const one = ceilDivDims(size, parts);
  if (typeof size === "number" && typeof one === "number")
    return Array.from({ length }, (_, i) => Math.max(0, Math.min(one, size - i * one)));
  return Array.from({ length }, (_, i) =>
    dimEquals(mulDims(one, parts), size) || i < parts - 1 ? one : subDims(size, mulDims(one, parts - 1)),
  );
}

function checkParts(c: InferContext, shape: readonly Dim[], axis: number, sizes: readonly Dim[], parts: number): void {
  const sum = sizes.reduce(addDims, 0);
  if (
    sizes.length === parts &&
    (typeof sum !== "number" || typeof shape[axis] !== "number" || sum === shape[axis]) &&
    !sizes.some((d) => typeof d === "number" && d < 0)
  )
    return;
  throw ingotError("ShapeMismatch", {
    op: c.op,
    what: "input",
    actual: show(shape),
    expected: `${sizes.length} parts of sizes ${show(sizes)} in dimension ${axis}`,
    hint: "The sizes of the parts add up to the size of the dimension, one per output.",
  });
}
