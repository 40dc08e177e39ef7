// Puts the nodes of one graph into another, reading given values in place of the inputs.
import { Graph, type Node, type Value } from "./graph.ts";
import { mergeProvenance, type Provenance } from "./provenance.ts";
import type { AttributeValue } from "./schema.ts";
import { copyInto } from "./traverse.ts";

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
  for (const node of source.nodes()) {
    const attributes: Record<string, AttributeValue> = {};
    for (const [name, value] of Object.entries(node.attributes)) {
      if (value instanceof Graph) for (const v of source.initializers) map(v);
      attributes[name] = value instanceof Graph ? copyInto(value, target, values) : value;
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
