// Where in the user's files an error was thrown, for errors that are not Ingot's own: shown instead of a stack.
import { existsSync, readFileSync } from "node:fs";
import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import type { CodeFrame } from "../errors/error.ts";
import { renderFrame } from "../errors/frame.ts";
import { libraryRoot } from "../source/library.ts";

/** The library as it runs, and as its source maps name it. */
const ownFolders = libraryRoot === undefined ? [] : ["./", "../src/"].map((folder) => fileURLToPath(new URL(folder, libraryRoot)));

/** The lines around a place that is known, or around the innermost frame of an error's stack that is neither ours, Node's nor a package's. */
export function placeOf(error: unknown): CodeFrame | undefined;
export function placeOf(file: string, line: number, column: number): CodeFrame;
export function placeOf(of: unknown, line?: number, column = 1): CodeFrame | undefined {
  if (line === undefined) return of instanceof Error ? innermost(of) : undefined;
  const file = pathOf(String(of));
  const text = existsSync(file) ? renderFrame(readFileSync(file, "utf8"), line, column) : "";
  return { file, line, column, ...(text !== "" && { text }) };
}

function innermost(error: Error): CodeFrame | undefined {
  for (const frame of (error.stack ?? "").matchAll(/^ +at (?:.*\()?(.+?):(\d+):(\d+)\)?$/gm)) {
    const [, url = "", line, column] = frame;
    const file = pathOf(url);
    if (!isAbsolute(file) || /[\\/]node_modules[\\/]/.test(file) || ownFolders.some((folder) => file.startsWith(folder))) continue;
    return placeOf(file, Number(line), Number(column));
  }
  return undefined;
}

/** Loaders add a query to the URLs of modules. */
function pathOf(url: string): string {
  return url.startsWith("file:") ? fileURLToPath(url.replace(/[?#].*$/, "")) : url;
}
