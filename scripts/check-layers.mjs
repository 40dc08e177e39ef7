// Holds the order of the house: a folder of src/ imports only from the folders above it in this table (docs/architecture.md explains each).
// `node scripts/check-layers.mjs` prints every import that breaks it as file:line.
import { readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, relative, sep } from "node:path";
import { pathToFileURL } from "node:url";

/** From the ground up. Files directly in src/ are the public entry and may import all. */
export const layers = [
  "errors",
  "source",
  "tensor",
  "ir",
  "kernels",
  "ops",
  "eager",
  "image",
  "nn",
  "weights",
  "models",
  "onnx",
  "passes",
  "engines",
  "equivalence",
  "trace",
  "script",
  "compile",
  "timer",
  "archive",
  "serve",
  "cli",
];

/** Modules that only one folder may import. */
const reserved = { "node:inspector": "source", "node:inspector/promises": "source", sharp: "image" };

const importPattern =
  /\bfrom\s*["']([^"'\n]+)["']|\bimport\s*\(?\s*["']([^"'\n]+)["']|\bnew URL\(\s*["']([^"'\n]+)["']\s*,\s*import\.meta\.url/g;

/**
 * Every import below `sourceFolder` that the table forbids.
 * @param {string} sourceFolder
 * @returns {{ file: string, line: number, problem: string }[]}
 */
export function findViolations(sourceFolder) {
  const names = readdirSync(sourceFolder, { recursive: true }).filter((name) => name.endsWith(".ts"));
  return names.sort().flatMap((name) => violationsOf(sourceFolder, name));
}

function violationsOf(sourceFolder, name) {
  const file = join(sourceFolder, name);
  const text = blankComments(readFileSync(file, "utf8"));
  const found = [];
  for (const match of text.matchAll(importPattern)) {
    const problem = judge(sourceFolder, file, match[1] ?? match[2] ?? match[3]);
    if (problem) found.push({ file, line: text.slice(0, match.index).split("\n").length, problem });
  }
  return found;
}

function judge(sourceFolder, file, specifier) {
  const own = folderOf(sourceFolder, file);
  if (own !== undefined && !layers.includes(own)) return `src/${own}/ is not in the table of scripts/check-layers.mjs`;
  if (!specifier.startsWith(".")) {
    const full = builtinModules.includes(specifier) ? `node:${specifier}` : specifier;
    const only = reserved[full];
    return only !== undefined && own !== only ? `only src/${only}/ may import ${full}` : undefined;
  }
  const target = join(dirname(file), specifier);
  const other = folderOf(sourceFolder, target);
  if (own === undefined) return undefined;
  if (relative(sourceFolder, target).startsWith("..")) return `${specifier} is outside of src/`;
  if (other === undefined) return `src/${own}/ may not import the public entry ${specifier}`;
  if (!layers.includes(other)) return `src/${other}/ is not in the table of scripts/check-layers.mjs`;
  return layers.indexOf(other) > layers.indexOf(own)
    ? `src/${own}/ may not import from src/${other}/, which stands above it (${specifier})`
    : undefined;
}

/** The folder of src/ that a file is in; undefined for files directly in src/. */
function folderOf(sourceFolder, file) {
  const parts = relative(sourceFolder, file).split(sep);
  return parts.length > 1 ? parts[0] : undefined;
}

/** Comments become spaces, so that an import in an example does not count and lines stay where they are. */
function blankComments(text) {
  return text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, (comment) => comment.replace(/[^\n]/g, " "));
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const root = join(import.meta.dirname, "..");
  const violations = findViolations(join(root, "src"));
  for (const { file, line, problem } of violations) console.error(`${relative(root, file)}:${line}: ${problem}`);
  console.log(violations.length === 0 ? "layers hold" : `${violations.length} imports break the layers`);
  process.exitCode = violations.length === 0 ? 0 : 1;
}
