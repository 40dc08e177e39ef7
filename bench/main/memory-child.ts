// Measures memory in a fresh process and prints it as JSON: `trace` or `concurrent`.
import { readFileSync, writeFileSync } from "node:fs";
import { randn, trace } from "../../src/index.ts";
import { resnet152 } from "../../src/models/index.ts";

const collect = globalThis.gc as () => void;

const status = (key: "VmHWM" | "VmRSS") =>
  Number(new RegExp(`${key}:\\s+(\\d+) kB`).exec(readFileSync("/proc/self/status", "utf8"))?.[1]) * 1024;
/** Forgets the peak so far. */
const resetPeak = () => writeFileSync("/proc/self/clear_refs", "5");

const model = resnet152({ seed: 0 }).eval();
const x = randn([1, 3, 224, 224], { seed: 1 });
const weights = [...model.stateDict().values()].reduce((n, t) => n + t.storage.byteSize, 0);
model.forward(x);
collect();
await new Promise((resolve) => setTimeout(resolve, 200));

if (process.argv[2] === "trace") {
  resetPeak();
  const before = status("VmRSS");
  const traced = await trace(model, x);
  console.log(JSON.stringify({ peak: status("VmHWM") - before, weights }));
  await traced.close();
} else {
  const traced = await trace(model, x, { threads: 1 });
  const activations = [...traced.loweredGraph.nodes()]
    .flatMap((n) => n.outputs)
    .reduce((n, v) => n + (v.tensorType.shape as number[]).reduce((a, b) => a * b, 4), 0);
  await Promise.all(Array.from({ length: 1 }, () => traced.run(x)));
  collect();
  resetPeak();
  await traced.run(x);
  const one = status("VmHWM");
  for (let round = 0; round < 3; round++) await Promise.all(Array.from({ length: 4 }, () => traced.run(x)));
  console.log(JSON.stringify({ one, four: status("VmHWM"), activations }));
  await traced.close();
}
