// The options of commands that compile: engine, threads, passes, limits.
import { type Command, InvalidArgumentError } from "commander";
import type { CompileOptions } from "../compile/finish.ts";
import type { EngineName } from "../engines/engines.ts";
import { collect } from "./command.ts";
import type { ProgressLine } from "./console.ts";

export interface CompileFlags {
  readonly engine?: EngineName;
  readonly threads?: number;
  readonly disable: readonly string[];
  readonly rtol?: number;
  readonly seed?: number;
}

/** Adds the options to a command. */
export function withCompileOptions(command: Command): Command {
  return command
    .option("--engine <name>", "onnxruntime or interpreter (default: onnxruntime where it is installed)")
    .option("--threads <n>", "threads inside one operator", integer)
    .option("--disable <rule>", "switch a pass or rule off; may be repeated", collect, [])
    .option("--rtol <limit>", "error limit of the equivalence check (the certificate records it)", number)
    .option("--seed <n>", "seed of the check's random inputs", integer);
}

export function compileOptions(flags: CompileFlags, progress: ProgressLine): CompileOptions {
  return {
    ...(flags.engine && { engine: flags.engine }),
    ...(flags.threads !== undefined && { threads: flags.threads }),
    ...(flags.disable.length > 0 && { disable: flags.disable }),
    check: { ...(flags.rtol !== undefined && { rtol: flags.rtol }), ...(flags.seed !== undefined && { seed: flags.seed }) },
    onProgress: ({ stage }) => progress.show(stage),
  };
}

/** A whole number from 0, for commander. */
export function integer(value: string): number {
  const n = Number(value);
  if (Number.isSafeInteger(n) && n >= 0) return n;
  throw new InvalidArgumentError(`expected a whole number from 0, got ${value}.`);
}

function number(value: string): number {
  const n = Number(value);
  if (Number.isFinite(n) && n >= 0) return n;
  throw new InvalidArgumentError(`expected a number from 0, got ${value}.`);
}
