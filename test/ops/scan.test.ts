// Scan: running sums, directions, axes, known sizes.
import assert from "node:assert/strict";
import { symbol } from "../../src/ir/dim.ts";
import { Graph } from "../../src/ir/graph.ts";
import type { Attributes } from "../../src/ir/schema.ts";
import { formatType, tensorType } from "../../src/ir/type.ts";
import { registry } from "../../src/ops/registry.ts";
import { asStorage, runGraph, runGraphInSlices } from "../../src/ops/run-graph.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { counting, f32 } from "../support/run-op.ts";

/** Running sums of the slices of x, beginning with the state. */
function runningSum(shape: readonly (number | string)[], attributes: Attributes = {}) {
  const graph = new Graph(registry);
  const state = graph.addInput("state", tensorType("float32", [2]));
  const x = graph.addInput(
    "x",
    tensorType(
      "float32",
      shape.map((d) => (typeof d === "string" ? symbol(d) : d)),
    ),
  );
  const body = new Graph(registry, "body", graph);
  const sum = body.addInput("sum", tensorType("float32", [2]));
  const next = body.add("Add", [sum, body.addInput("slice", tensorType("float32", [2]))]).output;
  body.setOutputs([next, next]);
  const node = graph.add("Scan", [state, x], { body, num_scan_inputs: 1, ...attributes }, { outputCount: 2 });
  graph.setOutputs(node.outputs);
  return { graph, node };
}

describe("Scan", () => {
  const run = (shape: readonly number[], attributes: Attributes = {}) =>
    runGraph(runningSum(shape, attributes).graph, [f32([2], [10, 20]), counting(shape)]).map((v) => [
      asStorage(v).shape,
      asStorage(v).toNumbers(),
    ]);

  it("carries states over slices and stacks the rest", () => {
    assert.deepEqual(run([3, 2]), [
      [[2], [16, 29]],
      [
        [3, 2],
        [10, 21, 12, 24, 16, 29],
      ],
    ]);
  });

  it("scans along other axes and from the end", () => {
    assert.deepEqual(run([2, 3], { scan_input_axes: [1], scan_output_axes: [1] })[1], [
      [2, 3],
      [10, 11, 13, 23, 27, 32],
    ]);
    assert.deepEqual(run([3, 2], { scan_input_directions: [1], scan_output_directions: [1] })[1], [
      [3, 2],
      [16, 29, 16, 28, 14, 25],
    ]);
  });

  it("of many slices lets the event loop turn, and ends with its signal or its limit on steps", async () => {
    const { graph } = runningSum([100_000, 2]);
    const inputs = [f32([2], [0, 0]), Storage.empty("float32", [100_000, 2])];
    assert.throws(() => runGraph(graph, inputs, { maxSteps: 1000 }), { code: "StepLimit", summary: /Scan.*ran 501 times/ });
    const control = new AbortController();
    setImmediate(() => control.abort(new Error("enough")));
    await assert.rejects(runGraphInSlices(graph, inputs, { signal: control.signal }), /enough/);
  });

  it("of no slices gives the initial states", () => {
    assert.deepEqual(run([0, 2]), [
      [[2], [10, 20]],
      [[0, 2], []],
    ]);
  });

  it("knows its sizes", () => {
    assert.deepEqual(
      runningSum(["t", 2]).node.outputs.map((v) => formatType(v.type)),
      ["float[2]", "float[t,2]"],
    );
    assert.throws(() => runningSum([3, 2], { num_scan_inputs: 3 }), { code: "InvalidGraph" });
  });
});
