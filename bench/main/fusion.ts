// What is left of ResNet-152 after the passes.
import { randn, trace } from "../../src/index.ts";
import type { Graph } from "../../src/ir/graph.ts";
import { resnet152 } from "../../src/models/index.ts";
import type { Measured } from "../figure.ts";

export async function* fusion(progress: (what: string) => void): AsyncIterable<Measured> {
  progress("tracing ResNet-152");
  const traced = await trace(resnet152({ seed: 0 }).eval(), randn([1, 3, 224, 224], { seed: 1 }));
  const count = (g: Graph, ...ops: string[]) => [...g.nodes()].filter((n) => ops.includes(n.op)).length;
  const left = { value: count(traced.graph, "BatchNormalization", "Identity", "Dropout"), unit: "nodes", bar: "= 0", spread: "" };
  yield { name: "BatchNormalization, Identity and Dropout in the optimised ResNet-152", ...left };
  const lowered = traced.loweredGraph;
  const loose = [...lowered.nodes()].filter(
    (n) => ["Relu", "Add"].includes(n.op) && n.inputs.some((v) => v?.producer && /Conv$/.test(v.producer.op)),
  ).length;
  yield {
    name: "Relu and Add left beside a convolution, lowered for ONNX Runtime",
    value: loose,
    unit: "nodes",
    bar: "= 0",
    spread: `${lowered.nodeCount} nodes in all`,
  };
  await traced.close();
}
