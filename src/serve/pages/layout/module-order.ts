// A topological order in which the nodes of a module stand together wherever the graph allows it. Drawn as boxes, runs of nodes in such an order
// never have an edge that goes back, whatever is collapsed.
import { adjacency, type LayoutInput, neighbours, type Steps } from "./graph-input.ts";

interface Group {
  readonly parent: Group | undefined;
  readonly depth: number;
  readonly groups: Map<string, Group>;
  /** Nodes and groups that could be next, in the order in which that became so. */
  readonly ready: (number | Group)[];
  next: number;
  /** Edges from outside whose source is not placed yet. */
  waiting: number;
  /** In its parent's list. */
  listed: boolean;
}

const newGroup = (parent: Group | undefined): Group => ({
  parent,
  depth: parent ? parent.depth + 1 : 0,
  groups: new Map(),
  ready: [],
  next: 0,
  waiting: 0,
  listed: false,
});

/**
 * Ids in such an order. A module is entered when all that comes into it is there, and left when it is done; where modules need each
 * other, it is left in between. Time: linear in nodes and edges, times the depth of modules.
 */
export function moduleOrder({ nodes, edges }: LayoutInput, steps: Steps): number[] {
  const root = newGroup(undefined);
  const groupOf = nodes.map(({ path }) => {
    let group = root;
    for (const name of path) {
      steps.count++;
      let inner = group.groups.get(name);
      if (!inner) {
        inner = newGroup(group);
        group.groups.set(name, inner);
      }
      group = inner;
    }
    return group;
  });
  const successors = adjacency(nodes.length, edges, false, steps);
  const missing = new Int32Array(nodes.length);
  for (const [from, to] of edges) {
    missing[to] = (missing[to] as number) + 1;
    for (const group of entered(groupOf[from] as Group, groupOf[to] as Group, steps)) group.waiting++;
  }
  const placed = new Uint8Array(nodes.length);
  const order: number[] = [];
  /** The first node that may be left, in the given order: it is always ready. */
  let first = 0;
  let current = root;

  const offer = (item: number | Group, group: Group) => {
    group.ready.push(item);
    for (let g = group; g.parent && !g.listed && g.waiting === 0; g = g.parent) {
      steps.count++;
      g.listed = true;
      g.parent.ready.push(g);
    }
  };
  const place = (node: number) => {
    placed[node] = 1;
    order.push(node);
    for (const to of neighbours(successors, node)) {
      for (const group of entered(groupOf[node] as Group, groupOf[to] as Group, steps))
        if (--group.waiting === 0 && group.ready.length > group.next && !group.listed && group.parent) {
          group.listed = true;
          offer(group, group.parent);
        }
      missing[to] = (missing[to] as number) - 1;
      if (missing[to] === 0) offer(to, groupOf[to] as Group);
    }
  };
  for (const [node, group] of groupOf.entries()) if (missing[node] === 0) offer(node, group);
  while (order.length < nodes.length) {
    steps.count++;
    const item = current.ready[current.next];
    if (item === undefined) {
      if (current.parent) {
        current = current.parent;
        continue;
      }
      while (placed[first]) first++;
      // Modules that need each other: one of them is entered before all of its inputs are there.
      current = groupOf[first] as Group;
      place(first);
      continue;
    }
    current.next++;
    if (typeof item === "object") {
      item.listed = false;
      current = item;
    } else if (!placed[item]) place(item);
  }
  return order;
}

/** The groups that an edge comes into: those around its target and not around its source. */
function* entered(from: Group, to: Group, steps: Steps): Generator<Group> {
  let [a, b] = [from, to];
  while (a.depth > b.depth) a = a.parent as Group;
  while (b !== a) {
    steps.count++;
    yield b;
    if (b.depth === a.depth) a = a.parent as Group;
    b = b.parent as Group;
  }
}
