// The largest set of activations that must be in memory at once while a graph runs node by node: what liveness alone asks for.
import type { Graph, Value } from "../../src/ir/graph.ts";
import { dtypeInfo } from "../../src/tensor/dtype.ts";

/** In bytes. The graph's inputs belong to the caller and do not count; a node's outputs stand beside its inputs. */
export function largestLiveSet(graph: Graph): number {
  const nodes = [...graph.nodes()];
  const lastUse = new Map<Value, number>();
  nodes.forEach((node, i) => {
    for (const v of node.outputs) lastUse.set(v, i);
    for (const v of node.inputs) if (v && lastUse.has(v)) lastUse.set(v, i);
  });
  for (const v of graph.outputs) lastUse.set(v, nodes.length);
  const alive = new Set<Value>();
  let largest = 0;
  nodes.forEach((node, i) => {
    for (const v of node.outputs) alive.add(v);
    largest = Math.max(
      largest,
      [...alive].reduce((n, v) => n + bytesOf(v), 0),
    );
    for (const v of alive) if (lastUse.get(v) === i) alive.delete(v);
  });
  return largest;
}

function bytesOf({ tensorType: { dtype, shape } }: Value): number {
  return (shape ?? []).reduce<number>((n, d) => n * Number(d), dtypeInfo(dtype).bytes);
}
