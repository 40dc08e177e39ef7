// Memory while a model is compiled and while it runs, each in a process of its own (bench/main/memory-child.ts).
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Measured } from "../figure.ts";
import { median, range } from "../figure.ts";

export async function* memory(progress: (what: string) => void): AsyncIterable<Measured> {
  if (process.platform !== "linux") return progress("needs Linux: peak memory is read from /proc");
  const samples = [0, 1, 2].map((i) => {
    progress(`trace() of ResNet-152, ${i + 1} of 3`);
    return child("trace") as { peak: number; weights: number };
  });
  const ratios = samples.map((s) => s.peak / s.weights);
  yield {
    name: "peak memory of trace() of ResNet-152 above that before, in weights",
    value: median(ratios),
    unit: "×",
    bar: "≤ 5",
    spread: range(ratios, 2),
  };
  progress("concurrent runs");
  const grown = child("concurrent") as { one: number; four: number; activations: number };
  const extra = (grown.four - grown.one) / (3 * grown.activations);
  yield {
    name: "memory that each further concurrent run of ResNet-152 adds, in activations of one run",
    value: extra,
    unit: "×",
    bar: "≤ 1",
    spread: `one run ${mib(grown.one)}, four ${mib(grown.four)}; activations of one run ${mib(grown.activations)}`,
  };
}

function child(task: string): unknown {
  const script = fileURLToPath(new URL("./memory-child.ts", import.meta.url));
  const { stdout, status } = spawnSync(process.execPath, ["--import", "tsx", "--expose-gc", script, task], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) throw new Error(`the memory measure failed with status ${status}`);
  return JSON.parse(stdout.trim().split("\n").pop() as string);
}

const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
