// What a file says about how a tensor was quantised: the names of its scale and zero point, by key. In a graph the annotated value carries the
// elements themselves, so that copies and passes, which drop what no node reads, cannot part them from it.
import type { QuantizationParameter } from "../ir/annotations.ts";
import type { Graph, Value } from "../ir/graph.ts";
import { allGraphs, cloneGraph } from "../ir/traverse.ts";
import type { Message } from "./schema.ts";

type TensorAnnotation = Message<"TensorAnnotation">;

/** Hands the annotations of a graph in a file to its values; one about a tensor that is not there says nothing. */
export function readQuantization(
  annotations: readonly TensorAnnotation[],
  own: ReadonlyMap<string, Value>,
  find: (name: string) => Value | undefined,
) {
  for (const { tensorName = "", quantParameterTensorNames = [] } of annotations) {
    const value = own.get(tensorName);
    if (!value) continue;
    const quantization = quantParameterTensorNames.map(
      ({ key = "", value: name = "" }): QuantizationParameter => ({ key, name, storage: find(name)?.storage }),
    );
    value.annotations = { ...value.annotations, quantization };
  }
}

/** The annotated values of a graph, without its sub-graphs. */
function* annotatedValues(graph: Graph): Iterable<readonly [Value, readonly QuantizationParameter[]]> {
  const values = [...graph.inputs, ...graph.initializers, ...[...graph.nodes()].flatMap((node) => node.outputs)];
  for (const value of new Set(values)) if (value.annotations?.quantization) yield [value, value.annotations.quantization];
}

/** The constant of the graph, or of those around it, that holds a parameter; of several, the one of that name. */
function holderOf(graph: Graph | undefined, { name, storage }: QuantizationParameter): Value | undefined {
  if (!graph || !storage) return undefined;
  const holders = [...graph.initializers].filter((value) => value.storage === storage);
  return holders.find((value) => value.name === name) ?? holders[0] ?? holderOf(graph.parent, { key: "", name, storage });
}

/** The graph with a constant for each parameter: itself, where they are all there, or a copy. */
export function withParameters(graph: Graph): Graph {
  const lacks = (inner: Graph) => [...annotatedValues(inner)].some(([, all]) => all.some((p) => p.storage && !holderOf(inner, p)));
  if (![...allGraphs(graph)].some(lacks)) return graph;
  const copy = cloneGraph(graph).graph;
  for (const inner of [...allGraphs(copy)])
    for (const [, parameters] of annotatedValues(inner))
      for (const p of parameters) if (p.storage && !holderOf(inner, p)) inner.addInitializer(p.storage, p.name);
  return copy;
}

/** The annotations to write. A parameter that was no constant is found by its name; where it is gone, so is what was said about it. */
export function writtenQuantization(graph: Graph, nameOf: (value: Value) => string): TensorAnnotation[] {
  const byName = (name: string) =>
    [...graph.inputs, ...[...graph.nodes()].flatMap((node) => node.outputs)].find((value) => value.name === name);
  return [...annotatedValues(graph)].flatMap(([value, parameters]) => {
    const quantParameterTensorNames = parameters.flatMap((p) => {
      const holder = p.storage ? holderOf(graph, p) : byName(p.name);
      return holder ? [{ key: p.key, value: nameOf(holder) }] : [];
    });
    return quantParameterTensorNames.length > 0 ? [{ tensorName: nameOf(value), quantParameterTensorNames }] : [];
  });
}
