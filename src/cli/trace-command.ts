// ingot trace: a model file to a checked ONNX file.
import type { Command } from "commander";
import { trace } from "../compile/trace.ts";
import { ingotError } from "../errors/error.ts";
import { action, collect, makeCommand } from "./command.ts";
import { type CompileFlags, compileOptions, withCompileOptions } from "./compile-options.ts";
import { printResult } from "./console.ts";
import { parseSpecOption } from "./input-option.ts";
import { loadModelFile } from "./model-file.ts";

interface Flags extends CompileFlags {
  readonly input: readonly string[];
  readonly output: string;
  readonly export?: string;
  readonly mode: "eval" | "train";
}

export function traceCommand(): Command {
  const command = makeCommand(
    "trace",
    "Trace a model, optimise it, check it against eager, and save it as ONNX.",
    'ingot trace ./model.ts --input "x:float32[batch,3,224,224]" -o model.onnx',
    'ingot trace ./nets.ts --export Small --input "ids:int64[batch=2,seq=16]" -o small.onnx --json',
  )
    .argument("<model>", "a .ts or .js file that exports a model, a class or a function")
    .option("--input <name:spec>", "an input: its name, dtype and sizes; named sizes become dynamic", collect, [])
    .option("-o, --output <file>", "where to write the model", "model.onnx")
    .option("--export <name>", "the export to take (default: the default export)")
    .option("--mode <mode>", "record in eval or train mode", "eval");
  return withCompileOptions(command).action(
    action<[string], Flags>(async ({ options, progress }, file) => {
      progress.show(`loading ${file}`);
      const { model, inputs } = await loadModelFile(file, options.export);
      const given = options.input.map(parseSpecOption);
      const specs = given.length > 0 ? given.map((g) => g.spec) : inputs;
      if (!specs)
        throw ingotError("InputOption", {
          value: "",
          problem: "the model declares no `static inputs`, so each input needs a specification",
        });
      const names = given.length > 0 ? { names: given.map((g) => g.name) } : {};
      const module = await trace(model, specs, { ...compileOptions(options, progress), ...names, mode: options.mode });
      try {
        progress.show(`writing ${options.output}`);
        const saved = await module.save(options.output);
        progress.done();
        printResult(options, { ...saved, report: module.report }, () => {
          const opsets = Object.entries(saved.opsets).map(([domain, v]) => `${domain} ${v}`);
          return `${module.report}\n\nsaved ${saved.path}: ${(saved.bytes / 2 ** 20).toFixed(1)} MiB, opset ${opsets.join(", ")}, IR version ${saved.irVersion}`;
        });
      } finally {
        await module.close();
      }
      return 0;
    }),
  );
}
