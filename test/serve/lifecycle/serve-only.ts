// `ingot serve` without the other commands, which take most of the time that `ingot` needs to begin under tsx.
import process from "node:process";
import { Command } from "commander";
import { withCommonOptions } from "../../../src/cli/command.ts";
import { processStreams } from "../../../src/cli/console.ts";
import { serveCommand } from "../../../src/cli/serve-command.ts";

const session = { streams: processStreams(), status: 0 };
await new Command("ingot").addCommand(withCommonOptions(serveCommand(session))).parseAsync(process.argv.slice(2), { from: "user" });
process.exitCode = session.status;
