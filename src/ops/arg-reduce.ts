// ArgMax, ArgMin and TopK: where the extreme elements stand. NaN counts as larger than every number (as in PyTorch) for ArgMax and
// TopK and, in ArgMin, as smaller: an index of NaN tells that there is one.
import { ingotError } from "../errors/error.ts";
import type { Dim } from "../ir/dim.ts";
import { unknownDim } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType, type ValueType } from "../ir/type.ts";
import { numeric } from "../tensor/dtype.ts";
import { formatShape, normalizeAxis } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { defineOp, int } from "./define.ts";
import { axisOf, inputShape, inputType } from "./infer.ts";
import { widened } from "./map-elements.ts";
import { eachLaneOf, splitAt } from "./softmax.ts";

const argReduce = {
  since: [1, 11, 12, 13],
  breaking: [1],
  minVersion: ({ attributes }: { readonly attributes: Readonly<Record<string, unknown>> }) => (attributes.select_last_index ? 12 : 1),
  inputs: ["data: T"],
  outputs: ["reduced: int64"],
  types: { T: numeric },
  attributes: { axis: int(0), keepdims: int(1), select_last_index: int(0) },
  accuracy: "exact",
  infer: inferArgReduce,
} as const;

/** The index of the maximum along `axis`; of equal ones the first, or the last with `select_last_index`. */
export const argMax = defineOp("ArgMax", {
  ...argReduce,
  eval: ({ data }, { axis, select_last_index }, c) =>
    bestIndex(data, normalizeAxis("ArgMax", axis, data.shape), c.shape(0), (a, b) => a > b, select_last_index === 1),
});

/** The index of the minimum along `axis`; of equal ones the first, or the last with `select_last_index`. */
export const argMin = defineOp("ArgMin", {
  ...argReduce,
  eval: ({ data }, { axis, select_last_index }, c) =>
    bestIndex(data, normalizeAxis("ArgMin", axis, data.shape), c.shape(0), (a, b) => a < b, select_last_index === 1),
});

type Value = number | bigint;

function bestIndex(x: Storage, axis: number, shape: readonly number[], better: (a: Value, b: Value) => boolean, last: boolean): Storage {
  const split = splitAt(x.shape, axis);
  const values = widened(x).dense() as unknown as ArrayLike<Value>;
  const y = Storage.empty("int64", shape);
  const out = y.dense() as BigInt64Array;
  eachLaneOf(split, (start, end, step, lane) => {
    let best = values[start] as Value;
    let index = 0;
    for (let at = start + step, i = 1; at < end; at += step, i++) {
      const v = values[at] as Value;
      const isNan = Number.isNaN(v);
      const takes = better(v, best) || (isNan && !Number.isNaN(best)) || (last && (v === best || (isNan && Number.isNaN(best))));
      if (takes) {
        best = v;
        index = i;
      }
    }
    out[lane] = BigInt(index);
  });
  return y;
}

function inferArgReduce(c: InferContext): ValueType[] {
  const shape = inputShape(c, 0);
  if (!shape) return [tensorType("int64")];
  const axis = axisOf(c, c.attributes.axis as number, shape);
  if (shape[axis] === 0)
    throw ingotError("ShapeMismatch", {
      op: c.op,
      what: "data",
      actual: formatShape(shape.map(String)),
      expected: `at least one element along axis ${axis}`,
      hint: "Nothing is the largest of nothing; check that the tensor is not empty.",
    });
  return [tensorType("int64", c.attributes.keepdims ? shape.map((d, i) => (i === axis ? 1 : d)) : shape.filter((_, i) => i !== axis))];
}

/**
 * The `K` largest (or smallest) elements along `axis` and their indices. Of equal elements that with the lower index comes first.
 * Unsorted results are sorted as well: any order is allowed, and this one is always the same.
 */
export const topK = defineOp("TopK", {
  since: [1, 10, 11, 24],
  breaking: [11],
  minVersion: ({ attributes }: { readonly attributes: Readonly<Record<string, unknown>> }) =>
    attributes.largest === undefined && attributes.sorted === undefined ? 10 : 11,
  inputs: ["X: T", "K: int64"],
  outputs: ["Values: T", "Indices: int64"],
  types: { T: numeric },
  attributes: { axis: int(-1), largest: int(1), sorted: int(1) },
  accuracy: "exact",
  infer: inferTopK,
  eval({ X }, { axis, largest }, c) {
    const at = normalizeAxis("TopK", axis, X.shape);
    const split = splitAt(X.shape, at);
    const k = c.shape(0)[at] as number;
    const values = Storage.empty(X.dtype, c.shape(0));
    const indices = Storage.empty("int64", c.shape(0));
    const stored = X.dense() as unknown as ArrayLike<Value>;
    const keys = widened(X).dense() as unknown as ArrayLike<Value>;
    const [toValues, toIndices] = [values.dense() as unknown as Value[], indices.dense() as BigInt64Array];
    if (k === 0) return [values, indices];
    eachLaneOf(split, (start, _, step, lane) => {
      const order = bestOf(split.n, k, (i, j) =>
        before(keys[start + i * step] as Value, keys[start + j * step] as Value, i, j, largest === 1),
      );
      const base = Math.floor(lane / split.inner) * k * split.inner + (lane % split.inner);
      for (let i = 0; i < k; i++) {
        const index = order[i] as number;
        toValues[base + i * split.inner] = stored[start + index * step] as Value;
        toIndices[base + i * split.inner] = BigInt(index);
      }
    });
    return [values, indices];
  },
});

/** Negative when element `i` (value `a`) comes before element `j` (value `b`). */
function before(a: Value, b: Value, i: number, j: number, largest: boolean): number {
  if (a === b) return i - j;
  const nanA = Number.isNaN(a);
  const nanB = Number.isNaN(b);
  if (nanA || nanB) return nanA && nanB ? i - j : nanA === largest ? -1 : 1;
  return a > b === largest ? -1 : 1;
}

/** The first `k` of 0 … n−1 in `order`: a heap of the k best so far, whose root is the worst of them, then sorted. */
function bestOf(n: number, k: number, order: (i: number, j: number) => number): number[] {
  if (k * 8 > n)
    return Array.from({ length: n }, (_, i) => i)
      .sort(order)
      .slice(0, k);
  const heap: number[] = [];
  for (let i = 0; i < n; i++) {
    if (heap.length < k) {
      heap.push(i);
      for (let at = heap.length - 1; at > 0; ) {
        const parent = (at - 1) >> 1;
        if (order(heap[at] as number, heap[parent] as number) <= 0) break;
        swap(heap, at, parent);
        at = parent;
      }
    } else if (order(i, heap[0] as number) < 0) {
      heap[0] = i;
      sink(heap, order);
    }
  }
  return heap.sort(order);
}

function sink(heap: number[], order: (i: number, j: number) => number): void {
  for (let at = 0; ; ) {
    let worst = at;
    for (const child of [2 * at + 1, 2 * at + 2])
      if (child < heap.length && order(heap[child] as number, heap[worst] as number) > 0) worst = child;
    if (worst === at) return;
    swap(heap, at, worst);
    at = worst;
  }
}

function swap(list: number[], a: number, b: number): void {
  const held = list[a] as number;
  list[a] = list[b] as number;
  list[b] = held;
}

function inferTopK(c: InferContext): ValueType[] {
  const shape = inputShape(c, 0);
  const { dtype } = inputType(c, 0);
  if (!shape) return [tensorType(dtype), tensorType("int64")];
  const axis = axisOf(c, c.attributes.axis as number, shape);
  const k: Dim = c.dims(1)?.[0] ?? unknownDim();
  const n = shape[axis];
  if (typeof k === "number" && (k < 0 || (typeof n === "number" && k > n)))
    throw ingotError("InvalidArgument", {
      op: c.op,
      name: "K",
      expected: `an integer from 0 to ${n}, the size of axis ${axis}`,
      actual: k,
      hint: `X has shape ${formatShape(shape.map(String))}.`,
    });
  const out = shape.map((d, i) => (i === axis ? k : d));
  return [tensorType(dtype, out), tensorType("int64", out)];
}
