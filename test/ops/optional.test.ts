// Optionals: present and absent ones, as branches' results, and what reads them.
import assert from "node:assert/strict";
import { Graph } from "../../src/ir/graph.ts";
import { formatType, tensorType } from "../../src/ir/type.ts";
import { exportModel } from "../../src/onnx/export.ts";
import type { OpDefinition } from "../../src/ops/define.ts";
import { evaluateOp } from "../../src/ops/evaluate.ts";
import { registry } from "../../src/ops/registry.ts";
import { runGraph } from "../../src/ops/run-graph.ts";
import { OptionalValue, type RuntimeValue } from "../../src/ops/runtime-value.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { f32 } from "../support/run-op.ts";

const call = (op: string, inputs: readonly RuntimeValue[], attributes = {}) =>
  evaluateOp(registry.get(op) as OpDefinition, inputs, attributes)[0] as RuntimeValue;
const x = f32([2], [1, 2]);
const type = tensorType("float32", [2]);
const present = (v: RuntimeValue) => (call("OptionalHasElement", [v]) as Storage).toNumbers()[0] === 1;

describe("an optional", () => {
  it("holds what it was given, or nothing of a stated type", () => {
    const full = call("Optional", [x]);
    assert.ok(full instanceof OptionalValue && present(full));
    assert.equal(call("OptionalGetElement", [full]), x);
    const empty = call("Optional", [], { type });
    assert.ok(empty instanceof OptionalValue && !present(empty));
    assert.equal(formatType(empty.elementType), "float[2]");
    assert.throws(() => call("OptionalGetElement", [empty]), { code: "InvalidArgument", summary: /an absent one/ });
    assert.throws(() => call("Optional", []), { code: "MissingAttribute" });
  });

  it("may be a plain tensor or sequence where it is read", () => {
    assert.ok(present(x));
    assert.ok(present([]));
    assert.equal(call("OptionalGetElement", [x]), x);
    assert.deepEqual((call("OptionalHasElement", []) as Storage).toNumbers(), [0]);
  });

  it("comes out of either branch of an If", () => {
    const graph = new Graph(registry);
    const cond = graph.addInput("cond", tensorType("bool", []));
    const then_branch = new Graph(registry, "yes", graph);
    then_branch.setOutputs([then_branch.add("Optional", [then_branch.addInitializer(x)]).output], ["some"]);
    const else_branch = new Graph(registry, "no", graph);
    else_branch.setOutputs([else_branch.add("Optional", [], { type }).output], ["none"]);
    const chosen = graph.add("If", [cond], { then_branch, else_branch }).output;
    assert.equal(formatType(chosen.type), "optional(float[2])");
    graph.setOutputs([graph.add("OptionalHasElement", [chosen]).output, chosen], ["has", "value"]);
    const run = (yes: boolean) => runGraph(graph, [Storage.from("bool", [yes], [])]);
    assert.equal((run(true)[1] as OptionalValue).element, x);
    assert.deepEqual((run(false)[0] as Storage).toNumbers(), [0]);
    assert.equal((run(false)[1] as OptionalValue).element, undefined);
  });

  it("is the first state of a loop that goes on with what it holds", () => {
    const list = { kind: "sequence", element: tensorType("float32") } as const;
    const graph = new Graph(registry);
    const n = graph.addInput("n", tensorType("int64", []));
    const start = graph.addInput("start", { kind: "optional", element: list });
    const body = new Graph(registry, "body", graph);
    body.addInput("i", tensorType("int64", []));
    const going = body.addInput("going", tensorType("bool", []));
    const state = body.addInput("state", { kind: "optional", element: list });
    const has = body.add("OptionalHasElement", [state]).output;
    const then_branch = new Graph(registry, "there", body);
    then_branch.setOutputs([then_branch.add("OptionalGetElement", [state]).output], ["old"]);
    const else_branch = new Graph(registry, "absent", body);
    else_branch.setOutputs([else_branch.add("SequenceEmpty", []).output], ["new"]);
    const grown = body.add("SequenceInsert", [body.add("If", [has], { then_branch, else_branch }).output, body.addInitializer(x)]).output;
    body.setOutputs([going, grown], ["going_out", "grown"]);
    const loop = graph.add("Loop", [n, undefined, start], { body }, { outputCount: 1 });
    graph.setOutputs(loop.outputs, ["list"]);
    assert.equal(formatType(loop.output.type), "seq(float[])");
    const runFor = (times: number, first: OptionalValue) => runGraph(graph, [Storage.from("int64", [times], []), first])[0];
    assert.deepEqual(runFor(2, new OptionalValue(list)), [x, x]);
    assert.deepEqual(runFor(1, new OptionalValue(list, [x])), [x, x]);
    assert.deepEqual(runFor(0, new OptionalValue(list, [x])), [x]);
    assert.throws(() => runFor(0, new OptionalValue(list)), { code: "InvalidArgument" });
  });

  it("needs the opset at which the operators took it", () => {
    const opset = (op: string, input: typeof type | { kind: "optional" | "sequence"; element: typeof type }) => {
      const graph = new Graph(registry);
      graph.setOutputs([graph.add(op, [graph.addInput("x", input)]).output], ["y"]);
      return exportModel(graph).model.opsetImport?.find((o) => o.domain === "")?.version;
    };
    assert.equal(opset("OptionalGetElement", { kind: "optional", element: type }), 15);
    assert.equal(opset("OptionalGetElement", { kind: "sequence", element: type }), 18);
    assert.equal(opset("OptionalHasElement", type), 18);
    assert.equal(opset("Identity", { kind: "sequence", element: type }), 14);
    assert.equal(opset("Identity", { kind: "optional", element: type }), 16);
  });
});
