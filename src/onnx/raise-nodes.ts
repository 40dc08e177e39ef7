// How a file says that the model raises: standard operators have no exceptions, so a Gather that is named after the message reads outside of a
// table of one element. Written by the exporter, recognised by the importer; runtimes that know nothing of it name the node when it fails.
import { Graph, type Node, type Value } from "../ir/graph.ts";
import { allNodes, cloneGraph, holderOf, readsOf } from "../ir/traverse.ts";
import { Storage } from "../tensor/storage.ts";

/** The full name of the operator. */
export const raiseOp = "ingot.Raise";

const prefix = "ingot.Raise";

/** The message in the name of a node that raises; undefined for any other name. */
export function raisedMessage(nodeName: string | undefined): string | undefined {
  return nodeName?.match(/^ingot\.Raise(?: \d+)?: ([\s\S]*)$/)?.[1];
}

export interface LoweredRaises {
  /** The graph itself where nothing in it raises, else a copy. */
  readonly graph: Graph;
  /** The names of the nodes that fail, with the messages they stand for. */
  readonly names: ReadonlyMap<Node, string>;
}

/**
 * Writes each Raise as a node that fails.
 *
 *     If (c) { then: Raise <message: "m">; k ─ y }
 *     If (c) { then: Gather ([1], Cast (c)) "ingot.Raise: m" ─ r; Reshape (k, Shape (k) · r) ─ y }
 *
 * The index is 1, which is outside; it is made of something that only running tells (the condition that led here, or a random number), so that
 * no runtime computes it, or fails, while it loads the model. The outputs of the branch are tied to the Gather, so that none leaves it out.
 */
export function lowerRaises(graph: Graph): LoweredRaises {
  const names = new Map<Node, string>();
  if (![...allNodes(graph)].some((node) => node.op === raiseOp)) return { graph, names };
  const copy = cloneGraph(graph).graph;
  const raised = new Map<Graph, Node>();
  for (const node of [...allNodes(copy)]) {
    if (node.op !== raiseOp) continue;
    const first = raised.get(node.graph);
    if (first) {
      // It is never reached.
      replaceReads(node, first.output);
      node.graph.remove(node);
      continue;
    }
    const count = names.size + 1;
    const failing = lowerRaise(node);
    raised.set(failing.graph, failing);
    names.set(failing, `${prefix}${count > 1 ? ` ${count}` : ""}: ${node.attributes.message as string}`);
  }
  return { graph: copy, names };
}

/** Puts the failing Gather in place of the node, and ties the outputs of its graph to it. */
function lowerRaise(node: Node): Node {
  const { graph, provenance } = node;
  const add: Add = (op, inputs, attributes = {}) => graph.add(op, inputs, attributes, { before: node, provenance }).output;
  const int64 = (values: number[], shape: number[]) => graph.addInitializer(Storage.from("int64", values, shape));
  const one = add("Cast", [scalar(certainty(graph, add), add, () => int64([], [0]))], { to: 7 });
  const failing = graph.add("Gather", [int64([1], [1]), one], {}, { before: node, provenance });
  replaceReads(node, failing.output);
  graph.setOutputs(
    graph.outputs.map((value) => (dependsOn(value, failing) ? value : tied(value, failing))),
    graph.outputNames,
  );
  graph.remove(node);
  return failing;
}

/** Lets the readers of a Raise read `gathered`, an integer. */
function replaceReads({ output, graph, provenance }: Node, gathered: Value): void {
  // What was read from a file reads the result as an integer.
  for (const reader of output.consumers) {
    if (reader.op !== "Cast" || reader.attributes.to !== 7) continue;
    reader.output.replaceAllUsesWith(gathered);
    reader.graph.remove(reader);
  }
  if (output.users.size > 0)
    output.replaceAllUsesWith(graph.add("Cast", [gathered], { to: 9 }, { before: output.producer, provenance }).output);
}

type Add = (op: string, inputs: readonly (Value | undefined)[], attributes?: Node["attributes"]) => Value;

/** A value that is true, or 1, whenever the node runs, and that no runtime can know before. */
function certainty(graph: Graph, add: Add): Value {
  for (let body = graph; body.parent; body = body.parent) {
    const holder = holderOf(body);
    if (holder?.op === "Loop") return body.inputs[1] as Value;
    const condition = holder?.op === "If" ? holder.inputs[0] : undefined;
    if (condition && !condition.constant) return holder?.attributes.then_branch === body ? condition : add("Not", [condition]);
  }
  // A random number in [1, 1.5), which a cast makes 1.
  return add("RandomUniform", [], { low: 1, high: 1.5, shape: [] });
}

function scalar(value: Value, add: Add, noSizes: () => Value): Value {
  return value.type.kind === "tensor" && value.type.shape?.length === 0 ? value : add("Reshape", [value, noSizes()]);
}

/** True when the value cannot be computed before the node. */
function dependsOn(value: Value, node: Node): boolean {
  const seen = new Set<Node>();
  const stack = [value];
  for (let v = stack.pop(); v; v = stack.pop()) {
    const { producer } = v;
    if (producer === node) return true;
    if (!producer || producer.graph !== node.graph || seen.has(producer)) continue;
    seen.add(producer);
    stack.push(...readsOf(producer));
  }
  return false;
}

/** The value again, behind a node that reads what `failing` gives. */
function tied(value: Value, failing: Node): Value {
  const { graph, output: gathered, provenance } = failing;
  const add: Add = (op, inputs, attributes = {}) => graph.add(op, inputs, attributes, { provenance }).output;
  if (value.type.kind === "tensor") {
    const shape = add("Mul", [add("Shape", [value]), gathered]);
    return graph.addTyped("Reshape", [value, shape], {}, [{ type: value.type, name: value.name }], { provenance }).output;
  }
  const same = (name: string) => {
    const branch = new Graph(graph.schemas, name, graph);
    branch.setOutputs([value]);
    return branch;
  };
  return add("If", [add("Cast", [gathered], { to: 9 })], { then_branch: same("raised"), else_branch: same("not_raised") });
}
