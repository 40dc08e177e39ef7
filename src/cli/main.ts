#!/usr/bin/env node
// The command `ingot`.
import process from "node:process";
import { processStreams } from "./console.ts";
import { runCommandLine } from "./program.ts";

// `ingot inspect m.onnx --text | head` closes the pipe early; that is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

process.exitCode = await runCommandLine(process.argv.slice(2), processStreams());
