// The ways a user's TypeScript comes to be executed: builds the library and fixtures/model for each, and runs a script on them in a
// process of its own.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(here));
const require = createRequire(import.meta.url);

export const modelFile = join(here, "fixtures", "model.ts");

const entries = ["lint", "call-site", "parameter-names", "function-source"];

interface Bundler {
  buildSync(options: Record<string, unknown>): unknown;
}

/** Folders of one build; `remove` takes them away. */
export interface Builds {
  readonly folder: string;
  remove(): void;
}

/** Compiles the library's `src/source` with its maps into a fresh folder inside the repository, where its packages are found. */
export function buildLibrary(): Builds {
  mkdirSync(join(root, "build"), { recursive: true });
  const folder = mkdtempSync(join(root, "build", "source-test-"));
  const files = entries.map((name) => join(root, "src", "source", `${name}.ts`));
  compile(files, join(root, "src"), join(folder, "library"), ["--sourceMap"]);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** fixtures/model compiled by tsc; `maps` is the option that asks for source maps. */
export function compileModel({ folder }: Builds, maps: "--sourceMap" | "--inlineSourceMap"): string {
  const out = join(folder, maps.slice(2));
  compile([modelFile], dirname(modelFile), out, [maps]);
  return join(out, "model.js");
}

/** fixtures/model bundled by esbuild, the bundler that tsx brings. */
export function bundleModel({ folder }: Builds, name: string, options: Record<string, unknown>): string {
  const outfile = join(folder, name);
  esbuild().buildSync({ entryPoints: [modelFile], outfile, bundle: true, platform: "node", target: "node20", ...options });
  return outfile;
}

function esbuild(): Bundler {
  return createRequire(require.resolve("tsx"))("esbuild") as Bundler;
}

/** A copy of a script beside it that does not name its map. */
export function withoutMap(file: string, name: string): string {
  const bare = join(dirname(file), name);
  writeFileSync(bare, readFileSync(file, "utf8").replace(/^\/\/# sourceMappingURL.*$/m, ""));
  return bare;
}

/** The library bundled into single files, as into a program that carries it along; gives its folder. */
export function bundleLibrary({ folder }: Builds): string {
  const library = join(folder, "bundled");
  const entryPoints = entries.map((name) => join(root, "src", "source", `${name}.ts`));
  const shape = { bundle: true, platform: "node", target: "node20", format: "esm", packages: "external" };
  esbuild().buildSync({ entryPoints, outdir: join(library, "source"), ...shape });
  return library;
}

/** Runs a fixture script with the compiled library and gives what it prints as JSON. */
export function runCompiled(
  { folder }: Builds,
  script: string,
  model: string,
  flags: readonly string[] = [],
  library = join(folder, "library"),
): unknown {
  return runNode([...flags, join(here, "fixtures", script), library, model, "js"]);
}

/** Runs a fixture script under tsx with the library's TypeScript and fixtures/model as they stand. */
export function runUnderTsx(script: string): unknown {
  return runNode(["--import", "tsx", join(here, "fixtures", script), join(root, "src"), modelFile, "ts"]);
}

function runNode(args: readonly string[]): unknown {
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8", env: cleanEnvironment() });
  if (status !== 0) throw new Error(`node ${args.join(" ")} ended with ${status}:\n${stderr}`);
  return JSON.parse(stdout);
}

/** Options of the test run must not reach the processes under test. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...rest } = process.env;
  return rest;
}

function compile(files: readonly string[], rootDir: string, outDir: string, more: readonly string[]): void {
  const tsc = join(dirname(require.resolve("typescript/package.json")), "bin", "tsc");
  const options = {
    rootDir,
    outDir,
    target: "es2022",
    module: "nodenext",
    moduleResolution: "nodenext",
    types: "node",
  };
  const flags = Object.entries(options).flatMap(([key, setting]) => [`--${key}`, setting]);
  const switches = [
    "--ignoreConfig",
    "--strict",
    "--skipLibCheck",
    "--rewriteRelativeImportExtensions",
    "--allowImportingTsExtensions",
    ...more,
  ];
  const { status, stdout } = spawnSync(process.execPath, [tsc, ...flags, ...switches, ...files], { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`tsc ended with ${status}:\n${stdout}`);
}
