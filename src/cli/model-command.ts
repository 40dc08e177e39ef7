// What ingot trace and ingot script share: from a model file to a checked ONNX file.
import { basename, extname } from "node:path";
import { type Command, Option } from "commander";
import type { CompiledModule } from "../compile/compiled-module.ts";
import type { TraceOptions } from "../compile/trace.ts";
import type { Tensor } from "../eager/tensor.ts";
import type { Model } from "../trace/model.ts";
import { action, collect, makeCommand, type Session } from "./command.ts";
import { type CompileFlags, compileOptions, type SaveFlags, saveOptions, withCompileOptions } from "./compile-options.ts";
import { readCheckInputs } from "./input-option.ts";
import { loadModelFile } from "./model-file.ts";
import { formatSaved } from "./saved.ts";
import { traceInputs } from "./trace-inputs.ts";

interface Flags extends CompileFlags, SaveFlags {
  readonly input?: readonly string[];
  readonly dynamic?: readonly string[];
  readonly output?: string;
  readonly export?: string;
  readonly mode: "eval" | "train";
}

/** One way from a model to a compiled module. */
export interface ModelCommand {
  readonly name: string;
  readonly summary: string;
  readonly examples: readonly string[];
  /** What `--mode` chooses: `record in this mode`. */
  readonly modeText: string;
  readonly compile: (model: Model, tensors: readonly Tensor[], options: TraceOptions) => Promise<CompiledModule<unknown>>;
}

export function modelCommand(session: Session, { name, summary, examples, modeText, compile }: ModelCommand): Command {
  const command = makeCommand(session, name, summary, ...examples)
    .argument("<model>", "a .ts or .js file that exports a model, a class or a function")
    .option("--input <name:spec>", "an input: its name, dtype and sizes, of which named ones are dynamic; or name=file", collect)
    .option("--dynamic <name:axis=size>", "a size that may change; may be repeated", collect)
    .option("-o, --output <file>", "where to write the model (default: the model file's name, with .onnx)")
    .option("--export <name>", "the export to take (default: the default export)")
    .addOption(new Option("--mode <mode>", modeText).choices(["eval", "train"]).default("eval"));
  return withCompileOptions(command).action(
    action<[string], Flags>(session, async ({ options, progress, print }, file) => {
      const output = options.output ?? `${basename(file, extname(file))}.onnx`;
      progress.show(`loading ${file}`);
      const model = await loadModelFile(file, options.export);
      const { names, tensors, dynamic } = await traceInputs(model, options);
      const common = compileOptions(options, progress);
      const inputs = await readCheckInputs(
        options.checkInput ?? [],
        names.map((name, i) => ({ name, dtype: tensors[i]?.dtype ?? "float32" })),
      );
      const module = await compile(model, tensors, {
        ...common,
        names,
        dynamic,
        mode: options.mode,
        check: { ...common.check, inputs },
      });
      try {
        progress.show(`writing ${output}`);
        const saved = await module.save(output, saveOptions(options));
        print({ ...saved, report: module.report }, () => `${module.report}\n\n${formatSaved(saved)}`);
      } finally {
        await module.close();
      }
      return 0;
    }),
  );
}
