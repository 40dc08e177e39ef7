// ingot bench: how fast a model file runs on each engine.
import type { Command } from "commander";
import type { Executable } from "../engines/engine.ts";
import { type EngineName, engineNames, findEngine } from "../engines/engines.ts";
import { readGraph } from "../onnx/read-file.ts";
import { registry } from "../ops/registry.ts";
import { Timer } from "../timer/timer.ts";
import { action, collect, makeCommand, type Session } from "./command.ts";
import { enginesOption, seconds, threadsOption } from "./compile-options.ts";
import { readInputs } from "./input-option.ts";

interface Flags {
  readonly input?: readonly string[];
  readonly engine: readonly EngineName[];
  readonly threads?: number;
  readonly seconds: number;
}

export function benchCommand(session: Session): Command {
  return makeCommand(
    session,
    "bench",
    "Time a model on the engines by turns; the first one is the baseline.",
    "ingot bench m.onnx",
    "ingot bench m.onnx --engine interpreter --engine onnxruntime --threads 2 --json",
  )
    .argument("<file>", "an ONNX file")
    .option("--input <name=source>", "a picture, an array (.npy, .json), or `random`, which all others are", collect)
    .addOption(enginesOption())
    .addOption(threadsOption())
    .option("--seconds <s>", "time for each engine", seconds, 2)
    .action(
      action<[string], Flags>(session, async ({ options, progress, print }, file) => {
        progress.show(`reading ${file}`);
        const graph = await readGraph(file, registry);
        const { inputs } = await readInputs(graph, options.input ?? [], 1);
        const threads = options.threads === undefined ? {} : { threads: options.threads };
        const executables: Executable[] = [];
        try {
          for (const name of options.engine.length > 0 ? options.engine : installedEngines()) {
            progress.show(`preparing ${name}`);
            executables.push(await findEngine(name).prepare(graph, threads));
          }
          const runs = Object.fromEntries(executables.map((e) => [e.engine, () => e.run(inputs)]));
          const onProgress = ({ part }: { readonly part: number }) => progress.show("timing", `${(part * 100).toFixed(0)} %`);
          progress.show("timing");
          const comparison = await new Timer(runs, { onProgress }).compare({ minRunTime: options.seconds });
          print({ file, ...comparison.toJSON() }, () => String(comparison));
        } finally {
          for (const e of executables) await e.close();
        }
        return 0;
      }),
    );
}

/** The slowest first, as the baseline. */
function installedEngines(): readonly EngineName[] {
  const preferred = findEngine(undefined).name;
  return engineNames.filter((name) => name === "interpreter" || name === preferred).reverse();
}
