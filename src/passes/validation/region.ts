// What a patch replaces, cut out of its graph: the nodes between free values (the frontier) and the shunted outputs.
import type { Graph, Node, Value } from "../../ir/graph.ts";
import { isInside, type Patch } from "../../ir/patch.ts";

/** A cut-out of a graph. Everything in it is a function of the frontier and of constants, so any cut is a sound one to compare at. */
export interface Region {
  /** In the order of the graph. */
  readonly nodes: readonly Node[];
  /** The values that may be anything: they are computed outside, and are not constant. */
  readonly frontier: readonly Value[];
}

/** A rule's pattern is small; what dies beyond it need not be looked at. */
const maxNodes = 64;
const maxLevels = 6;

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
  let region = close(nodes);
  const own = (v: Value) => v.producer?.graph === patch.outer;
  const wanted = [...stops].filter((v) => v.type.kind === "tensor" && !v.constant && !isInside(v, patch));
  // A common sub-expression reads what the replaced nodes read, and is computed beside them.
  for (const v of wanted)
    if (own(v) && !patch.taps.has(v) && !covers(region, v) && v.producer?.inputs.every((i) => !i || i.constant || covers(region, i))) {
      nodes.add(v.producer);
      region = close(nodes);
    }
  // What the patch reads may lie further back, behind nodes that live on: the cut moves back to where it is known.
  for (let level = 0; level < maxLevels && wanted.some((v) => !covers(region, v)); level++) {
    const back = region.frontier.filter((v) => !stops.has(v) && own(v));
    if (back.length === 0) break;
    for (const v of back) nodes.add(v.producer as Node);
    region = close(nodes);
  }
  for (const v of wanted) {
    if (covers(region, v)) continue;
    // Not behind it either: computed beside it, or a value that only the patch reads.
    const beside = own(v) && !patch.taps.has(v);
    if (beside) nodes.add(v.producer as Node);
    region = beside ? close(nodes) : { ...region, frontier: [...region.frontier, v] };
  }
  return region;
}

const covers = ({ nodes, frontier }: Region, v: Value) => frontier.includes(v) || (v.producer !== undefined && nodes.includes(v.producer));

/**
 * The region with the producers of its frontier, or undefined when all of it comes from outside of the graph. A rule may rely on where a value
 * comes from (that the input of a Relu is no less than 0): then the two agree on all values that really occur, but not on any values.
 */
export function deepen(region: Region, graph: Graph): Region | undefined {
  const nodes = new Set(region.nodes);
  for (const v of region.frontier) if (v.producer?.graph === graph) nodes.add(v.producer);
  return nodes.size === region.nodes.length ? undefined : close(nodes);
}

function diesWith(node: Node, dying: ReadonlySet<Node>): boolean {
  return node.outputs.every((v) => [...v.users.keys()].every((user) => "op" in user && dying.has(user)));
}

function close(set: ReadonlySet<Node>): Region {
  const nodes = [...set].sort((a, b) => a.position - b.position);
  const frontier = new Set<Value>();
  for (const node of nodes) for (const v of node.inputs) if (v && !(v.producer && set.has(v.producer)) && !v.constant) frontier.add(v);
  return { nodes, frontier: [...frontier] };
}
