// Bringing a graph down to the opset of an older runtime: operators that it lacks are taken apart into older ones, and what cannot be said
// there is reported, all of it at once.
import { ingotError } from "../errors/error.ts";
import type { Graph, Node } from "../ir/graph.ts";
import { formatProvenance } from "../ir/provenance.ts";
import { allNodes, cloneGraph } from "../ir/traverse.ts";
import { graphOpsets } from "../ir/versions.ts";
import { decomposeNodes } from "../ops/decompose-nodes.ts";
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
  decomposeNodes(copy, tooNew);
  const left = [...allNodes(copy)].filter(tooNew);
  if (left.length > 0) throw tooLow(left, opset, graphOpsets(copy, anyFormOpset).get("") ?? opset);
  return copy;
}

const isDefault = (node: Node) => node.graph.schemas.get(node.op)?.domain === "";

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
