// Operators that only give a tensor another shape, or tell its shape. All but Reshape and Flatten of a permuted view are views: no copies.
import { ingotError } from "../errors/error.ts";
import { type Dim, divideExactly, floorDivDims, isUnknownDim, productOfDims, unknownDim } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType } from "../ir/type.ts";
import { formatShape } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { anyDType, defineOp, everyDType, int, ints } from "./define.ts";
import { axisOf, broadcastDims, constantInts, contentsOf, inputShape, inputType, unknownShape } from "./infer.ts";

const show = (shape: readonly Dim[]): string => formatShape(shape.map(String));

/** The one size in shape tensor `i` that its length tells: how many dimensions it describes. */
export function lengthOf(c: InferContext, i: number): number | undefined {
  const n = inputShape(c, i)?.[0];
  return typeof n === "number" ? n : undefined;
}

/** Contents pass through unchanged: for Reshape, Squeeze and Unsqueeze between rank 0 and rank 1. */
export const sameDims = (c: InferContext) => [c.dims(0)];

// ---- Reshape, Flatten ------------------------------------------------------------------------------------------------

/** `shape` may hold one −1 (what is left over) and zeros (the input's size, unless `allowzero`). */
export const reshape = defineOp("Reshape", {
  since: [1, 5, 13, 14, 19, 21, 23, 24, 25],
  breaking: [5, 14],
  minVersion: ({ attributes }) => (attributes.allowzero ? 14 : 5),
  views: true,
  inputs: ["data: T", "shape: int64"],
  outputs: ["reshaped: T"],
  types: { T: everyDType },
  attributes: { allowzero: int(0) },
  accuracy: "exact",
  infer(c) {
    const { dtype, shape } = inputType(c, 0);
    const target = contentsOf(c, 1);
    if (target) return [tensorType(dtype, reshapeDims(shape, target, c.attributes.allowzero === 1))];
    const rank = lengthOf(c, 1);
    return [tensorType(dtype, rank === undefined ? undefined : unknownShape(rank))];
  },
  inferDims: (c) => (c.dims(0) && (c.dims(1)?.length ?? 2) <= 1 ? sameDims(c) : undefined),
  eval: ({ data }, _, context) => data.reshape(context.shape(0)),
});

/** The shape that `target` asks for. Throws `ReshapeMismatch` and `InvalidArgument`. */
export function reshapeDims(from: readonly Dim[] | undefined, target: readonly Dim[], allowZero = false): Dim[] {
  const out: (Dim | undefined)[] = target.map((d, i) => {
    if (d === 0 && !allowZero) {
      if (from && i >= from.length) throw mismatch(from, target);
      return from?.[i] ?? unknownDim();
    }
    if (typeof d === "number" && d < -1) throw badTarget(target, `${d} is negative`);
    // Contents that nobody knows may be −1 or 0: what they stand for follows from the rest, or stays unknown.
    // A size with a part that nobody knows may be 0 or −1 as well.
    return d === -1 || isUnknownDim(d) ? undefined : d;
  });
  if (target.filter((d) => d === -1).length > 1) throw badTarget(target, "-1 may stand once only");
  const holes = out.filter((d) => d === undefined).length;
  if (holes > 1 || (holes === 1 && !from)) return out.map((d) => d ?? unknownDim());
  const rest = productOfDims(out.filter((d) => d !== undefined));
  if (holes === 0) {
    const total = from && productOfDims(from);
    if (from && typeof total === "number" && typeof rest === "number" && total !== rest) throw mismatch(from, target);
    return out as Dim[];
  }
  // Sizes that stand on both sides cancel, which also holds when they are zero.
  const left = [...(from ?? [])];
  const divisors = out.filter((d): d is Dim => d !== undefined && !cancel(left, d));
  const total = productOfDims(left);
  const divisor = productOfDims(divisors);
  const exact = divisor === 0 ? undefined : divideExactly(total, divisor);
  if (exact === undefined && typeof total === "number" && typeof divisor === "number") throw mismatch(from ?? [], target);
  return out.map((d) => d ?? exact ?? floorDivDims(total, divisor));
}

function cancel(list: Dim[], d: Dim): boolean {
  const i = typeof d === "number" ? -1 : list.findIndex((e) => typeof e !== "number" && e.key === d.key);
  if (i >= 0) list.splice(i, 1);
  return i >= 0;
}

function mismatch(from: readonly Dim[], to: readonly Dim[]): Error {
  return ingotError("ReshapeMismatch", { count: String(productOfDims(from)), from: show(from), to: show(to) });
}

function badTarget(target: readonly Dim[], why: string): Error {
  return ingotError("InvalidShape", { op: "Reshape", shape: show(target), why });
}

/** A matrix: the dimensions before `axis` by those from it. */
export const flatten = defineOp("Flatten", {
  since: [1, 9, 11, 13, 21, 23, 24, 25],
  breaking: [1, 9, 11],
  minVersion: ({ attributes }) => (Number(attributes.axis ?? 1) < 0 ? 11 : 9),
  views: true,
  inputs: ["input: T"],
  outputs: ["output: T"],
  types: { T: everyDType },
  attributes: { axis: int(1) },
  accuracy: "exact",
  infer(c) {
    const { dtype, shape } = inputType(c, 0);
    if (!shape) return [tensorType(dtype, unknownShape(2))];
    const axis = c.attributes.axis === shape.length ? shape.length : axisOf(c, c.attributes.axis as number, shape);
    return [tensorType(dtype, [productOfDims(shape.slice(0, axis)), productOfDims(shape.slice(axis))])];
  },
  eval: ({ input }, _, context) => input.reshape(context.shape(0)),
});

// ---- Squeeze, Unsqueeze, Expand, Transpose ---------------------------------------------------------------------------

/** Takes out dimensions of size 1: those of `axes`, or all. */
export const squeeze = defineOp("Squeeze", {
  since: [1, 11, 13, 21, 23, 24, 25],
  breaking: [13],
  views: true,
  inputs: ["data: T", "axes?: int64"],
  outputs: ["squeezed: T"],
  types: { T: everyDType },
  accuracy: "exact",
  infer(c) {
    const { dtype, shape } = inputType(c, 0);
    const axes = c.inputs[1] === undefined ? undefined : (constantInts(c, 1) ?? null);
    // Without axes a symbolic size may be 1 or not, so not even the rank is known.
    if (!shape || axes === null || (axes === undefined && shape.some((d) => typeof d !== "number"))) {
      const removed = c.inputs[1] && lengthOf(c, 1);
      return [tensorType(dtype, shape && removed !== undefined ? unknownShape(shape.length - removed) : undefined)];
    }
    const places = new Set(axes ? axes.map((a) => axisOf(c, a, shape)) : shape.flatMap((d, i) => (d === 1 ? [i] : [])));
    for (const i of places)
      if (typeof shape[i] === "number" && shape[i] !== 1)
        throw ingotError("ShapeMismatch", {
          op: c.op,
          what: "data",
          actual: show(shape),
          expected: `size 1 in dimension ${i}`,
          hint: "Only dimensions of size 1 can be squeezed; use reshape to merge others.",
        });
    return [
      tensorType(
        dtype,
        shape.filter((_, i) => !places.has(i)),
      ),
    ];
  },
  inferDims: sameDims,
  eval: ({ data }, _, context) => data.reshape(context.shape(0)),
});

/** Puts in dimensions of size 1, at places counted in the output. */
export const unsqueeze = defineOp("Unsqueeze", {
  since: [1, 11, 13, 21, 23, 24, 25],
  breaking: [13],
  views: true,
  inputs: ["data: T", "axes: int64"],
  outputs: ["expanded: T"],
  types: { T: everyDType },
  accuracy: "exact",
  infer(c) {
    const { dtype, shape } = inputType(c, 0);
    const axes = constantInts(c, 1);
    if (!shape || !axes) {
      const added = axes?.length ?? lengthOf(c, 1);
      return [tensorType(dtype, shape && added !== undefined ? unknownShape(shape.length + added) : undefined)];
    }
    const rank = shape.length + axes.length;
    const places = new Set(axes.map((a) => axisOf(c, a, shape, rank)));
    if (places.size !== axes.length)
      throw ingotError("InvalidArgument", {
        op: c.op,
        name: "axes",
        expected: "different dimensions",
        actual: formatShape(axes),
        hint: "Name each new dimension once.",
      });
    let next = 0;
    return [
      tensorType(
        dtype,
        Array.from({ length: rank }, (_, i) => (places.has(i) ? 1 : (shape[next++] as Dim))),
      ),
    ];
  },
  inferDims: (c) => (inputShape(c, 0)?.length === 0 ? sameDims(c) : undefined),
  eval: ({ data }, _, context) => data.reshape(context.shape(0)),
});

/** Broadcasts to `shape`, in both directions: a size of 1 in `shape` keeps the input's. A view. */
export const expand = defineOp("Expand", {
  since: [8, 13],
  breaking: [8],
  views: true,
  inputs: ["input: T", "shape: int64"],
  outputs: ["output: T"],
  types: { T: anyDType },
  accuracy: "exact",
  infer(c) {
    const { dtype, shape } = inputType(c, 0);
    const target = contentsOf(c, 1);
    if (shape && target) return [tensorType(dtype, broadcastDims(c.op, shape, target))];
    const rank = lengthOf(c, 1);
    return [tensorType(dtype, shape && rank !== undefined ? unknownShape(Math.max(shape.length, rank)) : undefined)];
  },
  inferDims(c) {
    const from = c.dims(0);
    const target = c.dims(1);
    const value = from?.[0];
    if (!from || !target || target.length !== 1 || from.length !== 1 || value === undefined) return undefined;
    const n = target[0];
    return typeof n === "number" && n <= 64 ? [Array.from({ length: n }, () => value)] : undefined;
  },
  eval: ({ input }, _, context) => input.expand(context.shape(0)),
});

/** Permutes dimensions; reverses them without `perm`. A view. */
export const transpose = defineOp("Transpose", {
  since: [1, 13, 21, 23, 24, 25],
  breaking: [1],
  views: true,
  inputs: ["data: T"],
  outputs: ["transposed: T"],
  types: { T: everyDType },
  attributes: { perm: ints() },
  accuracy: "exact",
  infer(c) {
    const { dtype, shape } = inputType(c, 0);
    const perm = c.attributes.perm as readonly number[] | undefined;
    if (!shape) return [tensorType(dtype, perm && unknownShape(perm.length))];
    const order = permutation(perm, shape.length);
    if (perm && (perm.length !== shape.length || new Set(perm).size !== perm.length || perm.some((p) => p < 0 || p >= shape.length)))
      throw ingotError("InvalidArgument", {
        op: c.op,
        name: "perm",
        expected: `a permutation of 0 to ${shape.length - 1}`,
        actual: formatShape(perm),
        hint: `The input has shape ${show(shape)}: name each dimension once.`,
      });
    return [
      tensorType(
        dtype,
        order.map((p) => shape[p] as Dim),
      ),
    ];
  },
  inferDims: (c) => ((inputShape(c, 0)?.length ?? 2) < 2 ? sameDims(c) : undefined),
  eval: ({ data }, { perm }) => data.transpose(permutation(perm, data.rank)),
});

const permutation = (perm: readonly number[] | undefined, rank: number): readonly number[] =>
  perm ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);

// ---- Shape, Size -----------------------------------------------------------------------------------------------------

/** The sizes from `start` up to `end` (clamped to the rank; negative ones count from its end). */
export const shape = defineOp("Shape", {
  since: [1, 13, 15, 19, 21, 23, 24, 25],
  breaking: [1, 15],
  minVersion: ({ attributes }) => (attributes.start || attributes.end !== undefined ? 15 : 1),
  inputs: ["data: T"],
  outputs: ["shape: T1"],
  types: { T: everyDType, T1: ["int64"] },
  attributes: { end: int(), start: int(0) },
  accuracy: "exact",
  infer: (c) => [tensorType("int64", [slicedShape(c)?.length ?? unknownDim()])],
  inferDims: (c) => [slicedShape(c)],
  eval: ({ data }, { start, end }) => int64List(sliceOf(data.shape, start, end)),
  decompose(g, [data], { start, end }) {
    const all = g.add("Shape", [data]).output;
    if (start === 0 && end === undefined) return [all];
    const bound = (at: number) => g.addInitializer(int64List([at]));
    return [g.add("Slice", [all, bound(start), bound(end ?? Number.MAX_SAFE_INTEGER)]).output];
  },
});

function slicedShape(c: InferContext): readonly Dim[] | undefined {
  const dims = inputShape(c, 0);
  return dims && sliceOf(dims, c.attributes.start as number, c.attributes.end as number | undefined);
}

function sliceOf<D>(list: readonly D[], start: number, end: number | undefined): D[] {
  return list.slice(Math.max(start, -list.length), end === undefined ? undefined : Math.max(end, -list.length));
}

/** The number of elements, a scalar. */
export const size = defineOp("Size", {
  since: [1, 13, 19, 21, 23, 24, 25],
  breaking: [1],
  inputs: ["data: T"],
  outputs: ["size: T1"],
  types: { T: everyDType, T1: ["int64"] },
  accuracy: "exact",
  infer: () => [tensorType("int64", [])],
  inferDims(c) {
    const dims = inputShape(c, 0);
    return dims && [[productOfDims(dims)]];
  },
  eval: ({ data }) => Storage.from("int64", [data.size], []),
});

/** A list of integers as an int64 tensor. */
export function int64List(values: readonly number[]): Storage {
  return Storage.from("int64", values, [values.length]);
}
