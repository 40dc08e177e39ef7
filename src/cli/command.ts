// What every command has in common: options, an action whose errors are printed without a stack, and the exit status.
import { Command, Option } from "commander";
import { type CommonOptions, failure, ProgressLine, paint, printError, printResult, type Streams } from "./console.ts";

/** One run of the command line: where it writes, and the exit status it will end with. */
export interface Session {
  readonly streams: Streams;
  status: number;
}

export interface Invocation<O> {
  readonly options: O & CommonOptions;
  readonly progress: ProgressLine;
  readonly streams: Streams;
  /** Prints the command's result: as text, or `data` as JSON. */
  print(data: unknown, text: () => string): void;
  /** Ends with status 2 and a message about the command line. */
  usage(message: string): never;
}

/** Lets commander write where the session does, in our words. */
export function connect(command: Command, { streams }: Session): Command {
  return command.exitOverride().configureOutput({
    writeOut: (text) => streams.out(text),
    writeErr: (text) => streams.err(text),
    outputError: (text, write) => write(text.replace(/^error:/, paint("red", "ingot:", streams.colors.err))),
    getOutHasColors: () => streams.colors.out,
    getErrHasColors: () => streams.colors.err,
  });
}

const everywhere = "With every command:";

/** Adds the options that all commands have, behind the command's own. */
export function withCommonOptions(command: Command): Command {
  // A command whose result is long writes its JSON into a file that the option names.
  if (!command.options.some(({ long }) => long === "--json"))
    command.addOption(new Option("--json", "print the result as JSON").helpGroup(everywhere));
  return command
    .addOption(new Option("--quiet", "no progress").helpGroup(everywhere))
    .addOption(new Option("--debug", "show stacks of errors").helpGroup(everywhere))
    .addHelpOption(new Option("-h, --help", "show how the command is used").helpGroup(everywhere));
}

/**
 * A command of the session.
 * @example makeCommand(session, "inspect", "Print a model.", "ingot inspect m.onnx").argument("<file>", "an ONNX file")
 */
export function makeCommand(session: Session, name: string, description: string, ...examples: readonly string[]): Command {
  return connect(new Command(name), session)
    .description(description)
    .addHelpText("after", `\nExamples:\n${examples.map((e) => `  ${e}`).join("\n")}`)
    .showHelpAfterError(`(ingot ${name} --help shows how it is used)`);
}

/** Wraps an action: progress line, errors in words, exit status. */
export function action<A extends readonly unknown[], O>(
  session: Session,
  body: (invocation: Invocation<O>, ...args: A) => Promise<number | undefined>,
): (...all: unknown[]) => Promise<void> {
  const { streams } = session;
  return async (...all) => {
    // commander passes the arguments, then the options, then the command.
    const command = all[all.length - 1] as Command;
    const options = all[all.length - 2] as O & CommonOptions;
    const progress = new ProgressLine(options, streams);
    const invocation: Invocation<O> = {
      options,
      progress,
      streams,
      print: (data, text) => {
        progress.done();
        printResult(streams, options, data, text);
      },
      usage: (message) => command.error(`error: ${message}`, { exitCode: 2 }),
    };
    try {
      session.status = (await body(invocation, ...(all.slice(0, -2) as unknown as A))) ?? 0;
    } catch (error) {
      progress.done();
      if (isCommanderExit(error)) throw error;
      printError(streams, error, options);
      session.status = failure;
    } finally {
      progress.done();
    }
  };
}

/** What commander throws instead of ending the process; it has printed why. */
export function isCommanderExit(error: unknown): error is { readonly exitCode: number } {
  return error instanceof Error && "exitCode" in error && "code" in error && String(error.code).startsWith("commander.");
}

/** Collects a repeatable option; absent where it is not given. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
