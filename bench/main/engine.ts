// The compiled module beside onnxruntime-node's own session on the plain exported file.
import { randn, trace } from "../../src/index.ts";
import { resnet152 } from "../../src/models/index.ts";
import { traceGraph } from "../../src/trace/trace-graph.ts";
import type { Measured } from "../figure.ts";
import { interleavedSettled, pairedRatio } from "../figure.ts";
import { nativeSession } from "./native-session.ts";

export async function* engine(progress: (what: string) => void): AsyncIterable<Measured> {
  const x = randn([1, 3, 224, 224], { seed: 1 });
  const model = resnet152({ seed: 0 }).eval();
  const plain = traceGraph(model, x).graph;
  for (const threads of [1, 2]) {
    progress(`${threads} thread${threads > 1 ? "s" : ""}`);
    const native = await nativeSession(plain, threads, x);
    if (!native) return progress("onnxruntime-node is not installed");
    const traced = await trace(model, x, { threads });
    const [ours = [], theirs = []] = await interleavedSettled(
      25,
      () => traced.run(x),
      () => native.run(),
    );
    yield {
      name: `run() of ResNet-152 over onnxruntime-node's own session, ${threads} thread${threads > 1 ? "s" : ""}`,
      unit: "×",
      bar: "≤ 1.03",
      ...pairedRatio(ours, theirs),
    };
    await traced.close();
    await native.release();
  }
}
