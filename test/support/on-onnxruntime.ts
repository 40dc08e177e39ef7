// Runs a graph on ONNX Runtime and compares with the interpreter: what a lowering must stand.
import assert from "node:assert/strict";
import type { Graph } from "../../src/ir/graph.ts";
import { encodeToBytes } from "../../src/onnx/encode.ts";
import { exportModel } from "../../src/onnx/export.ts";
import { asStorage, runGraph } from "../../src/ops/run-graph.ts";
import type { Storage } from "../../src/tensor/storage.ts";

/** The package, or undefined (after a line that says so) where it is not installed. */
export async function onnxruntime(): Promise<typeof import("onnxruntime-node") | undefined> {
  try {
    return await import("onnxruntime-node");
  } catch {
    console.error("    skipped: onnxruntime-node (an optional dependency) is not installed");
    return undefined;
  }
}

/** The graph as it stands, without ONNX Runtime's own optimisations, on float32 inputs: the same numbers as on the interpreter. */
export async function agreesOnOnnxruntime(
  runtime: typeof import("onnxruntime-node"),
  graph: Graph,
  feeds: readonly Storage[],
): Promise<void> {
  const session = await runtime.InferenceSession.create(encodeToBytes("ModelProto", exportModel(graph, { opset: 13 }).model), {
    graphOptimizationLevel: "disabled",
    logSeverityLevel: 3,
  });
  const tensors = feeds.map((s, i) => [
    graph.inputs[i]?.name ?? "",
    new runtime.Tensor("float32", s.contiguous().dense() as Float32Array, [...s.shape]),
  ]);
  const outputs = await session.run(Object.fromEntries(tensors));
  await session.release();
  runGraph(graph, feeds)
    .map(asStorage)
    .forEach((own, i) => {
      const theirs = outputs[graph.outputNames[i] ?? ""];
      assert.deepEqual(theirs?.dims, own.shape, String(graph));
      const numbers = Array.from(theirs?.data as ArrayLike<number>, Number);
      const largest = Math.max(...own.toNumbers().map(Math.abs));
      own.toNumbers().forEach((v, k) => {
        assert.ok(Math.abs(v - (numbers[k] as number)) <= 2e-5 * largest, `element ${k} is ${v}, ONNX Runtime has ${numbers[k]}\n${graph}`);
      });
    });
}
