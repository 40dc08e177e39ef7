// Holds the layers: a folder of src/ imports only from itself and from folders above it in this list (docs/architecture.md tells why).
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, "src");

const layers = [
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

/** What only one folder may import. */
const reserved = { "node:inspector": "source", benchmark: "timer", protobufjs: "onnx", sharp: "image", commander: "cli" };

const importPattern = /^\s*(?:import|export)\b[^;"']*?(?:from\s*)?["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/gm;

const problems = [];
for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !entry.name.endsWith(".ts")) continue;
  const file = join(entry.parentPath, entry.name);
  const [folder] = relative(source, file).split(sep);
  if (relative(source, file).startsWith(join("kernels", "wasm"))) continue;
  const text = readFileSync(file, "utf8");
  const layer = layers.indexOf(folder);
  const isRootEntry = !relative(source, file).includes(sep);
  if (layer < 0 && !isRootEntry) problems.push(`${relative(root, file)}: the folder ${folder} is not in the list of layers`);
  for (const match of text.matchAll(importPattern)) {
    const specifier = match[1] ?? match[2];
    const line = text.slice(0, match.index).split("\n").length + (match[0].startsWith("\n") ? 1 : 0);
    const place = `${relative(root, file)}:${line}`;
    const owner = reserved[specifier];
    if (owner && owner !== folder) problems.push(`${place}: only src/${owner} may import ${specifier}`);
    if (!specifier.startsWith(".") || isRootEntry) continue;
    const [target] = relative(source, resolve(dirname(file), specifier)).split(sep);
    if (layers.indexOf(target) > layer || target.endsWith(".ts")) problems.push(`${place}: src/${folder} may not import from ${target.endsWith(".ts") ? "the root entry" : `src/${target}, which lies below it`}`);
  }
}

for (const problem of problems) console.error(problem);
process.exit(problems.length === 0 ? 0 : 1);
