// One model, executed in every way: its names, its lines and the lint's findings are those of the TypeScript that was written.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  type Builds,
  buildLibrary,
  bundleLibrary,
  bundleModel,
  compileModel,
  runCompiled,
  runUnderTsx,
  withoutMap,
} from "../support/ways-to-run.ts";

const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
const modelFile = fixture("model.ts");
const entries = ["lint", "call-site", "parameter-names", "function-source"].map((name) => `source/${name}`);

interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

interface Report {
  readonly names: readonly (string | null)[];
  readonly findings: readonly (Place & { readonly code: string; readonly text?: string })[];
  readonly unread: readonly unknown[];
  readonly site: Place;
  readonly again: boolean;
  readonly head: Place;
  readonly sameCaptured: boolean;
}

describe("a function's source, however it is executed", function () {
  this.timeout(60_000);
  let builds: Builds;
  before(() => {
    builds = buildLibrary({ entries, model: modelFile });
  });
  after(() => builds.remove());

  const ways: readonly [string, () => unknown][] = [
    ["under tsx", () => runUnderTsx(fixture("report.mjs"), modelFile)],
    ["compiled by tsc, with a map file", () => runCompiled(builds, fixture("report.mjs"), compileModel(builds, "--sourceMap"))],
    ["compiled by tsc, with an inline map", () => runCompiled(builds, fixture("report.mjs"), compileModel(builds, "--inlineSourceMap"))],
    [
      "with Node's own source maps on",
      () => runCompiled(builds, fixture("report.mjs"), compileModel(builds, "--sourceMap"), ["--enable-source-maps"]),
    ],
    ["in a worker thread", () => runCompiled(builds, fixture("in-worker.mjs"), compileModel(builds, "--sourceMap"))],
    [
      "with a debugger's port open",
      () => runCompiled(builds, fixture("report.mjs"), compileModel(builds, "--sourceMap"), ["--inspect=127.0.0.1:0"]),
    ],
    [
      "bundled and minified into one line",
      () =>
        runCompiled(builds, fixture("report.mjs"), bundleModel(builds, "mini.mjs", { format: "esm", minify: true, sourcemap: "inline" })),
    ],
    [
      "bundled as CommonJS, with a map file and name helpers",
      () =>
        runCompiled(builds, fixture("report.mjs"), bundleModel(builds, "bundle.cjs", { format: "cjs", keepNames: true, sourcemap: true })),
    ],
  ];

  for (const [name, run] of ways) {
    describe(name, () => {
      let report: Report;
      before(() => {
        report = run() as Report;
      });

      it("names the parameters of forward as they were written", () => {
        assert.deepEqual(report.names, ["input", "mask", null, "extra"]);
      });

      it("finds the line of the call in the TypeScript", () => {
        assert.deepEqual(report.site, { file: modelFile, line: 32, column: 24 });
        assert.equal(report.again, true, "the same place gives the same object");
      });

      it("finds the line of the method in the TypeScript", () => {
        assert.deepEqual([report.head.file, report.head.line], [modelFile, 42]);
      });

      it("gives the captured object itself", () => {
        assert.equal(report.sameCaptured, true);
      });

      it("lints with the lines, columns and text of the TypeScript", () => {
        assert.deepEqual(report.unread, []);
        assert.deepEqual(
          report.findings.map(({ code, file, line, column }) => [code, file, line, column]),
          [
            ["TensorTruthiness", modelFile, 44, 9],
            ["TensorIdentity", modelFile, 45, 18],
            ["TensorTruthiness", modelFile, 46, 12],
          ],
        );
        const written = readFileSync(modelFile, "utf8").split("\n")[43];
        assert.ok(report.findings[0]?.text?.includes(`> 44 | ${written}`), report.findings[0]?.text);
      });
    });
  }

  it("without a map, gives the lines of the JavaScript that ran", () => {
    const model = withoutMap(compileModel(builds, "--sourceMap"), "bare.js");
    const lines = readFileSync(model, "utf8").split("\n");
    const report = runCompiled(builds, fixture("report.mjs"), model) as Report;
    assert.equal(report.site.file, model);
    assert.match(lines[report.site.line - 1] ?? "", /capture\(\)/);
    assert.deepEqual(report.names, ["input", "mask", null, "extra"]);
    assert.match(lines[(report.findings[0]?.line ?? 0) - 1] ?? "", /if \(mask\)/);
  });

  it("bundled together with the library, claims nothing about calls and functions", () => {
    const model = compileModel(builds, "--sourceMap");
    const report = runCompiled(builds, fixture("report.mjs"), model, [], { library: bundleLibrary(builds) }) as Report;
    assert.deepEqual(report.names, ["input", "mask", null, "extra"]);
    assert.equal(report.site, undefined);
    assert.deepEqual(report.findings, []);
    assert.match(JSON.stringify(report.unread), /bundled into the program/);
  });

  it("without an inspector, still names parameters and finds lines, and says that the lint read nothing", () => {
    const permission = process.allowedNodeEnvironmentFlags.has("--permission") ? "--permission" : "--experimental-permission";
    const flags = [permission, "--allow-fs-read=*", "--no-warnings"];
    const report = runCompiled(builds, fixture("report.mjs"), compileModel(builds, "--sourceMap"), flags) as Report;
    assert.deepEqual(report.names, ["input", "mask", null, "extra"]);
    assert.deepEqual(report.site, { file: modelFile, line: 32, column: 24 });
    assert.equal(report.sameCaptured, false);
    assert.deepEqual(report.findings, []);
    assert.deepEqual(report.unread, [{ name: "forward", reason: "functions cannot be inspected on this platform" }]);
  });

  it("lets go of everything it has read", () => {
    const model = compileModel(builds, "--sourceMap");
    assert.deepEqual(runCompiled(builds, fixture("collectable.mjs"), model, ["--expose-gc"]), {
      seen: true,
      collected: [true, true, true],
    });
  });
});
