// Eager speed on one thread.
import { getThreads, matmul, randn, setThreads } from "../../src/index.ts";
import { resnet18, resnet152 } from "../../src/models/index.ts";
import type { Measured } from "../figure.ts";
import { median, range, time } from "../figure.ts";
import { nativeSession } from "./native-session.ts";

export async function* eager(progress: (what: string) => void): AsyncIterable<Measured> {
  const threads = getThreads();
  setThreads(1);
  try {
    yield* measure(progress);
  } finally {
    setThreads(threads);
  }
}

async function* measure(progress: (what: string) => void): AsyncIterable<Measured> {
  const x = randn([1, 3, 224, 224], { seed: 1 });
  for (const [name, make, bar, runs] of [
    ["ResNet-152", resnet152, "≤ 1.2", 7],
    ["ResNet-18", resnet18, "≤ 0.15", 15],
  ] as const) {
    progress(name);
    const model = make({ seed: 0 }).eval();
    model.forward(x);
    const seconds: number[] = [];
    for (let i = 0; i < runs; i++) seconds.push((await time(() => model.forward(x))) / 1000);
    yield { name: `eager ${name}, 1×3×224×224, one thread`, value: median(seconds), unit: "s", bar, spread: range(seconds, 3) };
  }
  progress("peaks");
  const a = randn([512, 512], { seed: 1 });
  const ours = [];
  for (let i = 0; i < 20; i++) ours.push((2 * 512 ** 3) / (await time(() => matmul(a, a))) / 1e6);
  yield { name: "eager matmul 512³, one thread", value: median(ours), unit: "GFLOP/s", bar: "", spread: range(ours) };
  const native = await nativeSession("matmul", 1);
  if (!native) return;
  const theirs = [];
  for (let i = 0; i < 40; i++) theirs.push((2 * 512 ** 3) / (await time(() => native.run())) / 1e6);
  // FACTS: ONNX Runtime reaches about three quarters of a core's peak on this shape.
  yield {
    name: "onnxruntime-node matmul 512³, one thread (how fast this core is)",
    value: median(theirs),
    unit: "GFLOP/s",
    bar: "",
    spread: range(theirs),
  };
}
