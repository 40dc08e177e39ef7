// Walking, copying and sorting graphs, and removing what nothing reads.
import { ingotError } from "../errors/error.ts";
import { Graph, type Node, type Value } from "./graph.ts";
import type { AttributeValue } from "./schema.ts";

/** The graph and all sub-graphs inside it, outer ones first. */
export function* allGraphs(graph: Graph): IterableIterator<Graph> {
  yield graph;
  for (const node of graph.nodes()) for (const body of node.subgraphs) yield* allGraphs(body);
}

/** The nodes of the graph and of all its sub-graphs; a node comes before the nodes of its bodies. */
export function* allNodes(graph: Graph): IterableIterator<Node> {
  for (const node of graph.nodes()) {
    yield node;
    for (const body of node.subgraphs) yield* allNodes(body);
  }
}

/** The values that the nodes and outputs of `body` read from the graphs around it, in order of first reading. */
export function capturedValues(body: Graph): Value[] {
  const own = new Set<Value>();
  const captured = new Set<Value>();
  const define = (g: Graph) => {
    for (const v of g.inputs) own.add(v);
    for (const v of g.initializers) own.add(v);
    for (const node of g.nodes()) {
      for (const v of node.outputs) own.add(v);
      for (const inner of node.subgraphs) define(inner);
    }
  };
  define(body);
  for (const g of allGraphs(body)) {
    for (const node of g.nodes()) for (const v of node.inputs) if (v && !own.has(v)) captured.add(v);
    for (const v of g.outputs) if (!own.has(v)) captured.add(v);
  }
  return [...captured];
}

/** The node that has `body` among its sub-graphs. */
export function holderOf(body: Graph): Node | undefined {
  for (const node of body.parent?.nodes() ?? []) if (node.subgraphs.includes(body)) return node;
  return undefined;
}

/**
 * True for a node that must run as often, and where, the graph says, whether its outputs are read or not: its operator, or one in its bodies,
 * draws random numbers or raises.
 */
export function hasEffect(node: Node): boolean {
  return node.graph.schemas.get(node.op)?.pure === false || node.subgraphs.some((body) => [...body.nodes()].some(hasEffect));
}

export interface GraphCopy {
  readonly graph: Graph;
  /** From each value of the original (sub-graphs included) to its copy. */
  readonly values: ReadonlyMap<Value, Value>;
}

/** A deep copy: new values and nodes, the same constants' memory, types, names, provenance, metadata and annotations. */
export function cloneGraph(source: Graph): GraphCopy {
  const values = new Map<Value, Value>();
  return { graph: copyInto(source, source.parent, values), values };
}

/** Copies a graph under `parent`; `values` maps what was copied before and is added to. */
export function copyInto(source: Graph, parent: Graph | undefined, values: Map<Value, Value>): Graph {
  const target = new Graph(source.schemas, source.name, parent);
  for (const [key, text] of source.metadata) target.metadata.set(key, text);
  target.annotations = source.annotations;
  for (const v of source.inputs) {
    const copy = target.addInput(v.name ?? "", v.type);
    copy.storage = v.storage;
    copy.dims = v.dims;
    copy.annotations = v.annotations;
    values.set(v, copy);
  }
  appendCopy(source, target, values);
  return target;
}

/**
 * Copies the constants and nodes of a graph behind those of another, which then gives what the copied outputs are; `values` maps what was
 * copied before, and what the source reads from elsewhere, and is added to.
 */
export function appendCopy(source: Graph, target: Graph, values: Map<Value, Value>): void {
  for (const v of source.initializers) values.set(v, copyInitializer(target, v, values.get(v)));
  // What a sub-graph captures from outside of the whole copy stays what it is.
  const mapped = (v: Value | undefined) => v && (values.get(v) ?? v);
  for (const node of source.nodes()) {
    const attributes: Record<string, AttributeValue> = {};
    for (const [name, value] of Object.entries(node.attributes))
      attributes[name] = value instanceof Graph ? copyInto(value, target, values) : value;
    const copy = target.addTyped(node.op, node.inputs.map(mapped), attributes, node.outputs, { provenance: node.provenance });
    copy.annotations = node.annotations;
    node.outputs.forEach((v, i) => {
      const output = copy.outputs[i] as Value;
      output.annotations = v.annotations;
      values.set(v, output);
    });
  }
  target.setOutputs([...target.outputs, ...source.outputs.map((v) => mapped(v) as Value)], [...target.outputNames, ...source.outputNames]);
}

function copyInitializer(target: Graph, value: Value, existing: Value | undefined): Value {
  if (existing) {
    target.initializers.add(existing);
    return existing;
  }
  if (value.storage === undefined)
    throw ingotError("InvalidGraph", {
      problem: `the initializer ${value.name ?? value.id} has no data`,
      where: "",
      hint: "Add it with graph.addInitializer(storage).",
    });
  const copy = target.addInitializer(value.storage, value.name);
  copy.type = value.type;
  copy.dims = value.dims;
  copy.annotations = value.annotations;
  return copy;
}

/**
 * Puts the nodes of a graph (not of its sub-graphs) in an order in which each value is computed before it is read, keeping the present
 * order where it can. Throws `InvalidGraph` on a cycle.
 */
export function topologicalSort(graph: Graph): void {
  const waiting = new Map<Node, number>();
  const readers = new Map<Node, Node[]>();
  const nodes = [...graph.nodes()];
  for (const node of nodes) {
    const sources = new Set<Node>();
    for (const v of readsOf(node)) if (v.producer?.graph === graph && !v.producer.removed) sources.add(v.producer);
    waiting.set(node, sources.size);
    for (const s of sources) readers.set(s, [...(readers.get(s) ?? []), node]);
  }
  const ready = new Heap<Node>((a, b) => a.position < b.position);
  for (const node of nodes) if (waiting.get(node) === 0) ready.push(node);
  const order: Node[] = [];
  for (let node = ready.pop(); node; node = ready.pop()) {
    order.push(node);
    for (const reader of readers.get(node) ?? []) {
      const n = (waiting.get(reader) as number) - 1;
      waiting.set(reader, n);
      if (n === 0) ready.push(reader);
    }
  }
  if (order.length < nodes.length) {
    const stuck = nodes.find((n) => (waiting.get(n) as number) > 0) as Node;
    throw ingotError("InvalidGraph", {
      problem: `its nodes cannot be ordered: ${stuck.op} depends on its own result`,
      where: "",
      hint: "A graph has no cycles; use Loop to repeat.",
    });
  }
  for (let i = order.length - 2; i >= 0; i--) {
    const node = order[i] as Node;
    const next = order[i + 1] as Node;
    if (node.next !== next) graph.moveBefore(node, next);
  }
}

/** What a node reads, the captures of its sub-graphs included. */
export function readsOf(node: Node): Value[] {
  const reads = node.inputs.filter((v): v is Value => v !== undefined);
  for (const body of node.subgraphs) reads.push(...capturedValues(body));
  return reads;
}

/** A binary heap, the smallest first. */
class Heap<T> {
  readonly #items: T[] = [];
  readonly #before: (a: T, b: T) => boolean;

  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  push(item: T): void {
    const items = this.#items;
    let i = items.push(item) - 1;
    while (i > 0) {
      const up = (i - 1) >> 1;
      if (!this.#before(item, items[up] as T)) break;
      items[i] = items[up] as T;
      i = up;
    }
    items[i] = item;
  }

  pop(): T | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && this.#before(items[child + 1] as T, items[child] as T)) child++;
      if (!this.#before(items[child] as T, last)) break;
      items[i] = items[child] as T;
      i = child;
    }
    items[i] = last;
    return top;
  }
}

/** True when nobody reads any output of the node. */
export function isDead(node: Node): boolean {
  return node.outputs.every((v) => v.users.size === 0);
}

/**
 * Removes nodes whose results nobody reads (those that raise or draw random numbers stay), sub-graphs included, and initializers that nobody
 * reads. Gives the nodes removed, last first.
 */
export function removeDeadNodes(graph: Graph): Node[] {
  const removed: Node[] = [];
  // From last to first, one walk is enough: removing a node can only make earlier ones dead.
  for (const node of graph.nodesReversed()) {
    if (isDead(node) && !hasEffect(node)) {
      graph.remove(node);
      removed.push(node);
    } else for (const body of node.subgraphs) removed.push(...removeDeadNodes(body));
  }
  for (const v of [...graph.initializers]) if (v.users.size === 0 && !graph.inputs.includes(v)) graph.removeInitializer(v);
  return removed;
}
