// What a patch replaces, cut out of its graph: the nodes between free values (the frontier) and the shunted outputs.
import type { Graph, Node, Value } from "../../ir/graph.ts";
import type { Patch } from "../../ir/patch.ts";
import { isConstant } from "../../ir/traverse.ts";

/** A cut-out of a graph. Everything in it is a function of the frontier and of constants, so any cut is a sound one to compare at. */
export interface Region {
  /** In the order of the graph. */
  readonly nodes: readonly Node[];
  /** The values that may be anything: they are computed outside, and are not constant. */
  readonly frontier: readonly Value[];
}

/** A rule's pattern is small; what dies beyond it need not be looked at. */
const maxNodes = 64;

/**
 * The nodes that die with the patch, back to the values that the patch reads or lets readers read instead. What replaces a value from
 * elsewhere (a common sub-expression) is part of it, too.
 */
export function replacedRegion(patch: Patch): Region {
  const stops = new Set<Value>([...patch.taps.keys(), ...patch.shunts.values()]);
  const nodes = new Set<Node>();
  const visit = (start: Node) => {
    const stack = [start];
    for (let node = stack.pop(); node && nodes.size < maxNodes; node = stack.pop()) {
      nodes.add(node);
      for (const v of node.inputs) {
        const producer = v?.producer;
        if (v && producer && producer.graph === patch.outer && !stops.has(v) && !nodes.has(producer) && diesWith(producer, nodes))
          stack.push(producer);
      }
    }
  };
  for (const from of patch.shunts.keys()) if (from.producer) visit(from.producer);
  let region = close(patch.outer, nodes);
  for (const to of patch.shunts.values()) {
    // An outer value that the replaced nodes do not read: it must be computed beside them.
    if (to.producer?.graph !== patch.outer || nodes.has(to.producer) || region.frontier.includes(to)) continue;
    nodes.add(to.producer);
    region = close(patch.outer, nodes);
  }
  return region;
}

/**
 * The region with the producers of its frontier, or undefined when all of it comes from outside of the graph. A rule may rely on where a value
 * comes from (that the input of a Relu is no less than 0): then the two agree on all values that really occur, but not on any values.
 */
export function deepen(region: Region, graph: Graph): Region | undefined {
  const nodes = new Set(region.nodes);
  for (const v of region.frontier) if (v.producer?.graph === graph) nodes.add(v.producer);
  return nodes.size === region.nodes.length ? undefined : close(graph, nodes);
}

function diesWith(node: Node, dying: ReadonlySet<Node>): boolean {
  return node.outputs.every((v) => [...v.users.keys()].every((user) => "op" in user && dying.has(user)));
}

function close(graph: Graph, set: ReadonlySet<Node>): Region {
  const nodes = [...set].sort((a, b) => a.position - b.position);
  const frontier = new Set<Value>();
  for (const node of nodes)
    for (const v of node.inputs) if (v && !(v.producer && set.has(v.producer)) && !isConstant(v, graph)) frontier.add(v);
  return { nodes, frontier: [...frontier] };
}
