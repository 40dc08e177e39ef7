// Operators whose result is chosen by values or by place: NonZero, Compress, Unique, Trilu, ReverseSequence.
import { ingotError } from "../errors/error.ts";
import { type Dim, unknownDim } from "../ir/dim.ts";
import { tensorType } from "../ir/type.ts";
import { allocateZeroed } from "../tensor/allocate.ts";
import { decoder } from "../tensor/dtype.ts";
import { elementCount, formatShape, normalizeAxis } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { cellsOf, copyRun } from "./cells.ts";
import { anyDType, defineOp, int } from "./define.ts";
import { axisOf, inputShape, inputType, requireRank } from "./infer.ts";
import { int64List } from "./shape.ts";

/** The indices of the elements that are not zero (nor false, nor empty), one column each: `[rank, count]`. */
export const nonZero = defineOp("NonZero", {
  since: [9, 13],
  breaking: [9],
  inputs: ["X: T"],
  outputs: ["Y: int64"],
  types: { T: anyDType },
  accuracy: "exact",
  infer: (c) => [tensorType("int64", [inputShape(c, 0)?.length ?? unknownDim(), unknownDim()])],
  eval({ X }) {
    const x = cellsOf(X);
    const decode = decoder(X.dtype);
    const hits: number[] = [];
    // −0 is zero, in float16 bits as well.
    for (let i = 0; i < x.length; i++)
      if (typeof x[i] === "number" ? decode(x[i] as number) !== 0 : x[i] !== 0n && x[i] !== "") hits.push(i);
    const y = new BigInt64Array(X.rank * hits.length);
    hits.forEach((hit, column) => {
      let rest = hit;
      for (let axis = X.rank - 1; axis >= 0; axis--) {
        const size = X.shape[axis] as number;
        y[axis * hits.length + column] = BigInt(rest % size);
        rest = Math.floor(rest / size);
      }
    });
    return Storage.of("int64", y, [X.rank, hits.length]);
  },
});

/** The slices along `axis` (or the flattened elements) whose condition is true; a short condition stands for false at the end. */
export const compress = defineOp("Compress", {
  since: [9, 11],
  breaking: [9, 11],
  minVersion: ({ attributes }) => (Number(attributes.axis ?? 0) < 0 ? 11 : 9),
  inputs: ["input: T", "condition: T1"],
  outputs: ["output: T"],
  types: { T: anyDType, T1: ["bool"] },
  attributes: { axis: int() },
  accuracy: "exact",
  infer(c) {
    const { dtype, shape } = inputType(c, 0);
    requireRank(c, 1, "condition", 1);
    const axis = c.attributes.axis as number | undefined;
    if (axis === undefined) return [tensorType(dtype, [unknownDim()])];
    const a = shape && axisOf(c, axis, shape);
    return [
      tensorType(
        dtype,
        shape?.map((d, i) => (i === a ? unknownDim() : d)),
      ),
    ];
  },
  eval({ input, condition }, { axis }) {
    const x = axis === undefined ? input.reshape([input.size]) : input;
    const a = axis === undefined ? 0 : normalizeAxis("Compress", axis, input.shape);
    const size = x.shape[a] as number;
    const kept = condition.toNumbers().flatMap((v, i) => (v !== 0 && i < size ? [i] : []));
    return takeAlong(x, a, kept);
  },
});

/** The slices of `x` at `places` along `axis`, copied. */
function takeAlong(x: Storage, axis: number, places: readonly number[]): Storage {
  const shape = x.shape.map((d, i) => (i === axis ? places.length : d));
  const y = Storage.empty(x.dtype, shape);
  const from = x.dense();
  const to = y.dense();
  const inner = elementCount(shape.slice(axis + 1));
  const outer = elementCount(shape.slice(0, axis));
  let at = 0;
  for (let o = 0; o < outer; o++)
    for (const p of places) {
      copyRun(from, (o * (x.shape[axis] as number) + p) * inner, to, at, inner);
      at += inner;
    }
  return y;
}

/** The distinct slices along `axis` (or elements), sorted or in order of appearance; where each first stands, which it is, how often. */
export const unique = defineOp("Unique", {
  since: [11],
  breaking: [11],
  inputs: ["X: T"],
  outputs: ["Y: T", "indices?: int64", "inverse_indices?: int64", "counts?: int64"],
  types: { T: anyDType },
  attributes: { axis: int(), sorted: int(1) },
  accuracy: "exact",
  infer(c) {
    const { dtype, shape } = inputType(c, 0);
    const axis = c.attributes.axis as number | undefined;
    const count = unknownDim();
    const a = axis === undefined || !shape ? undefined : axisOf(c, axis, shape);
    const y = axis === undefined ? [count] : shape?.map((d, i) => (i === a ? count : d));
    const all = a === undefined ? unknownDim() : (shape?.[a] as Dim);
    return [tensorType(dtype, y), tensorType("int64", [count]), tensorType("int64", [all]), tensorType("int64", [count])].slice(
      0,
      c.outputCount,
    );
  },
  eval({ X }, { axis, sorted }, context) {
    const x = axis === undefined ? X.reshape([X.size]) : X;
    const a = axis === undefined ? 0 : normalizeAxis("Unique", axis, X.shape);
    const order = [a, ...x.shape.map((_, i) => i).filter((i) => i !== a)];
    const rows = x.transpose(order).contiguous();
    const cells = cellsOf(rows);
    const n = rows.shape[0] as number;
    const width = elementCount(rows.shape.slice(1));
    const decode = decoder(X.dtype);
    const value = (row: number, k: number) => {
      const v = cells[row * width + k];
      return typeof v === "number" ? decode(v) : (v as bigint | string);
    };
    const compare = (r: number, s: number) => {
      for (let k = 0; k < width; k++) {
        const difference = compareValues(value(r, k), value(s, k));
        if (difference !== 0) return difference;
      }
      return 0;
    };
    const byValue = Array.from({ length: n }, (_, i) => i).sort((r, s) => compare(r, s) || r - s);
    const firsts: number[] = [];
    const groupOf = new Array<number>(n);
    const counts: number[] = [];
    byValue.forEach((row, i) => {
      if (i === 0 || compare(byValue[i - 1] as number, row) !== 0) {
        firsts.push(row);
        counts.push(0);
      }
      groupOf[row] = firsts.length - 1;
      counts[firsts.length - 1] = (counts[firsts.length - 1] as number) + 1;
    });
    const groups = firsts.map((_, g) => g);
    if (sorted === 0) groups.sort((g, h) => (firsts[g] as number) - (firsts[h] as number));
    const rank = new Array<number>(groups.length);
    groups.forEach((g, i) => {
      rank[g] = i;
    });
    const chosen = groups.map((g) => firsts[g] as number);
    const outputs = [
      takeAlong(x, a, chosen),
      int64List(chosen),
      int64List(groupOf.map((g) => rank[g] as number)),
      int64List(groups.map((g) => counts[g] as number)),
    ];
    return outputs.slice(0, context.outputs.length);
  },
});

/** Numbers by size, NaN last; bigints; strings by code unit. */
function compareValues(a: number | bigint | string, b: number | bigint | string): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return 0;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}

/** Keeps the part of each matrix on and above (`upper`) or below the `k`-th diagonal, zeros elsewhere. */
export const trilu = defineOp("Trilu", {
  since: [14],
  breaking: [14],
  inputs: ["input: T", "k?: int64"],
  outputs: ["output: T"],
  types: { T: anyDType },
  attributes: { upper: int(1) },
  accuracy: "exact",
  infer: (c) => [tensorType(inputType(c, 0).dtype, requireRank(c, 0, "input", 2, Number.POSITIVE_INFINITY))],
  eval({ input, k }, { upper }) {
    const shape = input.shape;
    const [rows, columns] = shape.slice(-2) as [number, number];
    const diagonal = Number(k ? cellsOf(k)[0] : 0);
    const from = input.dense();
    const to = allocateZeroed(input.dtype, input.size);
    const lines = elementCount(shape.slice(0, -1));
    for (let line = 0; line < lines; line++) {
      const edge = Math.min(columns, Math.max(0, (line % rows) + diagonal + (upper !== 0 ? 0 : 1)));
      const start = upper !== 0 ? edge : 0;
      const end = upper !== 0 ? columns : edge;
      copyRun(from, line * columns + start, to, line * columns + start, end - start);
    }
    return Storage.of(input.dtype, to, shape);
  },
});

/** Reverses the first `sequence_lens[b]` elements along the time axis of each batch entry `b`. */
export const reverseSequence = defineOp("ReverseSequence", {
  since: [10],
  breaking: [10],
  inputs: ["input: T", "sequence_lens: int64"],
  outputs: ["Y: T"],
  types: { T: anyDType },
  attributes: { batch_axis: int(1), time_axis: int(0) },
  accuracy: "exact",
  infer(c) {
    requireRank(c, 0, "input", 2, Number.POSITIVE_INFINITY);
    requireRank(c, 1, "sequence_lens", 1);
    const { batch_axis, time_axis } = c.attributes;
    if (Number(batch_axis) + Number(time_axis) !== 1 || Number(batch_axis) * Number(time_axis) !== 0)
      throw ingotError("InvalidArgument", {
        op: c.op,
        name: "batch_axis",
        expected: "0 with time_axis 1, or 1 with time_axis 0",
        actual: `${batch_axis} with time_axis ${time_axis}`,
        hint: "The first two dimensions are batch and time, in either order.",
      });
    return [inputType(c, 0)];
  },
  eval({ input, sequence_lens }, { batch_axis }) {
    const [first, second] = input.shape as [number, number];
    const batch = batch_axis === 0 ? first : second;
    const time = batch_axis === 0 ? second : first;
    const lengths = sequence_lens.toNumbers();
    if (lengths.length !== batch || lengths.some((n) => n < 0 || n > time))
      throw ingotError("InvalidArgument", {
        op: "ReverseSequence",
        name: "sequence_lens",
        expected: `${batch} numbers from 0 to ${time}`,
        actual: formatShape(lengths),
        hint: "One length per batch entry, none longer than the time axis.",
      });
    const inner = elementCount(input.shape.slice(2));
    const y = Storage.empty(input.dtype, input.shape);
    const from = input.dense();
    const to = y.dense();
    for (let i = 0; i < first; i++)
      for (let j = 0; j < second; j++) {
        const [b, t] = batch_axis === 0 ? [i, j] : [j, i];
        const n = lengths[b] as number;
        const source = t < n ? n - 1 - t : t;
        const [si, sj] = batch_axis === 0 ? [i, source] : [source, j];
        copyRun(from, (si * second + sj) * inner, to, (i * second + j) * inner, inner);
      }
    return y;
  },
});
