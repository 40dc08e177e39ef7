// An operator that is a short composition of others, written once: on storages it is the kernel, on a graph the decomposition.
import { ingotError } from "../errors/error.ts";
import type { Graph, Value } from "../ir/graph.ts";
import type { Attributes } from "../ir/schema.ts";
import type { DType } from "../tensor/dtype.ts";
import { Storage } from "../tensor/storage.ts";
import { constantLike, int64List } from "./constant-like.ts";
import type { OpDefinition } from "./define.ts";
import { evaluateOp } from "./evaluate.ts";

/** What a composition is written with: `V` is a storage or a graph value. */
export interface Composer<V> {
  /** The first output. */
  apply(op: OpDefinition, inputs: readonly (V | undefined)[], attributes?: Attributes): V;
  /** The first `count` outputs. */
  applyAll(op: OpDefinition, inputs: readonly (V | undefined)[], attributes: Attributes, count: number): readonly V[];
  /** A scalar in the dtype of `like`. */
  scalar(like: V, value: number): V;
  /** A list of int64, for shapes and axes. */
  ints(values: readonly number[]): V;
  dtype(value: V): DType;
  rank(value: V): number;
  /** The size of an axis, counted from the end when negative, where it is known. */
  size(value: V, axis: number): number | undefined;
}

/** Runs kernels. */
export const evaluating: Composer<Storage> = {
  apply: (op, inputs, attributes = {}) => evaluateOp(op, inputs, attributes)[0] as Storage,
  applyAll: (op, inputs, attributes, count) => evaluateOp(op, inputs, attributes, { outputCount: count }) as readonly Storage[],
  scalar: (like, value) => Storage.from(like.dtype, [value], []),
  ints: (values) => Storage.from("int64", values, [values.length]),
  dtype: (value) => value.dtype,
  rank: (value) => value.rank,
  size: (value, axis) => value.shape.at(axis),
};

/** Adds nodes to `graph`. */
export function building(graph: Graph): Composer<Value> {
  return {
    apply: (op, inputs, attributes = {}) => graph.add(op.name, inputs, attributes).output,
    applyAll: (op, inputs, attributes, count) => graph.add(op.name, inputs, attributes, { outputCount: count }).outputs,
    scalar: (like, value) => constantLike(graph, like, value),
    ints: (values) => int64List(graph, values),
    dtype: (value) => value.tensorType.dtype,
    size: (value, axis) => {
      const size = value.tensorType.shape?.at(axis);
      return typeof size === "number" ? size : undefined;
    },
    rank: (value) => {
      const { shape } = value.tensorType;
      if (shape) return shape.length;
      throw ingotError("InvalidGraph", {
        problem: "an operator cannot be taken apart while the rank of its input is unknown",
        where: "",
        hint: "Give the graph's inputs a shape.",
      });
    },
  };
}

/** Attributes as `apply` takes them: absent ones left out. */
export function withoutMissing<A extends object>(attributes: A): { [K in keyof A]: NonNullable<A[K]> } {
  return Object.fromEntries(Object.entries(attributes).filter(([, v]) => v !== undefined)) as { [K in keyof A]: NonNullable<A[K]> };
}
