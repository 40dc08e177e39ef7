// How this very program is started again: the same Node, wherever the program is installed.
import { createRequire } from "node:module";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The words of a command line, without arguments. */
export function thisProgram(): readonly string[] {
  const built = import.meta.url.endsWith(".js");
  const main = fileURLToPath(new URL(built ? "main.js" : "main.ts", import.meta.url));
  // In the repository, TypeScript runs through tsx.
  const loader = built ? [] : [`--import=${pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href}`];
  return [process.execPath, ...loader, main];
}
