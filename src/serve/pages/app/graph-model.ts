// From the graph that a worker told to what is laid out: inputs and outputs are boxes too, constants are not.
import type { GraphView, NodeView, ServedGraph } from "../graph-view.ts";
import type { LayoutEdge, LayoutInput } from "../layout/graph-input.ts";
import { type ModuleBox, type ModuleTree, moduleTree } from "../layout/module-tree.ts";
import type { Size } from "../layout/place-items.ts";

/** A box of the drawing. */
export type Box =
  | { readonly kind: "input" | "output"; readonly value: number; readonly title: string; readonly type: string }
  | {
      readonly kind: "node";
      readonly node: NodeView;
      readonly title: string;
      readonly type: string;
    };

export interface GraphModel {
  readonly served: ServedGraph;
  readonly view: GraphView;
  readonly boxes: readonly Box[];
  /** Of each box: the modules around it that have no box of their own, because it is all that is in them. */
  readonly labels: readonly string[];
  readonly input: LayoutInput;
  readonly tree: ModuleTree;
  /** The box that makes a value; constants and values of graphs around this one have none. */
  readonly makerOf: ReadonlyMap<number, number>;
  /** The boxes that read a value. */
  readonly readersOf: ReadonlyMap<number, readonly number[]>;
}

export function graphModel(served: ServedGraph, view: GraphView): GraphModel {
  const valueOf = (value: number) => served.values[value];
  const typeOf = (value: number | undefined) => valueOf(value ?? -1)?.type ?? "";
  const boxes: Box[] = [
    ...view.inputs.map((value): Box => ({ kind: "input", value, title: valueOf(value)?.name ?? "", type: typeOf(value) })),
    ...view.nodes.map(
      (node): Box => ({
        kind: "node",
        node,
        title: node.op.replace(/^.*\./, ""),
        type: typeOf(node.outputs[0]),
      }),
    ),
    ...view.outputs.map((value): Box => ({ kind: "output", value, title: valueOf(value)?.name ?? "", type: typeOf(value) })),
  ];
  const makerOf = new Map<number, number>();
  for (const [id, box] of boxes.entries()) {
    if (box.kind === "input") makerOf.set(box.value, id);
    else if (box.kind === "node") for (const value of box.node.outputs) makerOf.set(value, id);
  }
  const edges: LayoutEdge[] = [];
  const readersOf = new Map<number, number[]>();
  for (const [id, box] of boxes.entries()) {
    for (const value of readsOf(box)) {
      const readers = readersOf.get(value);
      if (readers) readers.push(id);
      else readersOf.set(value, [id]);
      const maker = makerOf.get(value);
      if (maker !== undefined && maker < id) edges.push([maker, id]);
    }
  }
  const paths = pathsOf(boxes);
  const labels = boxes.map((box, id) => (box.kind === "node" ? box.node.scope.slice(paths[id]?.length).join(".") : ""));
  const nodes = boxes.map((box, id) => ({ ...sizeOfBox(box, labels[id] ?? ""), path: paths[id] ?? [] }));
  const input = { nodes, edges };
  return { served, view, boxes, labels, input, tree: moduleTree(input, { count: 0 }), makerOf, readersOf };
}

/** The modules around each box. One that holds a single node would be a frame around it and nothing more: it is left out. */
function pathsOf(boxes: readonly Box[]): (readonly string[])[] {
  const sizes = new Map<string, number>();
  const prefixes = (scope: readonly string[]) => scope.map((_, i) => JSON.stringify(scope.slice(0, i + 1)));
  const scopes = boxes.map((box) => (box.kind === "node" ? box.node.scope : []));
  for (const scope of scopes) for (const prefix of prefixes(scope)) sizes.set(prefix, (sizes.get(prefix) ?? 0) + 1);
  return scopes.map((scope) => {
    const alone = prefixes(scope).findIndex((prefix) => sizes.get(prefix) === 1);
    return alone < 0 ? scope : scope.slice(0, alone);
  });
}

/** The values that a box reads; those that the bodies of an If or a Loop read from around them are among them. */
function readsOf(box: Box): readonly number[] {
  if (box.kind !== "node") return box.kind === "output" ? [box.value] : [];
  const reads = new Set(box.node.inputs.filter((v) => v >= 0));
  for (const [, body] of box.node.bodies ?? []) for (const value of captured(body)) reads.add(value);
  return [...reads];
}

function captured(body: GraphView): Set<number> {
  const own = new Set([...body.inputs, ...body.nodes.flatMap((n) => n.outputs)]);
  const found = new Set<number>();
  for (const value of body.nodes.flatMap((n) => n.inputs).concat(body.outputs)) if (value >= 0 && !own.has(value)) found.add(value);
  for (const node of body.nodes)
    for (const [, inner] of node.bodies ?? []) for (const value of captured(inner)) if (!own.has(value)) found.add(value);
  return found;
}

/** Pixels; text of the page's font is about so wide. */
const perLetter = { title: 7.4, type: 6.1 } as const;
const widest = 240;
const clamp = (width: number) => Math.min(widest, Math.max(84, Math.ceil(width)));

function sizeOfBox(box: Box, label: string): Size {
  const title = (box.title.length + (label === "" ? 0 : label.length + 2)) * perLetter.title;
  return { width: clamp(Math.max(title, box.type.length * perLetter.type) + 30), height: box.kind === "node" ? 42 : 40 };
}

export const moduleTitle = (box: ModuleBox): string => box.key.split(".").at(-1) ?? box.name;

export const sizeOfModule = (box: ModuleBox): Size => ({
  width: clamp((moduleTitle(box).length + String(box.size).length + 7) * perLetter.title + 34),
  height: 42,
});

/** How many boxes a first look may show. */
const firstLook = 60;

/** The modules that are open at first: from the outside in, while the whole is still one look. */
export function openAtFirst({ root }: ModuleTree): Set<string> {
  const open = new Set<string>();
  let shown = root.children.length;
  const queue = root.children.filter((c) => typeof c === "object");
  for (let box = queue.shift(); box; box = queue.shift()) {
    // A graph that is one module shows what is in it, however much that is.
    const only = root.children.filter((c) => typeof c === "object").length === 1 && box.depth === 1;
    if (!only && shown + box.children.length > firstLook) continue;
    shown += box.children.length;
    open.add(box.key);
    queue.push(...box.children.filter((c) => typeof c === "object"));
  }
  return open;
}

/** `layer1.0.conv1` */
export const scopeText = (box: Box): string => (box.kind === "node" ? box.node.scope.join(".") : "");
