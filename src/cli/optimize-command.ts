// ingot optimize: any ONNX file through the passes, checked against itself.
import type { Command } from "commander";
import { load } from "../compile/load.ts";
import { action, makeCommand } from "./command.ts";
import { type CompileFlags, compileOptions, withCompileOptions } from "./compile-options.ts";
import { printResult } from "./console.ts";

interface Flags extends CompileFlags {
  readonly output: string;
}

export function optimizeCommand(): Command {
  const command = makeCommand(
    "optimize",
    "Optimise an ONNX file, check that it computes the same, and write it.",
    "ingot optimize in.onnx -o out.onnx",
    "ingot optimize in.onnx -o out.onnx --disable fold-conv-batchnorm",
  )
    .argument("<file>", "an ONNX file")
    .requiredOption("-o, --output <file>", "where to write the model");
  return withCompileOptions(command).action(
    action<[string], Flags>(async ({ options, progress }, file) => {
      const module = await load(file, compileOptions(options, progress));
      try {
        progress.show(`writing ${options.output}`);
        const saved = await module.save(options.output);
        progress.done();
        printResult(
          options,
          { ...saved, report: module.report },
          () => `${module.report}\n\nsaved ${saved.path}: ${(saved.bytes / 2 ** 20).toFixed(1)} MiB`,
        );
      } finally {
        await module.close();
      }
      return 0;
    }),
  );
}
