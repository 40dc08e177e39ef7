// The name authority: inputs and outputs keep their names, everything else gets a free one, and no name hides another.
import assert from "node:assert/strict";
import fc from "fast-check";
import { Graph, Value } from "../../src/ir/graph.ts";
import { assignNames } from "../../src/ir/names.ts";
import { allGraphs } from "../../src/ir/traverse.ts";
import { tensorType } from "../../src/ir/type.ts";
import { registry } from "../../src/ops/registry.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { randomGraph } from "../support/random-graph.ts";

const float2 = tensorType("float32", [2]);
const data = () => Storage.from("float32", [1, 2], [2]);

describe("names", () => {
  it("of a buffer called mean stay when a generated value wishes for the same", () => {
    const graph = new Graph(registry);
    const x = graph.addInput("x", float2);
    const first = graph.add("Neg", [x], {}, { names: ["mean"] }).output;
    const buffer = graph.addInitializer(data(), "mean");
    const second = graph.add("Sub", [first, buffer], {}, { names: ["mean"] }).output;
    graph.setOutputs([second], ["y"]);
    const names = assignNames(graph);
    assert.deepEqual([names.of(buffer), names.of(first), names.of(second)], ["mean", "mean_1", "y"]);
  });

  it("of two initializers that wish for the same name differ: values are told apart by identity", () => {
    const graph = new Graph(registry);
    const x = graph.addInput("x", float2);
    const [a, b] = [graph.addInitializer(data(), "bias"), graph.addInitializer(data(), "bias")];
    const sum = graph.add("Add", [graph.add("Add", [x, a]).output, b]).output;
    graph.setOutputs([sum], ["bias_1"]);
    const names = assignNames(graph);
    // The output's name is the user's, so the second bias moves on.
    assert.deepEqual([names.of(a), names.of(b), names.of(sum)], ["bias", "bias_2", "bias_1"]);
  });

  it("of values without a wish say the operator, and which output", () => {
    const graph = new Graph(registry);
    const x = graph.addInput("x", float2);
    const [values, indices] = graph.add("TopK", [x, graph.addInitializer(Storage.from("int64", [1], [1]))], {}, { outputCount: 2 }).outputs;
    graph.setOutputs([graph.add("Neg", [values]).output], ["y"]);
    const names = assignNames(graph);
    assert.deepEqual([names.of(values as Value), names.of(indices as Value)], ["topk", "topk_out1"]);
  });

  it("of nodes follow the module scope", () => {
    const graph = new Graph(registry);
    const x = graph.addInput("x", float2);
    const node = graph.add("Relu", [x], {}, { provenance: [{ scope: "layer1.0.relu" }] });
    const twin = graph.add("Relu", [node.output], {}, { provenance: [{ scope: "layer1.0.relu" }] });
    graph.setOutputs([twin.output], ["y"]);
    const names = assignNames(graph);
    assert.deepEqual([names.ofNode(node), names.ofNode(twin)], ["layer1.0.relu/Relu", "layer1.0.relu/Relu_1"]);
  });

  it("report outputs that need an Identity: an input as output, a value twice, a captured value", () => {
    const graph = new Graph(registry);
    const cond = graph.addInput("cond", tensorType("bool", []));
    const x = graph.addInput("x", float2);
    const body = () => {
      const g = new Graph(registry, "body", graph);
      g.setOutputs([x], ["kept"]);
      return g;
    };
    const [then_branch, else_branch] = [body(), body()];
    const y = graph.add("If", [cond], { then_branch, else_branch }).output;
    graph.setOutputs([x, y, y], ["x", "first", "second"]);
    const { aliases, of } = assignNames(graph);
    assert.equal(of(y), "first");
    assert.deepEqual(
      aliases.map((a) => [a.graph === graph ? "main" : "body", a.name, of(a.value)]),
      [
        ["main", "second", "first"],
        ["body", "kept", "x"],
        ["body", "kept", "x"],
      ],
    );
  });

  it("that contradict each other at the interface are refused", () => {
    const graph = new Graph(registry);
    const x = graph.addInput("x", float2);
    graph.setOutputs([graph.add("Neg", [x]).output], ["x"]);
    assert.throws(() => assignNames(graph), { code: "InvalidGraph", summary: /the output `x` has the name of an input/ });
  });

  it("are only given to values of the graph", () => {
    const graph = new Graph(registry);
    const x = graph.addInput("x", float2);
    graph.setOutputs([x], ["x"]);
    assert.throws(() => assignNames(graph).of(new Value(float2, "stranger")), {
      code: "InvalidGraph",
      summary: /stranger is read but belongs to no part/,
    });
  });

  it("never collide with one that can be seen from the same place, and are the same every time", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const graph = randomGraph(seed, 12);
        const names = assignNames(graph);
        const own = (g: Graph) => [...new Set([...g.inputs, ...g.initializers, ...[...g.nodes()].flatMap((n) => n.outputs)])].map(names.of);
        for (const g of allGraphs(graph)) {
          const visible: string[] = [];
          for (let around: Graph | undefined = g; around; around = around.parent) visible.push(...own(around));
          assert.equal(new Set(visible).size, visible.length);
        }
        const again = assignNames(graph);
        for (const g of allGraphs(graph))
          assert.deepEqual(
            [...g.nodes()].flatMap((n) => n.outputs.map(again.of)),
            [...g.nodes()].flatMap((n) => n.outputs.map(names.of)),
          );
      }),
      { numRuns: 60 },
    );
  });
});
