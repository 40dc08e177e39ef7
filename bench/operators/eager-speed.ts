// Whole models, eager, beside onnxruntime-node's own session with all its optimisations: one thread each.
import { randint, randn, type Tensor } from "../../src/index.ts";
import { bertBaseUncased, resnet152 } from "../../src/models/index.ts";
import type { Module } from "../../src/nn/index.ts";
import { traceGraph } from "../../src/trace/trace-graph.ts";
import type { Measured } from "../figure.ts";
import { interleaved, pairedRatio } from "../figure.ts";
import { nativeSession } from "../main/native-session.ts";
import { withThreads } from "./with-threads.ts";

const rounds = 15;

export async function* eagerSpeed(progress: (what: string) => void): AsyncIterable<Measured> {
  yield* withThreads(1, () => measure(progress));
}

async function* measure(progress: (what: string) => void): AsyncIterable<Measured> {
  const picture = randn([1, 3, 224, 224], { seed: 1 });
  const resnet = resnet152({ seed: 0 }).eval();
  yield* beside("ResNet-152, 1×3×224×224", resnet, picture, () => resnet.forward(picture), progress);
  const text = randint(0, 30_000, [1, 128], { seed: 1, dtype: "int64" });
  const bert = bertBaseUncased({ seed: 0 }).eval();
  yield* beside("BERT-base, sequence 128", bert, text, () => bert.forward(text), progress);
}

async function* beside(
  name: string,
  model: Module,
  input: Tensor,
  forward: () => unknown,
  progress: (what: string) => void,
): AsyncIterable<Measured> {
  progress(name);
  const native = await nativeSession(traceGraph(model, input).graph, 1, input);
  if (!native) return progress("onnxruntime-node is not installed");
  const [ours = [], theirs = []] = await interleaved(rounds, forward, () => native.run());
  yield { name: `eager ${name} over onnxruntime-node, one thread each`, unit: "×", bar: "≤ 5", ...pairedRatio(ours, theirs) };
  await native.release();
}
