// A graph as boxes and ways: modules that are open hold what is in them, modules that are closed are one box. Each module is laid out by
// itself, from the inside out; what goes in comes through one port at its top, what goes out leaves at its bottom.
//
// The method is Sugiyama's layers without the dummy nodes that make it superlinear: an edge over several rows takes a lane beside them. Time is
// linear in what is shown, times the depth of modules. K. Sugiyama, S. Tagawa, M. Toda: Methods for visual understanding of hierarchical
// system structures, IEEE Trans. SMC 11 (1981).
import type { LayoutEdge, LayoutInput, Steps } from "./graph-input.ts";
import type { ModuleBox, ModuleTree } from "./module-tree.ts";
import { type Placed, type Point, placeItems, type Size, type Way } from "./place-items.ts";

export interface BoxPlace extends Size, Point {}

export interface ShownEdge {
  /** The node or module that it comes from; undefined: the port of the module around. */
  readonly from: number | string | undefined;
  readonly to: number | string | undefined;
  readonly way: Way;
}

export interface Layout extends Size {
  /** Where the nodes are that can be seen, by id. */
  readonly nodes: ReadonlyMap<number, BoxPlace>;
  /** Where the modules are that can be seen, by key; an open one comes before what is in it. */
  readonly modules: ReadonlyMap<string, BoxPlace & { readonly isOpen: boolean }>;
  readonly edges: readonly ShownEdge[];
}

export interface LayoutOptions {
  /** Keys of the modules that are open. The graph itself always is. */
  readonly open: ReadonlySet<string>;
  /** The size of a module that is closed. */
  readonly sizeOfModule: (box: ModuleBox) => Size;
}

/** Pixels around what is in an open module; its title is at the top. */
export const padding = { side: 16, top: 26, bottom: 6 } as const;

/** A module that is open, while it is laid out. */
interface Frame {
  readonly box: ModuleBox;
  /** Places of its children in `box.children`. */
  readonly index: ReadonlyMap<ModuleBox | number, number>;
  readonly edges: LayoutEdge[];
  readonly seen: Set<number>;
  placed: Placed | undefined;
}

/**
 * Lays a graph out. Positions are in pixels from the upper left corner. `steps` counts the work.
 *
 * @example
 * const tree = moduleTree(input, steps);
 * layoutGraph(input, tree, { open: new Set(["layer1"]), sizeOfModule: () => ({ width: 120, height: 40 }) }, steps);
 */
export function layoutGraph(input: LayoutInput, tree: ModuleTree, options: LayoutOptions, steps: Steps): Layout {
  const isOpen = (box: ModuleBox) => box.parent === undefined || options.open.has(box.key);
  const frames = new Map<ModuleBox, Frame>();
  /** Open modules, each before those in it. */
  const order: Frame[] = [];
  const visit = (box: ModuleBox) => {
    const frame: Frame = { box, index: new Map(box.children.map((c, i) => [c, i])), edges: [], seen: new Set(), placed: undefined };
    frames.set(box, frame);
    order.push(frame);
    steps.count += box.children.length + 1;
    for (const child of box.children) if (typeof child === "object" && isOpen(child)) visit(child);
  };
  visit(tree.root);
  spreadEdges(input, tree, frames, steps);

  for (const frame of [...order].reverse()) {
    const sizeOf = (child: ModuleBox | number): Size => {
      if (typeof child === "number") return input.nodes[child] as Size;
      const inner = frames.get(child)?.placed;
      if (!inner) return options.sizeOfModule(child);
      const title = options.sizeOfModule(child).width;
      return { width: Math.max(title, inner.width + 2 * padding.side), height: inner.height + padding.top + padding.bottom };
    };
    const port: Size = { width: 0, height: 0 };
    frame.placed = placeItems([port, ...frame.box.children.map(sizeOf), port], frame.edges, steps);
  }
  return collect(tree.root, frames, input, options, steps);
}

/** Gives each edge to the modules that show a part of it: the innermost that has both ends, and the open ones around only one of them. */
function spreadEdges(input: LayoutInput, tree: ModuleTree, frames: ReadonlyMap<ModuleBox, Frame>, steps: Steps): void {
  const add = (frame: Frame, from: number, to: number) => {
    steps.count++;
    const key = from * (frame.box.children.length + 2) + to;
    if (frame.seen.has(key)) return;
    frame.seen.add(key);
    frame.edges.push([from, to]);
  };
  const placeIn = (frame: Frame, child: ModuleBox | number) => (frame.index.get(child) as number) + 1;
  for (const [source, target] of input.edges) {
    let [a, b]: (ModuleBox | number)[] = [source, target];
    let [outer, inner] = [tree.boxOf[source] as ModuleBox, tree.boxOf[target] as ModuleBox];
    while (outer !== inner) {
      const [climbA, climbB] = [outer.depth >= inner.depth, inner.depth >= outer.depth];
      if (climbA) {
        const frame = frames.get(outer);
        if (frame) add(frame, placeIn(frame, a as ModuleBox | number), frame.box.children.length + 1);
        [a, outer] = [outer, outer.parent as ModuleBox];
      }
      if (climbB) {
        const frame = frames.get(inner);
        if (frame) add(frame, 0, placeIn(frame, b as ModuleBox | number));
        [b, inner] = [inner, inner.parent as ModuleBox];
      }
      steps.count++;
    }
    const frame = frames.get(outer);
    if (frame && a !== b) add(frame, placeIn(frame, a as ModuleBox | number), placeIn(frame, b as ModuleBox | number));
  }
}

/** Puts the modules into one another. */
function collect(root: ModuleBox, frames: ReadonlyMap<ModuleBox, Frame>, input: LayoutInput, options: LayoutOptions, steps: Steps): Layout {
  const nodes = new Map<number, BoxPlace>();
  const modules = new Map<string, BoxPlace & { readonly isOpen: boolean }>();
  const edges: ShownEdge[] = [];
  /** `at` is where its content begins, `around` the box itself. */
  const put = ({ box, placed, edges: own }: Frame, at: Point, around: BoxPlace) => {
    const { corners, ways } = placed as Placed;
    const middle = around.x + around.width / 2;
    const name = (place: number) => {
      const child = box.children[place - 1];
      return typeof child === "object" ? child.key : child;
    };
    for (const [i, [from, to]] of own.entries()) {
      const way = (ways[i] as Way).map(({ x, y }) => ({ x: x + at.x, y: y + at.y }));
      const [first, last] = [way[0] as Point, way.at(-1) as Point];
      // From the box's own edge to the port and back; a straight part of no length keeps straight and curved parts in turn.
      const head =
        from === 0
          ? [
              { x: middle, y: around.y },
              { x: middle, y: around.y },
            ]
          : [];
      const tail = to === box.children.length + 1 ? [last, { x: middle, y: around.y + around.height }] : [];
      edges.push({ from: name(from), to: name(to), way: [...head, first, ...way.slice(1), ...tail] });
    }
    for (const [i, child] of box.children.entries()) {
      const corner = corners[i + 1] as Point;
      const place = { x: at.x + corner.x, y: at.y + corner.y };
      steps.count++;
      if (typeof child === "number") {
        const { width, height } = input.nodes[child] as Size;
        nodes.set(child, { ...place, width, height });
        continue;
      }
      const frame = frames.get(child);
      const inner = frame?.placed;
      if (!frame || !inner) {
        modules.set(child.key, { ...place, ...options.sizeOfModule(child), isOpen: false });
        continue;
      }
      const width = Math.max(options.sizeOfModule(child).width, inner.width + 2 * padding.side);
      const own = { ...place, width, height: inner.height + padding.top + padding.bottom };
      modules.set(child.key, { ...own, isOpen: true });
      put(frame, { x: place.x + (width - inner.width) / 2, y: place.y + padding.top }, own);
    }
  };
  const whole = frames.get(root) as Frame;
  const { width, height } = whole.placed as Placed;
  put(whole, { x: 0, y: 0 }, { x: 0, y: 0, width, height });
  return { width, height, nodes, modules, edges };
}
