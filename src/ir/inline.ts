// Puts the nodes of one graph into another, reading given values in place of the inputs.
import { type Dim, type DimExpr, substituteDim, symbolsOf, unknownDim } from "./dim.ts";
import { Graph, type Node, type Value } from "./graph.ts";
import { mergeProvenance, type Provenance } from "./provenance.ts";
import type { AttributeValue } from "./schema.ts";
import { allGraphs, copyInto } from "./traverse.ts";
import { mapContents, tensorType, type ValueType } from "./type.ts";

export interface InlineOptions {
  /** Added to the origins of every node. */
  readonly provenance?: Provenance;
  readonly before?: Node | undefined;
}

/**
 * Inlines `source` into `target`; `inputs` stand for the source's inputs. Types are inferred anew from them, constants are shared, and what
 * the source captures from graphs around it stays what it is.
 * Gives the values that stand for the source's outputs.
 */
export function inlineGraph(target: Graph, source: Graph, inputs: readonly Value[], options: InlineOptions = {}): Value[] {
  const values = new Map<Value, Value>();
  source.inputs.forEach((v, i) => {
    values.set(v, inputs[i] as Value);
  });
  const map = (v: Value): Value => {
    const known = values.get(v);
    if (known) return known;
    // What a body captures stays what it is.
    if (!v.storage || !(source.initializers.has(v) || source.inputs.includes(v))) return v;
    const made = target.addInitializer(v.storage, v.name);
    values.set(v, made);
    return made;
  };
  const inTargetSizes = sizesOf(source, inputs);
  for (const node of source.nodes()) {
    const attributes: Record<string, AttributeValue> = {};
    for (const [name, value] of Object.entries(node.attributes)) {
      if (value instanceof Graph) for (const v of source.initializers) map(v);
      attributes[name] = value instanceof Graph ? rename(copyInto(value, target, values), inTargetSizes) : value;
    }
    const copy = target.add(
      node.op,
      node.inputs.map((v) => v && map(v)),
      attributes,
      {
        outputCount: node.outputs.length,
        provenance: mergeProvenance(options.provenance ?? [], node.provenance),
        before: options.before,
        names: node.outputs.map((v) => v.name),
      },
    );
    node.outputs.forEach((v, i) => {
      values.set(v, copy.outputs[i] as Value);
    });
  }
  return source.outputs.map(map);
}

/** What the source's names of sizes stand for where it is put: a name of the target's own may be another size. */
function sizesOf(source: Graph, inputs: readonly Value[]): (dim: Dim) => Dim {
  const meanings = new Map<string, Dim>();
  source.inputs.forEach((v, i) => {
    const given = inputs[i]?.type;
    if (v.type.kind !== "tensor" || given?.kind !== "tensor") return;
    v.type.shape?.forEach((d, axis) => {
      const name = onlyName(d);
      const size = given.shape?.[axis];
      // A number may be that of one recording among several: inside of bodies it stays open.
      if (name !== undefined && typeof size === "object" && !meanings.has(name)) meanings.set(name, size);
    });
  });
  const meaning = (name: string): Dim | undefined => {
    // Sizes that nobody knows have names of their own everywhere.
    if (name.startsWith("?")) return undefined;
    const known = meanings.get(name) ?? unknownDim();
    meanings.set(name, known);
    return known;
  };
  return (dim) => substituteDim(dim, meaning);
}

/** The name, where a size is nothing but one. */
function onlyName(dim: Dim): string | undefined {
  if (typeof dim === "number") return undefined;
  const [name, ...others] = symbolsOf(dim);
  return others.length === 0 && (dim as DimExpr).key === name ? name : undefined;
}

/** The types inside of a body, in other names of sizes. */
function rename(body: Graph, size: (dim: Dim) => Dim): Graph {
  const typed = (type: ValueType): ValueType =>
    type.kind === "tensor" ? tensorType(type.dtype, type.shape?.map(size)) : mapContents(type, typed);
  const visit = (v: Value) => {
    v.type = typed(v.type);
    v.dims = v.dims?.map(size);
  };
  for (const graph of allGraphs(body)) {
    graph.inputs.forEach(visit);
    for (const node of graph.nodes()) node.outputs.forEach(visit);
  }
  return body;
}
