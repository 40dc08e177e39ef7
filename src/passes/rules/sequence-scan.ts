// Lists that a loop fills, one tensor in each turn, to be stacked behind it.
import { symbolsOf } from "../../ir/dim.ts";
import { Graph, type Node, type Value } from "../../ir/graph.ts";
import { allGraphs, capturedValues, copyInto } from "../../ir/traverse.ts";
import type { TensorType } from "../../ir/type.ts";
import { int64List } from "../../ops/shape.ts";
import { Storage } from "../../tensor/storage.ts";
import { loopLayout, surelyRuns } from "../loop-layout.ts";
import type { Pass } from "../pass.ts";
import { shapeOf } from "../value-facts.ts";

/**
 * Lets a Loop stack what it would append to a list, where the list is only stacked, indexed or measured behind it.
 *
 *     Loop(…, SequenceEmpty) { (…, list) → (…, SequenceInsert(list, h)) } ─ list ─ ConcatFromSequence<new_axis = 1> ─ y
 *     Loop(…) { … → (…, h) } ─ y
 *
 * Cases: 1. stacked along a new first axis: the stack itself; of no turns it fails as before  2. one of them by its place: a Gather  3. how many:
 * the first size.
 * Legal when the list starts empty, the body does nothing with it but append one tensor, whose sizes are the same in each turn, and nobody else
 * reads it. Accuracy: exact.
 */
export const sequenceScan: Pass = {
  name: "sequence-scan",
  about: "lets a Loop stack what it would append to a list; each turn gives one tensor of the same shape",
  accuracy: "exact",
  run(graph, context) {
    for (const inner of [...allGraphs(graph)].reverse())
      for (const node of inner.nodes()) {
        const list = node.op === "Loop" ? listOf(node) : undefined;
        if (!list) continue;
        const made = withStack(node, list);
        if (!made) continue;
        if (!context.step("sequence-scan", node)) {
          // Nothing reads the trial yet.
          inner.remove(made.node);
          return;
        }
        replace(node, list, made);
      }
  },
};

interface List {
  /** Which state it is. */
  readonly state: number;
  /** What a turn appends, in the body. */
  readonly appended: Value;
  readonly readers: readonly Node[];
}

function listOf(node: Node): List | undefined {
  const { body, states } = loopLayout(node) as NonNullable<ReturnType<typeof loopLayout>>;
  if (node.outputs.length !== body.outputs.length - 1) return undefined;
  for (let i = 0; i < states; i++) {
    const [start, input, output, result] = [node.inputs[2 + i], body.inputs[2 + i], body.outputs[1 + i], node.outputs[i]];
    const insert = output?.producer;
    if (start?.producer?.op !== "SequenceEmpty" || !input || !result || insert?.op !== "SequenceInsert" || insert.graph !== body) continue;
    const [list, appended, position] = insert.inputs;
    const isAlone = list === input && uses(input) === 1 && uses(output as Value) === 1;
    if (!isAlone || !appended || position || appended.type.kind !== "tensor" || result.isGraphOutput) continue;
    const readers = result.consumers;
    if (readers.length > 0 && readers.every((r) => isStacking(r, result))) return { state: i, appended, readers };
  }
  return undefined;
}

const uses = (v: Value): number => [...v.users.values()].reduce((a, b) => a + b, 0);

function isStacking(reader: Node, list: Value): boolean {
  if (reader.inputs[0] !== list || uses(list) < 1) return false;
  if (reader.op === "ConcatFromSequence") return reader.attributes.new_axis === 1 && reader.attributes.axis === 0;
  return reader.op === "SequenceAt" || reader.op === "SequenceLength";
}

interface Made {
  readonly node: Node;
  readonly stack: Value;
}

/** The loop with a scan output in place of the list; undefined where sizes may differ from turn to turn. */
function withStack(node: Node, { state, appended }: List): Made | undefined {
  const { graph, provenance } = node;
  const body = node.attributes.body as Graph;
  const values = new Map<Value, Value>();
  const copy = copyInto(body, graph, values);
  const others = <T>(list: readonly T[], place: number): T[] => list.filter((_, i) => i !== place);
  const insert = copy.outputs[1 + state]?.producer as Node;
  copy.setOutputs(
    [...others(copy.outputs, 1 + state), values.get(appended) ?? appended],
    [...others(copy.outputNames, 1 + state), "appended"],
  );
  copy.remove(insert);
  copy.inputs.splice(2 + state, 1);
  const inputs = others(node.inputs, 2 + state);
  const made = graph.add("Loop", inputs, { body: copy }, { outputCount: node.outputs.length, before: node, provenance });
  made.annotations = node.annotations;
  const stack = made.outputs[node.outputs.length - 1] as Value;
  const outside = symbolsIn([...capturedValues(body), ...inputs]);
  const sizes = (stack.type as TensorType).shape?.slice(1);
  if (!sizes?.every((d) => [...symbolsOf(d)].every((name) => outside.has(name)))) {
    graph.remove(made);
    return undefined;
  }
  // What is known of the other outputs stays known.
  others(node.outputs, state).forEach((v, i) => {
    const to = made.outputs[i] as Value;
    to.type = v.type;
    to.name = v.name;
  });
  return { node: made, stack };
}

/** The names of sizes that are the same in every turn: those of values from outside. */
function symbolsIn(values: readonly (Value | undefined)[]): Set<string> {
  const names = new Set<string>();
  for (const v of values) for (const d of shapeOf(v) ?? []) symbolsOf(d, names);
  return names;
}

function replace(node: Node, { state, readers }: List, { node: made, stack }: Made): void {
  const { graph } = node;
  node.outputs.forEach((v, i) => {
    if (i !== state) v.replaceAllUsesWith(made.outputs[i < state ? i : i - 1] as Value);
  });
  for (const reader of readers) {
    reader.output.replaceAllUsesWith(read(reader, stack, surelyRuns(made)));
    reader.graph.remove(reader);
  }
  graph.remove(node);
}

/** What a reader of the list gave, from the stack. */
function read(reader: Node, stack: Value, runs: boolean): Value {
  const { graph, op, provenance } = reader;
  const add = (name: string, inputs: (Value | undefined)[], attributes = {}) =>
    graph.add(name, inputs, attributes, { before: reader, provenance, names: [reader.output.name] }).output;
  const size = () => add("Squeeze", [add("Shape", [stack], { end: 1 }), graph.addInitializer(int64List([0]))]);
  if (op === "SequenceLength") return size();
  if (op === "SequenceAt") return add("Gather", [stack, reader.inputs[1]]);
  if (runs) return reader.output.isGraphOutput ? add("Identity", [stack]) : stack;
  // ConcatFromSequence takes no empty list.
  const one = (name: string, message?: string) => {
    const branch = new Graph(graph.schemas, name, graph);
    if (message !== undefined) branch.add("ingot.Raise", [], { message }, { provenance });
    branch.setOutputs([branch.addInitializer(int64List([1]).reshape([]))], ["one"]);
    return branch;
  };
  const empty = add("Equal", [size(), graph.addInitializer(Storage.from("int64", [0], []))]);
  const factor = add("If", [empty], { then_branch: one("empty", emptyList), else_branch: one("full") });
  const y = add("Reshape", [stack, add("Mul", [add("Shape", [stack]), factor])]);
  y.type = stack.type;
  return y;
}

const emptyList = "ConcatFromSequence: a list of tensors to stack is empty; give it at least one tensor";
