// ingot run: a model file on inputs from files.
import type { Command } from "commander";
import { softmax, topk } from "../eager/functions/reduce.ts";
import { Tensor } from "../eager/tensor.ts";
import { findEngine } from "../engines/engines.ts";
import { elementsOf } from "../equivalence/leaves.ts";
import { readGraph } from "../onnx/read-file.ts";
import { registry } from "../ops/registry.ts";
import { MapValue, OptionalValue, type RuntimeValue } from "../ops/runtime-value.ts";
import { isFloat } from "../tensor/dtype.ts";
import { Storage } from "../tensor/storage.ts";
import { action, collect, makeCommand, type Session } from "./command.ts";
import { type CompileFlags, positive, preferredEngineOption, seedOption, threadsOption } from "./compile-options.ts";
import { readInputs } from "./input-option.ts";
import { type Labels, readLabels } from "./labels.ts";

interface Flags extends Pick<CompileFlags, "engine" | "threads" | "seed" | "topk"> {
  readonly input?: readonly string[];
  readonly labels?: string;
}

export function runCommand(session: Session): Command {
  return makeCommand(
    session,
    "run",
    "Run a model on given inputs.",
    "ingot run m.onnx --input x=cat.jpg --topk 5 --labels imagenet_classes.txt",
    "ingot run m.onnx --input ids=ids.json --json",
  )
    .argument("<file>", "an ONNX file")
    .option("--input <name=source>", "a picture, an array (.npy, .json), or `random`, which all others are", collect)
    .option("--topk <k>", "print the k best of each row of scores, as probabilities", positive)
    .option("--labels <file>", "names of the classes: one per line, or JSON")
    .addOption(preferredEngineOption())
    .addOption(threadsOption())
    .addOption(seedOption())
    .action(
      action<[string], Flags>(session, async ({ options, progress, print }, file) => {
        progress.show(`reading ${file}`);
        const labels = options.labels === undefined ? undefined : await readLabels(options.labels);
        const graph = await readGraph(file, registry);
        const { inputs: values, sources } = await readInputs(graph, options.input ?? [], options.seed ?? 1);
        const engine = findEngine(options.engine);
        progress.show(`preparing ${engine.name}`);
        const threads = options.threads === undefined ? {} : { threads: options.threads };
        const executable = await engine.prepare(graph, { disable: "all", ...threads });
        try {
          progress.show(`running on ${engine.name}`);
          const outputs = await executable.run(values);
          const results = outputs.map((value, i) => describe(graph.outputNames[i] ?? `output_${i}`, value, options.topk, labels));
          const inputs = graph.inputs.map((v, i) => ({
            name: v.name,
            ...typeOf(values[i]),
            source: sources[i],
          }));
          print({ engine: engine.name, inputs, outputs: results.map((r) => r.data) }, () => results.map((r) => r.text).join("\n"));
        } finally {
          await executable.close();
        }
        return 0;
      }),
    );
}

/** Containers as JSON has them: a list, `null` for what is absent, a record by key; tensors in them with their dtype and shape. */
function containerData(value: RuntimeValue): unknown {
  if (value instanceof Storage) return { dtype: value.dtype, shape: value.shape, values: Tensor.fromStorage(value).toArray() };
  if (value instanceof OptionalValue) return value.element === undefined ? null : containerData(value.element);
  if (!(value instanceof MapValue)) return value.map(containerData);
  const values = elementsOf(value.values);
  const plain = (v: unknown) => (typeof v === "bigint" ? String(v) : v);
  return Object.fromEntries(elementsOf(value.keys).map((key, i) => [String(key), plain(values[i])]));
}

interface Described {
  readonly data: object;
  readonly text: string;
}

const typeOf = (value: unknown) => (value instanceof Storage ? { dtype: value.dtype, shape: value.shape } : {});

function describe(name: string, value: RuntimeValue, k: number | undefined, labels: Labels | undefined): Described {
  // Sequences, optionals and maps have no table of scores.
  if (!(value instanceof Storage)) {
    const data = containerData(value);
    return { data: { name, value: data }, text: `${name} = ${JSON.stringify(data, undefined, 1).replace(/\n\s*/g, " ")}` };
  }
  const t = Tensor.fromStorage(value);
  if (k !== undefined && isFloat(t.dtype) && t.rank > 0 && t.numel() > 0) return describeScores(name, t, k, labels);
  return { data: { name, dtype: t.dtype, shape: t.shape, values: t.toArray() }, text: `${name} = ${t}` };
}

function describeScores(name: string, t: Tensor, k: number, labels: Labels | undefined): Described {
  const classes = t.shape[t.rank - 1] as number;
  const scores = t.to("float32").reshape([-1, classes]);
  const probabilities = isDistribution(scores) ? scores : softmax(scores, -1);
  const { values, indices } = topk(probabilities, Math.min(k, classes));
  const rows = (indices.toArray() as number[][]).map((row, r) =>
    row.map((index, i) => ({ index, label: labels?.(index), probability: (values.toArray() as number[][])[r]?.[i] as number })),
  );
  const lines = rows.flatMap((row, r) => [
    ...(rows.length > 1 ? [`  row ${r}`] : []),
    ...row.map(({ index, label = "", probability }) =>
      `  ${String(index).padStart(6)}  ${(probability * 100).toFixed(2).padStart(6)} %  ${label}`.trimEnd(),
    ),
  ]);
  return {
    data: { name, dtype: t.dtype, shape: t.shape, topk: rows },
    text: [`${name}: top ${rows[0]?.length} of ${classes}`, ...lines].join("\n"),
  };
}

/** Whether every row is a distribution already: the model ends in a softmax, and a second one would flatten it. */
function isDistribution(scores: Tensor): boolean {
  const rows = scores.toArray() as number[][];
  return rows.every((row) => row.every((p) => p >= 0 && p <= 1) && Math.abs(row.reduce((a, b) => a + b, 0) - 1) < 1e-3);
}
