// The ways a user's TypeScript comes to be executed: builds the library and a model for each, and runs a script on them in a process of its
// own.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const require = createRequire(import.meta.url);

interface Bundler {
  buildSync(options: Record<string, unknown>): unknown;
}

/** Files of the library (`source/lint`), and a model in TypeScript that imports no values from elsewhere. */
export interface Sources {
  readonly entries: readonly string[];
  readonly model: string;
}

/** The folder of one build; `remove` takes it away. */
export interface Builds extends Sources {
  readonly folder: string;
  /** The compiled library. */
  readonly library: string;
  remove(): void;
}

/** Compiles the library's entries with their maps into a fresh folder inside the repository, where its packages are found. */
export function buildLibrary(sources: Sources): Builds {
  mkdirSync(join(root, "build"), { recursive: true });
  const folder = mkdtempSync(join(root, "build", "ways-to-run-"));
  const library = join(folder, "library");
  // As in a package: the library's folder lies beside the package.json that it reads its version from.
  copyFileSync(join(root, "package.json"), join(folder, "package.json"));
  compile(sources.entries.map(sourceFile), join(root, "src"), library, ["--sourceMap"]);
  return { ...sources, folder, library, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

const sourceFile = (entry: string) => join(root, "src", `${entry}.ts`);

/** The model compiled by tsc; `maps` is the option that asks for source maps. */
export function compileModel({ folder, model }: Builds, maps: "--sourceMap" | "--inlineSourceMap"): string {
  const out = join(folder, maps.slice(2));
  compile([model], dirname(model), out, [maps]);
  return join(out, basename(model).replace(/\.ts$/, ".js"));
}

/** The model bundled by esbuild, the bundler that tsx brings. */
export function bundleModel({ folder, model }: Builds, name: string, options: Record<string, unknown>): string {
  const outfile = join(folder, name);
  esbuild().buildSync({ entryPoints: [model], outfile, bundle: true, platform: "node", target: "node20", ...options });
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
export function bundleLibrary({ folder, entries }: Builds): string {
  const library = join(folder, "bundled");
  const entryPoints = entries.map(sourceFile);
  const shape = { bundle: true, platform: "node", target: "node20", format: "esm", packages: "external" };
  esbuild().buildSync({ entryPoints, outdir: library, outbase: join(root, "src"), ...shape });
  return library;
}

/** Runs a script with the compiled library and gives what it prints as JSON. `node` may be another release's binary. */
export function runCompiled(
  builds: Builds,
  script: string,
  model: string,
  flags: readonly string[] = [],
  { library = builds.library, node = process.execPath } = {},
): unknown {
  return JSON.parse(runNode([...flags, script, library, model, "js"], {}, node));
}

/** Runs a script under tsx with the library's TypeScript and the model as they stand. */
export function runUnderTsx(script: string, model: string): unknown {
  return JSON.parse(runNode(["--import", "tsx", script, join(root, "src"), model, "ts"]));
}

/** Runs Node.js in the repository and gives what it prints. */
export function runNode(args: readonly string[], env: NodeJS.ProcessEnv = {}, node = process.execPath): string {
  const options = { cwd: root, encoding: "utf8", env: { ...cleanEnvironment(), ...env } } as const;
  const { stdout, stderr, status } = spawnSync(node, args, options);
  if (status !== 0) throw new Error(`node ${args.join(" ")} ended with ${status}:\n${stdout}\n${stderr}`);
  return stdout;
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
  // Types are checked elsewhere: what counts here is the JavaScript and its maps.
  const switches = ["--ignoreConfig", "--noCheck", "--rewriteRelativeImportExtensions", "--allowImportingTsExtensions", ...more];
  const { status, stdout } = spawnSync(process.execPath, [tsc, ...flags, ...switches, ...files], { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`tsc ended with ${status}:\n${stdout}`);
}
