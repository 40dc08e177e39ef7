// The body of an If or Loop as part of the graph around it: a patch in place of the node, with given values for the body's inputs.
import { Graph, type Node, type Value } from "../ir/graph.ts";
import { isInside, type Patch } from "../ir/patch.ts";
import type { AttributeValue } from "../ir/schema.ts";
import { capturedValues, copyInto } from "../ir/traverse.ts";

/**
 * Adds the nodes of `body` to `patch`, reading `inputs` in place of the body's inputs; constants are shared, what the body reads from outside
 * becomes a tap. Gives the values that stand for the body's outputs.
 */
export function addBody(patch: Patch, body: Graph, inputs: readonly Value[]): Value[] {
  const values = new Map<Value, Value>();
  body.inputs.forEach((v, i) => {
    values.set(v, inputs[i] as Value);
  });
  for (const v of body.initializers) if (v.storage && !values.has(v)) values.set(v, patch.constant(v.storage, v.name));
  const map = (v: Value): Value => values.get(v) ?? v;
  const inside = (inner: Graph): Graph => {
    const seen = new Map(values);
    for (const v of capturedValues(inner)) {
      const known = values.get(v);
      if (!known || !isInside(known, patch)) seen.set(v, patch.tap(known ?? v));
    }
    return copyInto(inner, patch.graph, seen);
  };
  for (const node of body.nodes()) {
    const attributes: Record<string, AttributeValue> = {};
    for (const [name, value] of Object.entries(node.attributes)) attributes[name] = value instanceof Graph ? inside(value) : value;
    const copy = patch.add(
      node.op,
      node.inputs.map((v) => v && map(v)),
      attributes,
      { outputCount: node.outputs.length, names: node.outputs.map((v) => v.name) },
    );
    node.outputs.forEach((v, i) => {
      values.set(v, copy.outputs[i] as Value);
    });
  }
  return body.outputs.map(map);
}

/** Lets `to` take the place of an output of `node`; an Identity of it where an output of the graph needs a node of its own. */
export function shuntOutput(patch: Patch, node: Node, index: number, to: Value): void {
  const from = node.outputs[index] as Value;
  const inside = to.producer?.graph === patch.graph;
  const needsNode = from.isGraphOutput && (!to.producer || (!inside && (to.isGraphOutput || to.producer.graph !== node.graph)));
  const twice = inside && [...patch.shunts.values()].includes(to) && from.isGraphOutput;
  patch.shunt(from, needsNode || twice ? patch.add("Identity", [to]).output : to);
}
