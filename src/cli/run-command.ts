// ingot run: a model file on inputs from files.
import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { softmax, topk } from "../eager/functions/reduce.ts";
import { Tensor } from "../eager/tensor.ts";
import { findEngine } from "../engines/engines.ts";
import { fileError } from "../errors/file-error.ts";
import { readGraph } from "../onnx/read-file.ts";
import { registry } from "../ops/registry.ts";
import { isFloat } from "../tensor/dtype.ts";
import type { Storage } from "../tensor/storage.ts";
import { action, collect, makeCommand } from "./command.ts";
import { type CompileFlags, integer } from "./compile-options.ts";
import { printResult } from "./console.ts";
import { readInputs } from "./input-option.ts";

interface Flags extends Pick<CompileFlags, "engine" | "threads" | "seed"> {
  readonly input: readonly string[];
  readonly topk?: number;
  readonly labels?: string;
}

export function runCommand(): Command {
  return makeCommand(
    "run",
    "Run a model on given inputs.",
    "ingot run m.onnx --input x=cat.jpg --topk 5",
    "ingot run m.onnx --input ids=ids.json",
  )
    .argument("<file>", "an ONNX file")
    .option("--input <name=source>", "a picture, a JSON file of nested arrays, or `random`", collect, [])
    .option("--topk <k>", "print the k best scores of each output, as probabilities", integer)
    .option("--labels <file>", "JSON with class names: an array, or a record by index")
    .option("--engine <name>", "onnxruntime or interpreter")
    .option("--threads <n>", "threads inside one operator", integer)
    .option("--seed <n>", "seed of random inputs", integer)
    .action(
      action<[string], Flags>(async ({ options, progress }, file) => {
        progress.show(`reading ${file}`);
        const graph = await readGraph(file, registry);
        const { tensors, sources } = await readInputs(graph, options.input, options.seed ?? 1);
        const labels = options.labels === undefined ? undefined : await readLabels(options.labels);
        const executable = await findEngine(options.engine).prepare(graph, {
          disable: "all",
          ...(options.threads !== undefined && { threads: options.threads }),
        });
        try {
          progress.show(`running on ${executable.engine}`);
          const outputs = (await executable.run(tensors.map((t) => t.storage))) as Storage[];
          progress.done();
          const results = outputs.map((s, i) => describeOutput(graph.outputNames[i] as string, s, options.topk, labels));
          printResult(options, { inputs: sources, outputs: results.map((r) => r.data) }, () => results.map((r) => r.text).join("\n"));
        } finally {
          await executable.close();
        }
        return 0;
      }),
    );
}

type Labels = (index: number) => string;

function describeOutput(name: string, storage: Storage, k: number | undefined, labels: Labels | undefined) {
  const t = Tensor.fromStorage(storage);
  if (k === undefined || !isFloat(storage.dtype) || t.rank === 0)
    return { data: { name, dtype: t.dtype, shape: t.shape, values: t.toArray() }, text: `${name} = ${t}` };
  const best = topk(softmax(t, -1), Math.min(k, t.shape[t.rank - 1] as number));
  const scores = best.values.reshape(-1).toArray() as number[];
  const indices = best.indices.reshape(-1).toArray() as number[];
  const rows = indices.map((index, i) => ({ index, label: labels?.(index), probability: scores[i] as number }));
  const text = rows.map((r) =>
    `  ${String(r.index).padStart(6)}  ${(r.probability * 100).toFixed(2).padStart(6)} %  ${r.label ?? ""}`.trimEnd(),
  );
  return { data: { name, dtype: t.dtype, shape: t.shape, topk: rows }, text: [`${name}: top ${k}`, ...text].join("\n") };
}

async function readLabels(file: string): Promise<Labels> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw fileError("read", file, cause);
  }
  const data = JSON.parse(text) as Record<string, unknown>;
  return (index) => {
    const entry = data[index];
    return Array.isArray(entry) ? String(entry[1] ?? entry[0]) : String(entry ?? "");
  };
}
