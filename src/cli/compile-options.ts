// Options that several commands share: numbers, engines, and those of the commands that compile.
import { type Command, InvalidArgumentError, Option } from "commander";
import type { CompileOptions } from "../compile/finish.ts";
import type { SaveOptions } from "../compile/save.ts";
import { type EngineName, engineNames } from "../engines/engines.ts";
import { collect } from "./command.ts";
import type { ProgressLine } from "./console.ts";

export interface CompileFlags {
  readonly engine?: EngineName;
  readonly threads?: number;
  readonly disable?: readonly string[];
  readonly checkInput?: readonly string[];
  readonly rtol?: number;
  readonly topk?: number;
  readonly seed?: number;
  readonly maxSteps?: number;
}

export interface SaveFlags {
  readonly opset?: number;
  readonly externalData?: boolean;
}

export const engineOption = (description: string) => new Option("--engine <name>", description).choices(engineNames);

/** One of them. */
export const preferredEngineOption = () => engineOption("what runs the graph; if not given, onnxruntime where it is installed");

/** Several of them, in the order given. */
export const enginesOption = () =>
  engineOption("what runs the graph; may be repeated")
    .argParser((value: string, before: readonly EngineName[]) => {
      const name = engineNames.find((n) => n === value);
      if (!name) throw new InvalidArgumentError(`Allowed choices are ${engineNames.join(", ")}.`);
      return [...before, name];
    })
    .default([], "all that are installed");

export const threadsOption = () => new Option("--threads <n>", "threads inside one operator").argParser(positive);

export const maxStepsOption = () => new Option("--max-steps <n>", "the most steps that loops may take in one run").argParser(positive);

export const seedOption = () => new Option("--seed <n>", "seed of random inputs").argParser(whole);

/** Adds the options to a command. */
export function withCompileOptions(command: Command): Command {
  return command
    .addOption(preferredEngineOption())
    .addOption(threadsOption())
    .option("--disable <rule>", "switch a pass or rule off; may be repeated", collect)
    .option("--check-input <name=source>", "check on this input too: a picture, a JSON file; may be repeated", collect)
    .option("--rtol <limit>", "error limit of the check (the certificate records it)", fraction)
    .option("--topk <k>", "how many of the best scores must agree", positive)
    .addOption(seedOption())
    .addOption(maxStepsOption())
    .option("--opset <n>", "write at least this ONNX opset (default: the lowest that the graph needs)", positive)
    .option("--external-data", "put the weights into a file beside the model");
}

export function compileOptions(flags: CompileFlags, progress: ProgressLine): CompileOptions {
  const { engine, threads, disable = [], rtol, topk, seed, maxSteps } = flags;
  return {
    ...(engine && { engine }),
    ...(threads !== undefined && { threads }),
    ...(disable.length > 0 && { disable }),
    check: {
      ...(rtol !== undefined && { rtol }),
      ...(topk !== undefined && { topk }),
      ...(seed !== undefined && { seed }),
      ...(maxSteps !== undefined && { maxSteps }),
    },
    onProgress: ({ stage }) => progress.show(stage),
  };
}

export function saveOptions({ opset, externalData }: SaveFlags): SaveOptions {
  return { ...(opset !== undefined && { opset }), ...(externalData !== undefined && { externalData }) };
}

/** A whole number from 0, for commander. */
export function whole(value: string): number {
  return parse(value, "a whole number from 0", (n) => Number.isSafeInteger(n) && n >= 0);
}

/** A whole number from 1. */
export function positive(value: string): number {
  return parse(value, "a whole number from 1", (n) => Number.isSafeInteger(n) && n >= 1);
}

/** A number from 0. */
export function fraction(value: string): number {
  return parse(value, "a number from 0", (n) => Number.isFinite(n) && n >= 0);
}

/** Seconds above 0. */
export function seconds(value: string): number {
  return parse(value, "seconds above 0", (n) => Number.isFinite(n) && n > 0);
}

function parse(value: string, expected: string, accepts: (n: number) => boolean): number {
  const n = Number(value);
  if (value.trim() !== "" && accepts(n)) return n;
  throw new InvalidArgumentError(`Expected ${expected}.`);
}
