// Holds the order of the house: a folder of src/ imports only from the folders above it in this table (docs/architecture.md explains each).
// Type-only imports count too: a folder that needs the types of another cannot be understood without it.
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
  "conformance",
  "timer",
  "archive",
  "serve",
  "cli",
];

/** Packages (and parts of Node) that only these folders may import: each outside format or tool has one room. */
export const reserved = {
  "node:inspector": ["source"],
  "@jridgewell/trace-mapping": ["source"],
  acorn: ["source", "trace", "script"],
  sharp: ["image"],
  protobufjs: ["onnx", "weights", "archive", "serve"],
  koffi: ["engines", "weights"],
  "onnxruntime-node": ["engines"],
  benchmark: ["timer"],
  tar: ["archive"],
  yaml: ["archive", "serve"],
  yauzl: ["weights", "archive"],
  "@grpc/grpc-js": ["serve"],
  commander: ["cli"],
  tsx: ["source"],
  "@fastify/busboy": ["serve"],
  "@huggingface/tokenizers": ["serve"],
};

/** What is bundled when the package is built: nobody has to install it. */
export const bundled = { preact: "serve/pages/app/", uplot: "serve/pages/app/" };

const importPattern =
  /\bfrom\s*["']([^"'\n]+)["']|\b(?:import|require)\s*\(?\s*["']([^"'\n]+)["']|\bnew URL\(\s*["']([^"'\n]+)["']\s*,\s*import\.meta\.url/g;

/**
 * Every import below `sourceFolder` that the tables forbid.
 * @param {string} sourceFolder
 * @param {ReadonlySet<string>} [dependencies] names of the packages that a user has installed with this one; undefined: any
 * @returns {{ file: string, line: number, problem: string }[]}
 */
export function findViolations(sourceFolder, dependencies) {
  const names = readdirSync(sourceFolder, { recursive: true }).filter((name) => /\.tsx?$/.test(name));
  return names.sort().flatMap((name) => violationsOf(sourceFolder, name, dependencies));
}

function violationsOf(sourceFolder, name, dependencies) {
  const file = join(sourceFolder, name);
  const text = blankComments(readFileSync(file, "utf8"));
  const found = [];
  for (const match of text.matchAll(importPattern)) {
    const problem = judge(sourceFolder, file, match[1] ?? match[2] ?? match[3], dependencies);
    if (problem) found.push({ file, line: text.slice(0, match.index).split("\n").length, problem });
  }
  return found;
}

function judge(sourceFolder, file, specifier, dependencies) {
  const own = folderOf(sourceFolder, file);
  if (own !== undefined && !layers.includes(own)) return `src/${own}/ is not in the table of scripts/check-layers.mjs`;
  if (!specifier.startsWith("."))
    return judgePackage(own, relative(sourceFolder, file).replaceAll(sep, "/"), packageOf(specifier), dependencies);
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

function judgePackage(own, file, name, dependencies) {
  const place = Object.hasOwn(bundled, name) ? bundled[name] : undefined;
  if (place) return file.startsWith(place) ? undefined : `only src/${place} may import ${name}, which is bundled into it`;
  const only = Object.hasOwn(reserved, name) ? reserved[name] : undefined;
  if (only && !only.includes(own)) return `only ${only.map((folder) => `src/${folder}/`).join(" and ")} may import ${name}`;
  if (!dependencies || name.startsWith("node:") || dependencies.has(name)) return undefined;
  return `${name} is not among the dependencies of package.json: whoever installs this package would not have it`;
}

/** `protobufjs/minimal.js` → `protobufjs`; `fs/promises` → `node:fs`. */
function packageOf(specifier) {
  const full = builtinModules.includes(specifier) ? `node:${specifier}` : specifier;
  return full
    .split("/")
    .slice(0, full.startsWith("@") ? 2 : 1)
    .join("/");
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
  const { name, dependencies, optionalDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  // The package's own name occurs in code that is generated, as text.
  const violations = findViolations(join(root, "src"), new Set([name, ...Object.keys({ ...dependencies, ...optionalDependencies })]));
  for (const { file, line, problem } of violations) console.error(`${relative(root, file)}:${line}: ${problem}`);
  console.log(violations.length === 0 ? "layers hold" : `${violations.length} imports break the layers`);
  process.exitCode = violations.length === 0 ? 0 : 1;
}
