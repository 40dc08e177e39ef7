// The process in which the tests run (started by test.mjs under tsx): finds the files, runs mocha, reports, and checks that the tests leave
// nothing running.
import { readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative, resolve } from "node:path";
import fc from "fast-check";
import Mocha from "mocha";

const root = join(import.meta.dirname, "..");
/** How long the process may live on after the last test, in ms. */
const GRACE = 20_000;

const { files, pattern } = readArguments(process.argv.slice(2));
if (files.length === 0) throw new Error("No test files were found.");
const mocha = new Mocha({
  reporter: FileReporter,
  timeout: 60_000,
  forbidOnly: process.env.CI !== undefined,
  ...(pattern ? { grep: pattern } : {}),
});
// Properties draw the same examples every time, so that a red run means a change and not luck. `INGOT_TEST_SEED=7 npm test` draws others.
// The package has two copies of itself, and mocha loads test files by require where it can.
for (const copy of [fc, createRequire(import.meta.url)("fast-check")])
  copy.configureGlobal({ seed: Number(process.env.INGOT_TEST_SEED ?? 1) });
for (const file of files) mocha.addFile(file);
await mocha.loadFilesAsync();
mocha.run(() => {});

function readArguments(args) {
  let pattern;
  const places = [];
  for (let i = 0; i < args.length; i++) {
    if (args[i] === "-g" || args[i] === "--grep") pattern = args[++i];
    else places.push(resolve(args[i]));
  }
  const files = (places.length > 0 ? places : [join(root, "test")]).flatMap(testFiles);
  return { files, pattern };
}

function testFiles(place) {
  if (!statSync(place).isDirectory()) return [place];
  const names = readdirSync(place, { recursive: true }).filter((name) => name.endsWith(".test.ts"));
  return names.map((name) => join(place, name)).sort();
}

/** One line per file, failures in full at the end. */
function FileReporter(runner) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const failures = [];
  const skipped = [];
  let current;
  const finishFile = () => {
    if (current === undefined) return;
    const { file, started, passed, failed, skipped } = current;
    const parts = [`${passed} passed`, failed > 0 && `${failed} FAILED`, skipped > 0 && `${skipped} skipped`].filter(Boolean);
    console.log(
      `${failed > 0 ? "FAIL" : "ok  "} ${relative(root, file)}  ${parts.join(", ")}  ${Math.round(performance.now() - started)} ms`,
    );
    current = undefined;
  };
  const enter = (file) => {
    if (current?.file === file || file === undefined) return;
    finishFile();
    current = { file, started: performance.now(), passed: 0, failed: 0, skipped: 0 };
  };
  const count = (what, file) => {
    counts[what]++;
    if (file !== undefined) enter(file);
    if (current !== undefined) current[what]++;
  };
  runner.on("suite", (suite) => enter(suite.file));
  runner.on("pass", (test) => count("passed", test.file));
  runner.on("fail", (test, error) => {
    // Base.list prints `test.err`; mocha's own reporters set it in the same way.
    test.err = error;
    failures.push(test);
    count("failed", test.file);
  });
  runner.on("pending", (test) => {
    skipped.push(test);
    count("skipped", test.file);
  });
  runner.once("end", () => {
    finishFile();
    if (skipped.length > 0) console.log(`\nSkipped:\n${skipped.map((test) => `  ${test.fullTitle()}`).join("\n")}`);
    if (failures.length > 0) Mocha.reporters.Base.list(failures);
    process.exitCode = counts.failed > 0 || counts.passed === 0 ? 1 : 0;
    process.send?.(counts);
    setTimeout(() => {
      console.error(`The tests left something running: ${process.getActiveResourcesInfo().join(", ")}`);
      process.exit(1);
    }, GRACE).unref();
  });
}
