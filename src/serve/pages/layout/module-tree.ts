// The nodes of a graph as a tree of modules. A module whose nodes cannot all stand together appears several times, as its first part, its
// second part and so on.
import type { LayoutInput, Steps } from "./graph-input.ts";
import { moduleOrder } from "./module-order.ts";

/** A module, or a part of one. */
export interface ModuleBox {
  /** `layer1.0`, with `#2` behind it where it is the second part. Unique in its tree. */
  readonly key: string;
  /** The last part of its path. */
  readonly name: string;
  readonly parent: ModuleBox | undefined;
  readonly depth: number;
  /** Modules, and ids of nodes, in topological order. */
  readonly children: (ModuleBox | number)[];
  /** How many nodes are in it, those of inner modules included. */
  size: number;
}

export interface ModuleTree {
  readonly root: ModuleBox;
  /** The module that each node stands in directly, by id. */
  readonly boxOf: readonly ModuleBox[];
  readonly boxes: ReadonlyMap<string, ModuleBox>;
}

/** Builds the tree. The root is the graph itself; its key is empty. */
export function moduleTree(input: LayoutInput, steps: Steps): ModuleTree {
  const root: ModuleBox = { key: "", name: "", parent: undefined, depth: 0, children: [], size: 0 };
  const boxes = new Map<string, ModuleBox>([["", root]]);
  const parts = new Map<string, number>();
  const boxOf = new Array<ModuleBox>(input.nodes.length);
  /** The boxes around the node before, from the root. */
  let around: ModuleBox[] = [root];
  for (const node of moduleOrder(input, steps)) {
    const path = input.nodes[node]?.path ?? [];
    let shared = 0;
    while (shared < path.length && around[shared + 1]?.name === path[shared]) shared++;
    around = around.slice(0, shared + 1);
    for (let i = shared; i < path.length; i++) {
      const parent = around[i] as ModuleBox;
      const name = path[i] as string;
      const full = parent.key === "" ? name : `${parent.key}.${name}`;
      const part = (parts.get(full) ?? 0) + 1;
      parts.set(full, part);
      const key = uniqueKey(part === 1 ? full : `${full}#${part}`, boxes);
      const box: ModuleBox = { key, name, parent, depth: i + 1, children: [], size: 0 };
      boxes.set(key, box);
      parent.children.push(box);
      around.push(box);
    }
    const box = around.at(-1) as ModuleBox;
    box.children.push(node);
    boxOf[node] = box;
    for (const outer of around) outer.size++;
    steps.count += around.length;
  }
  return { root, boxOf, boxes };
}

/** A module may be called `a#2` by its author. */
function uniqueKey(wanted: string, taken: ReadonlyMap<string, ModuleBox>): string {
  let key = wanted;
  while (taken.has(key)) key += "'";
  return key;
}
