// Nodes in an order in which each value is computed before it is read. The format asks for it; files do not always comply.
import { graphsOf } from "./attributes.ts";
import type { GraphProto, NodeProto } from "./schema.ts";

/**
 * The nodes themselves when they are in order, else sorted (stably, by depth-first search). Names that no node of the list gives are
 * left to the caller. Throws what `fail` makes when nodes wait for each other in a circle.
 */
export function orderNodes(nodes: readonly NodeProto[], fail: (problem: string) => Error): readonly NodeProto[] {
  const producers = new Map<string, number>();
  nodes.forEach((node, i) => {
    for (const name of node.output ?? []) if (name !== "" && !producers.has(name)) producers.set(name, i);
  });
  const sources = nodes.map((node) => [...readNames(node)].flatMap((name) => producers.get(name) ?? []));
  if (sources.every((list, i) => list.every((s) => s < i))) return nodes;
  return sorted(nodes, sources, fail);
}

function sorted(nodes: readonly NodeProto[], sources: readonly (readonly number[])[], fail: (problem: string) => Error): NodeProto[] {
  const state = new Uint8Array(nodes.length); // 0 = new, 1 = on the way, 2 = placed
  const out: NodeProto[] = [];
  for (let first = 0; first < nodes.length; first++) {
    // A stack of our own: a chain may be longer than the call stack.
    const stack = [{ node: first, next: 0 }];
    while (stack.length > 0) {
      const top = stack[stack.length - 1] as { node: number; next: number };
      if (state[top.node] === 2) {
        stack.pop();
        continue;
      }
      state[top.node] = 1;
      const source = sources[top.node]?.[top.next++];
      if (source === undefined) {
        state[top.node] = 2;
        out.push(nodes[top.node] as NodeProto);
        stack.pop();
      } else if (state[source] === 1) {
        const names = [top.node, source].map((i) => nodes[i]?.name || nodes[i]?.output?.[0] || "?");
        throw fail(`its nodes depend on each other in a circle (${names.map((n) => `"${n}"`).join(", ")})`);
      } else if (state[source] === 0) stack.push({ node: source, next: 0 });
    }
  }
  return out;
}

/** All names that a node reads, those that its bodies take from outside included. */
function readNames(node: NodeProto, into: Set<string> = new Set()): Set<string> {
  for (const name of node.input ?? []) into.add(name);
  for (const attribute of node.attribute ?? []) for (const body of graphsOf(attribute)) freeNames(body, into);
  return into;
}

function freeNames(graph: GraphProto, into: Set<string>): void {
  const own = new Set<string>();
  for (const { name } of [...(graph.input ?? []), ...(graph.initializer ?? [])]) own.add(name ?? "");
  for (const node of graph.node ?? []) for (const name of node.output ?? []) own.add(name);
  const read = new Set<string>();
  for (const node of graph.node ?? []) readNames(node, read);
  for (const { name } of graph.output ?? []) read.add(name ?? "");
  for (const name of read) if (!own.has(name)) into.add(name);
}
