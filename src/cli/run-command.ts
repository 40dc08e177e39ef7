// ingot run: a model file on inputs from files.
import type { Command } from "commander";
import { findEngine } from "../engines/engines.ts";
import { readGraph } from "../onnx/read-file.ts";
import { registry } from "../ops/registry.ts";
import { Storage } from "../tensor/storage.ts";
import { action, collect, makeCommand, type Session } from "./command.ts";
import { type CompileFlags, positive, preferredEngineOption, seedOption, threadsOption } from "./compile-options.ts";
import { describeOutput } from "./describe-output.ts";
import { readInputs } from "./input-option.ts";
import { readLabels } from "./labels.ts";

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
          const results = outputs.map((value, i) => describeOutput(graph.outputNames[i] ?? `output_${i}`, value, options.topk, labels));
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

const typeOf = (value: unknown) => (value instanceof Storage ? { dtype: value.dtype, shape: value.shape } : {});
