// Loops that go along the rows of tensors, as Scans: ONNX Runtime hands the rows over itself, and asks for no condition.
import { type Dim, dimEquals } from "../../ir/dim.ts";
import { Graph, type Node, type Value } from "../../ir/graph.ts";
import { allGraphs, copyInto, hasEffect } from "../../ir/traverse.ts";
import { typeEquals } from "../../ir/type.ts";
import { staysTrue } from "../../ops/control.ts";
import { Storage } from "../../tensor/storage.ts";
import { known } from "../control-pass.ts";
import { loopLayout, surelyRuns } from "../loop-layout.ts";
import type { Pass } from "../pass.ts";
import { shapeOf } from "../value-facts.ts";

/**
 * Turns a Loop that reads row i of tensors in turn i, as many turns as they have rows, into a Scan over them.
 *
 *     n ─ Loop(s) { (i, c, s) → x ─ Gather(i) ─ row … } ─ y            x: [n, …]
 *     n > 0 ─ If { Scan(s, x) { (s, row) → … }; Loop(0, s) { … } } ─ y
 *
 * Cases: 1. a loop that runs for certain becomes the Scan alone; another keeps a Loop for no turns, which ONNX Runtime's Scan does not take
 * 2. other readers of the iteration get it as rows of a Range.
 * Legal when nothing but the count ends the loop, the count is the number of rows, states are tensors that keep their shape, and nothing raises.
 * Accuracy: exact. Measured: `npm run bench script/loops`.
 */
export const loopScan: Pass = {
  name: "loop-scan",
  about: "turns a Loop over the rows of tensors into a Scan, which ONNX Runtime runs faster; each turn reads the same rows",
  accuracy: "exact",
  run(graph, context) {
    if (context.target !== "onnxruntime") return;
    for (const inner of [...allGraphs(graph)].reverse())
      for (const node of inner.nodes()) {
        const rows = node.op === "Loop" && !hasEffect(node) ? rowsOf(node) : [];
        if (rows.length === 0) continue;
        if (!context.step("loop-scan", node)) return;
        replace(node);
      }
  },
};

/** The Gathers that read the row of a turn; none where the loop cannot become a Scan. */
function rowsOf(node: Node): Node[] {
  const { body, states } = loopLayout(node) as NonNullable<ReturnType<typeof loopLayout>>;
  const [count, start] = node.inputs;
  const [turns, iteration] = [countOf(count), body.inputs[0]];
  if (turns === undefined || !iteration || shapeOf(iteration)?.length !== 0) return [];
  if ((start !== undefined && known(start) !== 1) || !staysTrue(body.outputs[0], body)) return [];
  for (let i = 0; i < states; i++) {
    const types = [node.inputs[2 + i], body.inputs[2 + i], body.outputs[1 + i]].map((v) => v?.type);
    const [first, ...others] = types;
    if (first?.kind !== "tensor" || !first.shape || !others.every((t) => t && typeEquals(t, first))) return [];
  }
  if (!body.outputs.slice(1 + states).every((v) => v.type.kind === "tensor")) return [];
  return iteration.consumers.filter((reader) => {
    const [table, index] = reader.inputs;
    if (reader.op !== "Gather" || reader.graph !== body || index !== iteration || !table || (reader.attributes.axis ?? 0) !== 0)
      return false;
    const size = shapeOf(table)?.[0];
    return table.producer?.graph !== body && !body.inputs.includes(table) && size !== undefined && dimEquals(size, turns);
  });
}

function countOf(count: Value | undefined): Dim | undefined {
  return known(count) ?? count?.dims?.[0];
}

function replace(node: Node): void {
  const { graph, provenance } = node;
  const options = { before: node, provenance };
  let results: readonly Value[];
  if (surelyRuns(node)) results = scanOf(node, graph, node);
  else {
    const zero = Storage.from("int64", [0], []);
    const some = new Graph(graph.schemas, "some", graph);
    some.setOutputs(scanOf(node, some));
    const none = new Graph(graph.schemas, "none", graph);
    const inputs = [none.addInitializer(zero), undefined, ...node.inputs.slice(2)];
    const body = copyInto(node.attributes.body as Graph, none, new Map());
    none.setOutputs(none.addTyped("Loop", inputs, { body }, node.outputs, { provenance }).outputs);
    const runs = graph.add("Greater", [node.inputs[0], graph.addInitializer(zero)], {}, options).output;
    results = graph.addTyped("If", [runs], { then_branch: some, else_branch: none }, node.outputs, options).outputs;
  }
  node.outputs.forEach((v, i) => {
    v.replaceAllUsesWith(results[i] as Value);
  });
  graph.remove(node);
}

/** Adds the Scan to `graph`, and gives its outputs. */
function scanOf(node: Node, graph: Graph, before?: Node): readonly Value[] {
  const { provenance } = node;
  const { body: source, states } = loopLayout(node) as NonNullable<ReturnType<typeof loopLayout>>;
  const values = new Map<Value, Value>();
  const rows = rowsOf(node).map((row) => row.output);
  const body = copyInto(source, graph, values);
  const [iteration, condition] = body.inputs.splice(0, 2) as [Value, Value];
  const scanned: Value[] = [];
  for (const row of rows) {
    const gather = values.get(row)?.producer as Node;
    gather.output.replaceAllUsesWith(body.addInput("row", row.type));
    scanned.push(gather.inputs[0] as Value);
    body.remove(gather);
  }
  body.setOutputs(body.outputs.slice(1), body.outputNames.slice(1));
  if (iteration.users.size > 0) {
    const number = (value: number) => graph.addInitializer(Storage.from("int64", [value], []));
    const range = graph.add("Range", [number(0), node.inputs[0], number(1)], {}, { before, provenance });
    iteration.replaceAllUsesWith(body.addInput("iteration", iteration.type));
    scanned.push(range.output);
  }
  if (condition.users.size > 0)
    condition.replaceAllUsesWith(body.addInitializer(Storage.from("bool", [true], (shapeOf(condition) ?? []) as number[])));
  const inputs = [...node.inputs.slice(2, 2 + states), ...scanned];
  const attributes = { body, num_scan_inputs: scanned.length };
  return graph.addTyped("Scan", inputs, attributes, node.outputs, { before, provenance }).outputs;
}
