// ingot bench: how fast a model file runs on each engine.
import type { Command } from "commander";
import { type EngineName, findEngine } from "../engines/engines.ts";
import { readGraph } from "../onnx/read-file.ts";
import { registry } from "../ops/registry.ts";
import { Timer } from "../timer/timer.ts";
import { action, collect, makeCommand } from "./command.ts";
import { integer } from "./compile-options.ts";
import { printResult } from "./console.ts";
import { readInputs } from "./input-option.ts";

interface Flags {
  readonly input: readonly string[];
  readonly engine: readonly EngineName[];
  readonly threads?: number;
  readonly seconds: string;
}

export function benchCommand(): Command {
  return makeCommand(
    "bench",
    "Time a model on the engines, interleaved.",
    "ingot bench m.onnx",
    "ingot bench m.onnx --engine onnxruntime --threads 2",
  )
    .argument("<file>", "an ONNX file")
    .option("--input <name=source>", "a picture, a JSON file of nested arrays, or `random`", collect, [])
    .option("--engine <name>", "onnxruntime or interpreter; may be repeated (default: all that are installed)", collect, [])
    .option("--threads <n>", "threads inside one operator", integer)
    .option("--seconds <s>", "time for each engine", "2")
    .action(
      action<[string], Flags>(async ({ options, progress }, file) => {
        progress.show(`reading ${file}`);
        const graph = await readGraph(file, registry);
        const { tensors } = await readInputs(graph, options.input, 1);
        const names: EngineName[] = ["interpreter", "onnxruntime"];
        const chosen =
          options.engine.length > 0 ? options.engine : names.filter((n) => n === "interpreter" || findEngine(undefined).name === n);
        const threads = options.threads === undefined ? {} : { threads: options.threads };
        const executables = await Promise.all(chosen.map((name) => findEngine(name).prepare(graph, threads)));
        try {
          progress.show("timing");
          const inputs = tensors.map((t) => t.storage);
          const timer = new Timer(Object.fromEntries(executables.map((e) => [e.engine, () => e.run(inputs)])));
          const comparison = await timer.compare({ minRunTime: Number(options.seconds) });
          progress.done();
          printResult(options, comparison, () => String(comparison));
        } finally {
          for (const e of executables) await e.close();
        }
        return 0;
      }),
    );
}
