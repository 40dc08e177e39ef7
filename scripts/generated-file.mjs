// Modules that scripts generate: the first line says from which sources, so that one that is up to date is not made again.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * The first line of a file; undefined where there is none.
 * @param {string} path
 */
export function firstLine(path) {
  try {
    return readFileSync(path, "utf8").split("\n", 1)[0];
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Writes a file whole or not at all: another process may be reading it, or writing it too.
 * @param {string} path
 * @param {readonly string[]} lines
 */
export function writeLines(path, lines) {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, `${lines.join("\n")}\n`);
  renameSync(temporary, path);
}
