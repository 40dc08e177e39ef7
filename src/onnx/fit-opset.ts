// Bringing a graph down to the opset of an older runtime: operators that it lacks are taken apart into older ones, and what cannot be said
// there is reported, all of it at once.
import { ingotError } from "../errors/error.ts";
import type { Graph, Node } from "../ir/graph.ts";
import { formatProvenance, mergeProvenance } from "../ir/provenance.ts";
import { allGraphs, allNodes, cloneGraph } from "../ir/traverse.ts";
import { graphOpsets } from "../ir/versions.ts";
import { registry } from "../ops/registry.ts";
import { anyFormOpset } from "./node-opset.ts";

/** How many nodes an error lists. */
const listed = 20;

/**
 * A graph that computes the same and needs no opset of the default domain above `opset`: `graph` itself where it fits, else a copy.
 * Throws `OpsetTooLow`, which names every node that needs a newer one, and the lowest opset that would do.
 */
export function fitOpset(graph: Graph, opset: number): Graph {
  const tooNew = (node: Node) => isDefault(node) && anyFormOpset(node) > opset;
  if (![...allNodes(graph)].some(tooNew)) return graph;
  const copy = cloneGraph(graph).graph;
  for (const region of allGraphs(copy)) for (const node of region.nodes()) if (tooNew(node)) takeApart(node);
  const left = [...allNodes(copy)].filter(tooNew);
  if (left.length > 0) throw tooLow(left, opset, graphOpsets(copy, anyFormOpset).get("") ?? opset);
  return copy;
}

const isDefault = (node: Node) => node.graph.schemas.get(node.op)?.domain === "";

/** Replaces a node by its decomposition, and those of the new nodes in turn as the walk of the caller comes to them. */
function takeApart(node: Node): void {
  const { graph } = node;
  const definition = registry.get(node.op);
  if (!definition?.decompose) return;
  const last = graph.lastNode;
  const results = definition.decompose(graph, node.inputs, node.attributes, node.outputs);
  // The builder adds at the end: everything behind `last` is new and belongs behind `node`.
  const after = node.next;
  const added: Node[] = [];
  for (let fresh = last?.next; fresh; fresh = fresh.next) added.push(fresh);
  for (const fresh of added) {
    fresh.provenance = mergeProvenance(fresh.provenance, node.provenance);
    if (after && after !== added[0]) graph.moveBefore(fresh, after);
  }
  node.outputs.forEach((value, i) => {
    const result = results[i];
    if (!result) return;
    if (result.producer) result.name ??= value.name;
    value.replaceAllUsesWith(result);
  });
  graph.remove(node);
}

function tooLow(nodes: readonly Node[], opset: number, lowest: number): Error {
  const notes = nodes.slice(0, listed).map((node) => {
    const at = node.provenance.length > 0 ? ` at ${formatProvenance(node.provenance)}` : "";
    return `${node.op}${node.output?.name ? ` \`${node.output.name}\`` : ""}${at} needs opset ${anyFormOpset(node)}`;
  });
  if (nodes.length > listed) notes.push(`and ${nodes.length - listed} more`);
  const source = nodes.flatMap((node) => node.provenance).find((origin) => origin.source)?.source;
  const operators = [...new Set(nodes.map((node) => node.op))].sort().join(", ");
  return ingotError("OpsetTooLow", { opset, lowest, count: nodes.length, operators }, { notes, ...(source && { frame: source }) });
}
