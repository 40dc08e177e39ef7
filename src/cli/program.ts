// The command line as a function: arguments and streams in, exit status out.
import { Command } from "commander";
import { producerVersion } from "../onnx/producer.ts";
import { archiveCommand } from "./archive-command.ts";
import { benchCommand } from "./bench-command.ts";
import { connect, isCommanderExit, type Session, withCommonOptions } from "./command.ts";
import { compatCommand } from "./compat-command.ts";
import { conformanceCommand } from "./conformance-command.ts";
import type { Streams } from "./console.ts";
import { deployCommand } from "./deploy-command.ts";
import { inspectCommand } from "./inspect-command.ts";
import { labelsCommand } from "./labels-command.ts";
import { optimizeCommand } from "./optimize-command.ts";
import { runCommand } from "./run-command.ts";
import { scriptCommand } from "./script-command.ts";
import { serveCommand } from "./serve-command.ts";
import { traceCommand } from "./trace-command.ts";
import { verifyCommand } from "./verify-command.ts";

/**
 * Runs one command. The result is the exit status: 0 done, 1 a check failed or something is wrong with the input, 2 the command line is wrong.
 *
 * @example process.exitCode = await runCommandLine(["inspect", "m.onnx"], processStreams());
 */
export async function runCommandLine(args: readonly string[], streams: Streams): Promise<number> {
  const session: Session = { streams, status: 0 };
  const program = connect(new Command("ingot"), session)
    .description("Trace, optimise, prove, save and run models written in TypeScript.")
    // The program's own options stand before the command: `archive --version 1.0` is the model's version.
    .enablePositionalOptions()
    .version(producerVersion, "-V, --version", "print the version")
    // A command may have a flag of this name of its own: `ingot serve --version`.
    .enablePositionalOptions()
    .usage("<command> [options]")
    .showHelpAfterError("(ingot --help lists the commands)")
    .addHelpText(
      "after",
      `
Examples:
  ingot trace ./model.ts --input "x:float32[batch,3,224,224]" -o model.onnx
  ingot script ./decoder.ts -o decoder.onnx
  ingot verify model.onnx
  ingot run model.onnx --input x=cat.jpg --topk 5

Exit status: 0 done, 1 a check failed or something is wrong with the input, 2 the command line is wrong.`,
    );
  const commands = [
    traceCommand,
    scriptCommand,
    optimizeCommand,
    inspectCommand,
    runCommand,
    verifyCommand,
    benchCommand,
    conformanceCommand,
    archiveCommand,
    labelsCommand,
    compatCommand,
    serveCommand,
    deployCommand,
  ];
  for (const make of commands) program.addCommand(withCommonOptions(make(session)));
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    // Help and version come here too, with status 0.
    if (!isCommanderExit(error)) throw error;
    return error.exitCode === 0 ? 0 : 2;
  }
  return session.status;
}
