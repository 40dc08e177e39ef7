// Writes operators in terms of older or standard ones, for files whose reader lacks them.
import { Graph, type Node, type Value } from "../ir/graph.ts";
import { inlineGraph } from "../ir/inline.ts";
import { allNodes } from "../ir/traverse.ts";
import type { OpDefinition } from "./define.ts";
import { registry } from "./registry.ts";

/** A decomposition may use an operator that has to be taken apart in turn. */
const maxRounds = 16;

/** Takes apart the nodes that `wanted` names and whose operator has a decomposition; the others stay. */
export function decomposeNodes(graph: Graph, wanted: (node: Node) => boolean): void {
  for (let round = 0; round < maxRounds; round++) {
    const nodes = [...allNodes(graph)].filter((node) => wanted(node) && registry.get(node.op)?.decompose);
    if (nodes.length === 0) return;
    for (const node of nodes) decompose(node, registry.get(node.op) as OpDefinition);
  }
}

function decompose(node: Node, definition: OpDefinition): void {
  const part = new Graph(node.graph.schemas, node.op);
  const given: Value[] = [];
  const inputs = node.inputs.map((v) => {
    if (!v) return undefined;
    given.push(v);
    const input = part.addInput(v.name ?? "", v.type);
    // What is known of a constant may be used inside.
    input.dims = v.dims;
    input.storage = v.constant;
    input.isInput = v.isInput;
    return input;
  });
  const outputs = definition.decompose?.(part, inputs, node.attributes, node.outputs) ?? [];
  if (outputs.length < node.outputs.length) return;
  part.setOutputs([...outputs]);
  const values = inlineGraph(node.graph, part, given, { provenance: node.provenance, before: node });
  node.outputs.forEach((v, i) => {
    const value = values[i] as Value;
    if (value.producer) value.name ??= v.name;
    v.replaceAllUsesWith(value);
  });
  node.graph.remove(node);
}
