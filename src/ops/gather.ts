// Reading elements by index: Gather, GatherElements, GatherND. Negative indices count from the end.
import { ingotError } from "../errors/error.ts";
import type { Dim } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType } from "../ir/type.ts";
import { elementCount, formatShape, normalizeAxis, rowMajorStrides } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { cellsOf, copyRun } from "./cells.ts";
import { anyDType, defineOp, int } from "./define.ts";
import { axisOf, inputShape, inputType, requireRank } from "./infer.ts";

const indexTypes = ["int32", "int64"] as const;

/** Indices into a dimension of `size`, made positive. Throws `IndexOutOfRange`. */
export function placesOf(op: string, indices: Storage, size: number, axis: number): Float64Array {
  const raw = indices.dense() as ArrayLike<number | bigint>;
  const out = new Float64Array(raw.length);
  for (let i = 0; i < raw.length; i++) out[i] = placeOf(op, raw[i] as number | bigint, size, axis);
  return out;
}

/** One index, made positive. Throws `IndexOutOfRange`. */
export function placeOf(op: string, raw: number | bigint, size: number, axis: number): number {
  const index = Number(raw);
  const place = index < 0 ? index + size : index;
  if (place < 0 || place >= size) throw ingotError("IndexOutOfRange", { op, index, axis, size });
  return place;
}

/** `output[…, i…, …] = data[…, indices[i…], …]` along `axis`. One scalar index gives a view. */
export const gather = defineOp("Gather", {
  since: [1, 11, 13],
  breaking: [1, 11],
  inputs: ["data: T", "indices: Tind"],
  outputs: ["output: T"],
  types: { T: anyDType, Tind: indexTypes },
  attributes: { axis: int(0) },
  accuracy: "exact",
  infer(c) {
    const { dtype, shape } = inputType(c, 0);
    const indices = inputShape(c, 1);
    const axis = shape && axisOf(c, c.attributes.axis as number, shape);
    return [
      tensorType(
        dtype,
        shape && indices && axis !== undefined ? [...shape.slice(0, axis), ...indices, ...shape.slice(axis + 1)] : undefined,
      ),
    ];
  },
  inferDims(c) {
    const list = c.dims(0);
    const at = c.dims(1);
    if (!list || !at || inputShape(c, 0)?.length !== 1 || !at.every((i) => typeof i === "number")) return undefined;
    return [at.map((i) => list[placeOf(c.op, i as number, list.length, 0)] as Dim)];
  },
  eval({ data, indices }, attributes, context) {
    const axis = normalizeAxis("Gather", attributes.axis, data.shape);
    const shape = context.shape(0);
    const places = placesOf("Gather", indices, data.shape[axis] as number, axis);
    if (indices.rank === 0) {
      const one = data.slice(axis, places[0] as number, 1);
      const without = <V>(list: readonly V[]) => list.filter((_, i) => i !== axis);
      return Storage.strided(one.dtype, one.data, without(one.shape), without(one.strides), one.offset);
    }
    const y = Storage.empty(data.dtype, shape);
    const from = data.dense();
    const to = y.dense();
    const inner = elementCount(data.shape.slice(axis + 1));
    const outer = elementCount(data.shape.slice(0, axis));
    const row = (data.shape[axis] as number) * inner;
    let at = 0;
    for (let o = 0; o < outer; o++)
      for (let i = 0; i < places.length; i++, at += inner) copyRun(from, o * row + (places[i] as number) * inner, to, at, inner);
    return y;
  },
});

/** `output[i, j, k] = data[i, indices[i, j, k], k]` (for axis 1). */
export const gatherElements = defineOp("GatherElements", {
  since: [11, 13],
  breaking: [11],
  inputs: ["data: T", "indices: Tind"],
  outputs: ["output: T"],
  types: { T: anyDType, Tind: indexTypes },
  attributes: { axis: int(0) },
  accuracy: "exact",
  infer(c) {
    requireFit(c, 1, "indices", c.attributes.axis as number);
    return [tensorType(inputType(c, 0).dtype, inputShape(c, 1))];
  },
  eval({ data, indices }, attributes) {
    const axis = normalizeAxis("GatherElements", attributes.axis, data.shape);
    const y = Storage.empty(data.dtype, indices.shape);
    const from = cellsOf(data);
    const to = cellsOf(y);
    eachElementPlace("GatherElements", data.shape, indices, axis, (at, place) => {
      to[at] = from[place];
    });
    return y;
  },
});

/** Visits each element `at` of `indices` with the flat place in a dense tensor of `shape` that it names. */
export function eachElementPlace(
  op: string,
  shape: readonly number[],
  indices: Storage,
  axis: number,
  visit: (at: number, place: number) => void,
): void {
  const places = placesOf(op, indices, shape[axis] as number, axis);
  const strides = rowMajorStrides(shape);
  const sizes = indices.shape;
  const index = new Array<number>(sizes.length).fill(0);
  const step = strides[axis] as number;
  let base = 0;
  for (let at = 0; at < places.length; at++) {
    visit(at, base - (index[axis] as number) * step + (places[at] as number) * step);
    for (let k = sizes.length - 1; k >= 0; k--) {
      base += strides[k] as number;
      index[k] = (index[k] as number) + 1;
      if ((index[k] as number) < (sizes[k] as number)) break;
      base -= (index[k] as number) * (strides[k] as number);
      index[k] = 0;
    }
  }
}

/** Input `i` has the rank of `data`, and no dimension but `axis` is larger. Throws `ShapeMismatch`, `AxisOutOfRange`. */
export function requireFit(c: InferContext, i: number, what: string, axis: number): void {
  const data = inputShape(c, 0);
  const indices = inputShape(c, i);
  if (!data) return;
  const a = axisOf(c, axis, data);
  if (!indices) return;
  const fits =
    indices.length === data.length &&
    indices.every((d, k) => k === a || typeof d !== "number" || typeof data[k] !== "number" || d <= data[k]);
  if (fits) return;
  throw ingotError("ShapeMismatch", {
    op: c.op,
    what,
    actual: show(indices),
    expected: `at most ${show(data)} in every dimension but ${a}`,
    hint: "The tensor of indices has as many dimensions as the data and lies inside it.",
  });
}

/** The last dimension of `indices` holds index tuples into the dimensions of `data` that follow `batch_dims`. */
export const gatherND = defineOp("GatherND", {
  since: [11, 12, 13],
  breaking: [11, 12],
  minVersion: ({ attributes }) => (attributes.batch_dims ? 12 : 11),
  inputs: ["data: T", "indices: int64"],
  outputs: ["output: T"],
  types: { T: anyDType },
  attributes: { batch_dims: int(0) },
  accuracy: "exact",
  infer(c) {
    const { dtype, shape } = inputType(c, 0);
    const indices = requireRank(c, 1, "indices", 1, Number.POSITIVE_INFINITY);
    const batch = c.attributes.batch_dims as number;
    const tuple = indices?.[indices.length - 1];
    if (!shape || !indices) return [tensorType(dtype)];
    if (typeof tuple !== "number") return [tensorType(dtype)];
    requireTuples(c, shape, indices, tuple, batch);
    return [tensorType(dtype, [...indices.slice(0, -1), ...shape.slice(batch + tuple)])];
  },
  eval({ data, indices }, { batch_dims: batch }, context) {
    const y = Storage.empty(data.dtype, context.shape(0));
    const from = data.dense();
    const to = y.dense();
    const { run, starts } = tuplePlaces("GatherND", data.shape, indices, batch);
    for (const [i, start] of starts.entries()) copyRun(from, start, to, i * run, run);
    return y;
  },
});

/** For each tuple: where its slice of a dense tensor of `shape` starts; and how long slices are. */
export function tuplePlaces(op: string, shape: readonly number[], indices: Storage, batch = 0): { run: number; starts: Float64Array } {
  const tuple = indices.shape[indices.rank - 1] as number;
  const strides = rowMajorStrides(shape);
  const raw = indices.dense() as ArrayLike<number | bigint>;
  const count = elementCount(indices.shape.slice(0, -1));
  const batches = elementCount(shape.slice(0, batch));
  const perBatch = count / Math.max(1, batches);
  const batchSize = elementCount(shape.slice(batch));
  const starts = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let place = Math.floor(i / perBatch) * batchSize;
    for (let k = 0; k < tuple; k++)
      place += placeOf(op, raw[i * tuple + k] as number | bigint, shape[batch + k] as number, batch + k) * (strides[batch + k] as number);
    starts[i] = place;
  }
  return { run: elementCount(shape.slice(batch + tuple)), starts };
}

/** Tuples are no longer than what they index, and the batch dimensions agree. Throws `ShapeMismatch`. */
export function requireTuples(c: InferContext, data: readonly Dim[], indices: readonly Dim[], tuple: number, batch: number): void {
  const agree = data.slice(0, batch).every((d, i) => typeof d !== "number" || typeof indices[i] !== "number" || d === indices[i]);
  if (agree && batch >= 0 && batch + tuple <= data.length && batch < Math.max(1, indices.length)) return;
  throw ingotError("ShapeMismatch", {
    op: c.op,
    what: "indices",
    actual: show(indices),
    expected: `the batch dimensions of ${show(data)} first, and tuples of at most ${data.length - batch} in the last dimension`,
    hint: "Each tuple names one place (or slice) of the data.",
  });
}

const show = (shape: readonly Dim[]): string => formatShape(shape.map(String));
