// What every command has in common: options, an action whose errors are printed without a stack, and the exit status.
import process from "node:process";
import { Command } from "commander";
import { type CommonOptions, failure, ProgressLine, printError } from "./console.ts";

export interface Invocation<O> {
  readonly options: O & CommonOptions;
  readonly progress: ProgressLine;
}

/**
 * A command whose action gives its exit status (0 when it gives none).
 * @example makeCommand("inspect", "Print a model", "ingot inspect m.onnx").argument("<file>")
 */
export function makeCommand(name: string, description: string, ...examples: readonly string[]): Command {
  return new Command(name)
    .description(description)
    .option("--json", "print the result as JSON")
    .option("--quiet", "no progress")
    .option("--debug", "show stacks of errors")
    .addHelpText("after", `\nExamples:\n${examples.map((e) => `  ${e}`).join("\n")}`)
    .showHelpAfterError();
}

/** Wraps an action: progress line, errors in words, exit status. */
export function action<A extends readonly unknown[], O>(
  body: (invocation: Invocation<O>, ...args: A) => Promise<number | undefined>,
): (...all: unknown[]) => Promise<void> {
  return async (...all) => {
    // commander passes the arguments, then the options, then the command.
    const options = all[all.length - 2] as O & CommonOptions;
    const progress = new ProgressLine(options);
    try {
      process.exitCode = (await body({ options, progress }, ...(all.slice(0, -2) as unknown as A))) ?? 0;
    } catch (error) {
      progress.done();
      printError(error, options);
      process.exitCode = failure;
    } finally {
      progress.done();
    }
  };
}

/** Collects a repeatable option. */
export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
