// Graphs as text: the exact form, by hand.
import assert from "node:assert/strict";
import { floorDivDims, mulDims, symbol, unknownDim } from "../../src/ir/dim.ts";
import { Graph } from "../../src/ir/graph.ts";
import { printGraph } from "../../src/ir/print.ts";
import { tensorType } from "../../src/ir/type.ts";
import { exportModel } from "../../src/onnx/export.ts";
import { registry } from "../../src/ops/registry.ts";
import { Storage } from "../../src/tensor/storage.ts";

const lines = (graph: Graph, options = {}) => printGraph(graph, options).trimEnd().split("\n");

describe("printing a graph", () => {
  it("shows versions, interface, constants, and per node types and origins", () => {
    const graph = new Graph(registry, "main");
    const x = graph.addInput("x", tensorType("float32", [symbol("batch"), 2]));
    const w = graph.addInitializer(Storage.from("float32", [1, -0.5], [2]), "weight");
    const source = { file: "model.ts", line: 12, column: 8 };
    const y = graph.add("Add", [x, w], {}, { provenance: [{ source, scope: "layer1" }], names: ["sum"] }).output;
    graph.setOutputs([graph.add("LeakyRelu", [y], { alpha: 0.1 }, { provenance: [{ source }] }).output], ["y"]);
    assert.deepEqual(lines(graph), [
      '<ir_version: 4, opset_import: ["" : 7]>',
      "main (float[batch,2] x) => (float[batch,2] y)",
      "<",
      "  float[2] weight = {1.0, -0.5}",
      ">",
      "{",
      "  sum = Add (x, weight)  # float[batch,2] | layer1 (model.ts:12:8)",
      "  y = LeakyRelu <alpha = 0.1> (sum)  # float[batch,2] | model.ts:12:8",
      "}",
    ]);
    assert.equal(String(graph), printGraph(graph));
    assert.match(printGraph(graph, { header: false }), /^main \(/);
  });

  it("names the versions that a file would have: those of dtypes, and no opset below 7", () => {
    const header = (build: (graph: Graph) => void) => {
      const graph = new Graph(registry);
      build(graph);
      const { model } = exportModel(graph);
      const [domain] = model.opsetImport ?? [];
      assert.equal(lines(graph)[0], `<ir_version: ${model.irVersion}, opset_import: ["" : ${domain?.version}]>`);
      return [model.irVersion, domain?.version];
    };
    assert.deepEqual(
      header(() => {}),
      [4, 7],
    );
    assert.deepEqual(
      header((g) => g.addInput("x", tensorType("float4e2m1", [2]))),
      [11, 23],
    );
    const sum = (g: Graph, x = g.addInput("x", tensorType("int8", [2]))) => g.setOutputs([g.add("Add", [x, x]).output]);
    assert.deepEqual(header(sum), [7, 14]);
  });

  it("leaves large constants out unless they are asked for, and the metadata with them", () => {
    const graph = new Graph(registry);
    const w = graph.addInitializer(Storage.from("float32", new Array(17).fill(0.25), [17]), "w");
    graph.setOutputs([graph.add("Neg", [w]).output], ["y"]);
    graph.metadata.set("a key", 'two\n"lines"');
    assert.match(printGraph(graph), /float\[17\] w = \{\.\.\.\}/);
    assert.doesNotMatch(printGraph(graph), /metadata/);
    assert.match(printGraph(graph, { weights: true }), /float\[17\] w = \{0\.25, 0\.25,/);
    assert.match(printGraph(graph, { weights: true }), /metadata_props: \["a key" : "two\\n\\"lines\\""\]/);
  });

  it("writes sizes that are no identifiers in quotes, unknown ones as ?, unknown ranks as []", () => {
    const graph = new Graph(registry);
    const odd = graph.addInput(
      "x",
      tensorType("float32", [mulDims(2, symbol("n")), unknownDim(), floorDivDims(symbol("n"), 2), symbol("batch size")]),
    );
    const any = graph.addInput("r", tensorType("float64"));
    const seq = graph.addInput("s", { kind: "sequence", element: { kind: "optional", element: tensorType("string", []) } });
    graph.setOutputs([odd, any, seq], ["x", "r", "s"]);
    assert.equal(
      lines(graph, { header: false })[0],
      'main (float["2*n",?,"floor((n)/(2))","batch size"] x, double[] r, seq(optional(string)) s) => (float["2*n",?,"floor((n)/(2))","batch size"] x, double[] r, seq(optional(string)) s)',
    );
  });

  it("nests sub-graphs, reads captured values by their names, and writes left out inputs as two quotes", () => {
    const graph = new Graph(registry);
    const cond = graph.addInput("cond", tensorType("bool", []));
    const x = graph.addInput("x", tensorType("float32", [2]));
    const high = graph.addInitializer(Storage.from("float32", [6], []), "high");
    const clip = new Graph(registry, "clip", graph);
    clip.setOutputs([clip.add("Clip", [x, undefined, high]).output], ["clipped"]);
    const same = new Graph(registry, "same", graph);
    same.setOutputs([x], ["kept"]);
    graph.setOutputs(graph.add("If", [cond], { then_branch: clip, else_branch: same }, { provenance: [{ scope: "gate" }] }).outputs, ["y"]);
    assert.deepEqual(lines(graph, { header: false }).slice(4), [
      "{",
      "  y = If <then_branch = clip () => (float[2] clipped)",
      "  {",
      '    clipped = Clip (x, "", high)  # float[2]',
      "  }, else_branch = same () => (float[2] kept)",
      "  {",
      "    kept = Identity (x)  # float[2]",
      "  }> (cond)  # float[2] | gate",
      "}",
    ]);
  });

  it("cannot be led to end a comment or a string by what a name holds", () => {
    const graph = new Graph(registry, 'a"b\n');
    const x = graph.addInput("x\n} evil", tensorType("float32", [symbol("n | m\n}")]));
    const y = graph.add("Neg", [x], {}, { provenance: [{ scope: 'line\n} => "#' }], names: ["# y"] }).output;
    graph.setOutputs([y], ["inf"]);
    assert.deepEqual(lines(graph, { header: false }), [
      '"a\\"b\\n" (float["n | m\\n}"] "x\\n} evil") => (float["n | m\\n}"] "inf")',
      "{",
      '  "inf" = Neg ("x\\n} evil")  # float["n | m\\n}"] | line\\n} => \\"#',
      "}",
    ]);
  });
});
