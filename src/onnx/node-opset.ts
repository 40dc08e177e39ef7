// Which opset one node needs, and which a whole graph does.
import type { Graph, Node } from "../ir/graph.ts";
import { allNodes } from "../ir/traverse.ts";
import { opsetForDTypes, opsetForValues } from "./dtype-versions.ts";
import { olderForm } from "./opset/older-forms.ts";

/**
 * No lower opset of the default domain is written: ONNX Runtime warns of lower ones and its transpose optimiser fails on them, and
 * broadcasting has its present meaning only since opset 7.
 */
export const lowestOpset = 7;

/** The lowest opset of its domain at which the node can be written in its newest form. */
export function newestFormOpset(node: Node): number {
  const schema = node.graph.schemas.get(node.op);
  if (!schema) return 1;
  const use = { attributes: node.attributes, inputCount: node.inputs.length, outputCount: node.outputs.length };
  const form = schema.minVersion?.(use) ?? schema.since[schema.since.length - 1] ?? 1;
  return schema.domain === "" ? Math.max(form, opsetForDTypes(node)) : form;
}

/** The lowest opset of its domain at which the node can be written in any form. */
export function anyFormOpset(node: Node): number {
  const newest = newestFormOpset(node);
  const older = olderForm(node);
  return older ? Math.min(newest, Math.max(older.opset, opsetForDTypes(node))) : newest;
}

/** The opsets of a graph by domain, the default one first; `of` says what a node needs. */
export function graphOpsets(graph: Graph, of: (node: Node) => number): Map<string, number> {
  const opsets = new Map([["", Math.max(lowestOpset, opsetForValues(graph))]]);
  for (const node of allNodes(graph)) {
    const domain = node.graph.schemas.get(node.op)?.domain ?? "";
    opsets.set(domain, Math.max(opsets.get(domain) ?? 1, of(node)));
  }
  return opsets;
}
