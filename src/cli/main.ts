#!/usr/bin/env node
// The command line: one file per command, no logic of its own.
import { createRequire } from "node:module";
import process from "node:process";
import { Command } from "commander";
import { benchCommand } from "./bench-command.ts";
import { inspectCommand } from "./inspect-command.ts";
import { optimizeCommand } from "./optimize-command.ts";
import { runCommand } from "./run-command.ts";
import { traceCommand } from "./trace-command.ts";
import { verifyCommand } from "./verify-command.ts";

const { version } = createRequire(import.meta.url)("../../package.json") as { version: string };

const program = new Command("ingot")
  .description("Trace, optimise, prove, save and run models written in TypeScript.")
  .version(version, "-V, --version", "print the version")
  .enablePositionalOptions()
  .addCommand(traceCommand())
  .addCommand(optimizeCommand())
  .addCommand(inspectCommand())
  .addCommand(runCommand())
  .addCommand(verifyCommand())
  .addCommand(benchCommand())
  .addHelpText("after", "\nExit status: 0 done, 1 a check failed or something is wrong with the input, 2 the command line is wrong.")
  .exitOverride();
for (const command of program.commands) command.exitOverride();

try {
  await program.parseAsync();
} catch (error) {
  // commander has printed what is wrong; help and version come here too, with status 0.
  const status = (error as { exitCode?: number }).exitCode;
  if (status === undefined) throw error;
  process.exitCode = status === 0 ? 0 : 2;
}
