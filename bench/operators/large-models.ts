// Models of more than 2 GiB, which no protobuf message holds: from model code to a file and back, on both engines.
import type { Measured } from "../figure.ts";
import { child } from "./child.ts";

interface Outcome {
  readonly weights: number;
  readonly data: number;
  readonly peak: number;
  readonly failed: readonly string[];
}

export async function* largeModels(progress: (what: string) => void): AsyncIterable<Measured> {
  if (process.platform !== "linux") return progress("needs Linux: resident memory is read from /proc");
  for (const [task, what] of [
    ["table", "with one tensor of 2.3 GiB"],
    ["layers", "of nine layers, 2.3 GiB together"],
  ] as const) {
    progress(`tracing, saving, loading and running a model ${what}`);
    const { weights, data, peak, failed } = child<Outcome>("large-models-child.ts", task);
    yield {
      name: `steps that fail for a model ${what}: trace, save, load, run on both engines, inspect, verify`,
      value: failed.length,
      unit: "steps",
      bar: "= 0",
      spread: failed.join(", ") || `data file of ${gib(data)}`,
    };
    yield {
      name: `peak memory of the process that traces, saves, loads and runs a model ${what}`,
      value: peak / 2 ** 30,
      unit: "GiB",
      bar: "≤ 14",
      spread: `${(peak / weights).toFixed(2)} times the weights, which the model, both loaded graphs and ONNX Runtime hold`,
    };
  }
}

const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GiB`;
