// Graphs of every type, attribute and name there is, through text and through files: what is read back is the same graph.
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Graph } from "../../src/ir/graph.ts";
import { parseGraph } from "../../src/ir/parse.ts";
import { printGraph } from "../../src/ir/print.ts";
import { allNodes } from "../../src/ir/traverse.ts";
import { verifyGraph } from "../../src/ir/verify.ts";
import { encodeToBytes } from "../../src/onnx/encode.ts";
import { exportModel } from "../../src/onnx/export.ts";
import { graphFromBytes } from "../../src/onnx/read-file.ts";
import { registry } from "../../src/ops/registry.ts";
import { asStorage, runGraph } from "../../src/ops/run-graph.ts";
import { allDTypes } from "../../src/tensor/dtype.ts";
import type { Storage } from "../../src/tensor/storage.ts";
import { typedGraph } from "../support/typed-graph.ts";

const whole = (graph: Graph) => printGraph(graph, { weights: true });
const bytesOf = (graph: Graph) => encodeToBytes("ModelProto", exportModel(graph).model);
const compute = (graph: Graph, inputs: readonly Storage[]) =>
  runGraph(graph, inputs)
    .map(asStorage)
    .map((s) => ({ dtype: s.dtype, shape: [...s.shape], elements: s.dense() }));
const interfaceOf = (graph: Graph) => ({
  inputs: graph.inputs.map((v) => [v.name, v.type]),
  outputs: graph.outputs.map((v, i) => [graph.outputNames[i], v.type]),
  metadata: [...graph.metadata],
});
const anySeed = fc.nat(1e9);

describe("random well-typed graphs", function () {
  this.timeout(60_000);

  it("have every element type and every kind of attribute", () => {
    const dtypes = new Set<string>();
    const kinds = new Set<string>();
    for (let seed = 0; seed < 200; seed++)
      for (const node of allNodes(typedGraph(seed).graph)) {
        for (const v of node.inputs) if (v?.type.kind === "tensor") dtypes.add(v.type.dtype);
        const schema = registry.get(node.op)?.attributes ?? {};
        for (const name of Object.keys(node.attributes)) kinds.add(schema[name]?.kind ?? "none");
      }
    assert.deepEqual([...dtypes].sort(), [...allDTypes].sort());
    assert.deepEqual([...kinds].sort(), ["float", "floats", "graph", "int", "ints", "string", "strings", "tensor", "type"]);
  });

  it("are valid, print, and read back as graphs that print and compute the same, bit for bit", () => {
    fc.assert(
      fc.property(anySeed, (seed) => {
        const { graph, inputs } = typedGraph(seed);
        verifyGraph(graph);
        const text = whole(graph);
        const read = parseGraph(text, registry);
        verifyGraph(read);
        assert.equal(whole(read), text);
        assert.deepEqual(interfaceOf(read), interfaceOf(graph));
        assert.deepEqual(compute(read, inputs), compute(graph, inputs));
      }),
      { numRuns: 150 },
    );
  });

  it("are written as files that read back with the same interface and numbers, and are written again as the same bytes", () => {
    fc.assert(
      fc.property(anySeed, (seed) => {
        const { graph, inputs } = typedGraph(seed);
        const bytes = bytesOf(graph);
        const read = graphFromBytes(bytes, registry, "m.onnx");
        verifyGraph(read);
        assert.equal(Buffer.compare(bytesOf(read), bytes), 0);
        assert.deepEqual(interfaceOf(read), interfaceOf(graph));
        assert.deepEqual(compute(read, inputs), compute(graph, inputs));
      }),
      { numRuns: 150 },
    );
  });

  it("come to the same file by way of their text", () => {
    fc.assert(
      fc.property(anySeed, (seed) => {
        const { graph } = typedGraph(seed);
        const read = parseGraph(whole(graph), registry);
        assert.equal(Buffer.compare(bytesOf(read), bytesOf(graph)), 0);
      }),
      { numRuns: 100 },
    );
  });
});
