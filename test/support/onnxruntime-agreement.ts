// Runs one operator through a written model by our kernels and by ONNX Runtime's, for tests that the two agree.
import assert from "node:assert/strict";
import { Graph } from "../../src/ir/graph.ts";
import type { Attributes } from "../../src/ir/schema.ts";
import { tensorType } from "../../src/ir/type.ts";
import { encodeToBytes } from "../../src/onnx/encode.ts";
import { exportModel } from "../../src/onnx/export.ts";
import { registry } from "../../src/ops/registry.ts";
import { asStorage, runGraph } from "../../src/ops/run-graph.ts";
import type { Storage } from "../../src/tensor/storage.ts";

/** The inputs of an operator, `undefined` for those left out; how many outputs it has. */
export type Case = readonly [op: string, inputs: readonly (Storage | undefined)[], attributes?: Attributes, outputCount?: number];

/** Declares a test per family of cases: the model of each is written, and run by us and by ONNX Runtime. */
export function describeAgreement(title: string, families: Readonly<Record<string, () => readonly Case[]>>): void {
  describe(title, function () {
    this.timeout(60_000);
    let runtime: typeof import("onnxruntime-node") | undefined;
    before(async function () {
      try {
        runtime = await import("onnxruntime-node");
      } catch {
        console.error("    skipped: onnxruntime-node (an optional dependency) is not installed");
        this.skip();
      }
    });

    for (const [family, cases] of Object.entries(families))
      it(family, async () => {
        for (const [op, inputs, attributes = {}, outputCount = 1] of cases()) {
          const label = `${op} ${JSON.stringify(attributes)} on ${inputs.map((s) => (s ? `[${s.shape}]` : "-")).join(" ")}`;
          const { bytes, feeds, expected } = model(op, inputs, attributes, outputCount);
          const session = await (runtime as NonNullable<typeof runtime>).InferenceSession.create(bytes, {
            graphOptimizationLevel: "disabled",
          });
          const fed = Object.entries(feeds).map(([name, s]) => [
            name,
            new (runtime as NonNullable<typeof runtime>).Tensor("float32", s.dense() as Float32Array, [...s.shape]),
          ]);
          const outputs = await session.run(Object.fromEntries(fed));
          await session.release();
          expected.forEach((own, i) => {
            const theirs = outputs[`y${i}`];
            assert.deepEqual(own.shape, theirs?.dims, label);
            const numbers = Array.from(theirs?.data as ArrayLike<number | bigint>, Number);
            own.toNumbers().forEach((v, k) => {
              const other = numbers[k] as number;
              assert.ok(
                Object.is(v, other) || Math.abs(v - other) <= 1e-5 + 1e-4 * Math.abs(other),
                `${label}: output ${i} at ${k} is ${v}, ONNX Runtime has ${other}`,
              );
            });
          });
        }
      });
  });
}

/** A model of one node: float32 tensors are its inputs (the first input of Resize only), the rest constants. */
function model(op: string, inputs: readonly (Storage | undefined)[], attributes: Attributes, outputCount: number) {
  const graph = new Graph(registry);
  const feeds: Record<string, Storage> = {};
  const values = inputs.map((s, i) => {
    if (s?.dtype !== "float32" || (op === "Resize" && i > 0)) return s && graph.addInitializer(s, `c${i}`);
    feeds[`x${i}`] = s;
    return graph.addInput(`x${i}`, tensorType(s.dtype, s.shape));
  });
  const node = graph.add(op, values, attributes, { outputCount });
  graph.setOutputs(
    node.outputs,
    node.outputs.map((_, i) => `y${i}`),
  );
  const expected = runGraph(graph, Object.values(feeds)).map(asStorage);
  return { bytes: encodeToBytes("ModelProto", exportModel(graph, { opset: 7 }).model), feeds, expected };
}
