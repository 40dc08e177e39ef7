// Scalars for decompositions: a constant of the dtype of the value it is combined with.
import type { Graph, Value } from "../ir/graph.ts";
import { Storage } from "../tensor/storage.ts";

/** Adds the scalar `value` to the graph, in the dtype of `like`. */
export function constantLike(graph: Graph, like: Value | undefined, value: number): Value {
  return graph.addInitializer(Storage.from(like?.tensorType.dtype ?? "float32", [value], []));
}

/** Adds a list of int64 to the graph, for the operators that take axes or shapes as inputs. */
export function int64List(graph: Graph, values: readonly number[]): Value {
  return graph.addInitializer(Storage.from("int64", values, [values.length]));
}
