// The structure of a graph as a short text: two graphs with the same one differ in the elements of constants at most.
import { createHash } from "node:crypto";
import { Graph, type Value } from "../ir/graph.ts";
import type { AttributeValue } from "../ir/schema.ts";
import { formatType } from "../ir/type.ts";
import { Storage } from "../tensor/storage.ts";

/** Operators, attributes and who reads whom, of sub-graphs too. */
export function fingerprint(graph: Graph): string {
  const hash = createHash("sha1");
  const numbers = new Map<Value, number>();
  // The number of a value in order of appearance; a constant or an input brings its type the first time.
  const number = (v: Value): number | string => {
    const known = numbers.get(v);
    if (known !== undefined) return known;
    numbers.set(v, numbers.size);
    return v.producer ? "new" : formatType(v.type);
  };
  const attribute = (value: AttributeValue): string => {
    if (value instanceof Graph) {
      walk(value);
      return "graph";
    }
    return value instanceof Storage ? `${value.dtype}[${value.shape.join()}]` : JSON.stringify(value);
  };
  const walk = (g: Graph) => {
    for (const v of g.inputs) hash.update(`input ${number(v)};`);
    for (const node of g.nodes()) {
      const attributes = Object.entries(node.attributes).map(([name, value]) => `${name}=${attribute(value)}`);
      hash.update(`${node.op}(${node.inputs.map((v) => (v ? number(v) : "")).join()}){${attributes.join()}}`);
      for (const v of node.outputs) number(v);
    }
    hash.update(`outputs ${g.outputs.map(number).join()};`);
  };
  walk(graph);
  return hash.digest("base64");
}
