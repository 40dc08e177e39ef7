// `node scripts/test.mjs [FILE or FOLDER or -g PATTERN]…` runs the tests (all of test/ by default) in a process of their own, and prints
// as its last line `N passed, N failed, N skipped`, whatever happens to that process.
import { fork } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");

if (process.env.INGOT_TEST_DATA === undefined) {
  console.error(
    [
      "!!! INGOT_TEST_DATA is not set: the suites that compare with other programs' results are SKIPPED.",
      "!!! Set it to the folder that holds models/, onnx-backend/ and ort-fusions/ to run them.",
    ].join("\n"),
  );
}

// Graphs are verified after every pass while the tests run.
const env = { ...process.env, INGOT_VERIFY: "1" };
const child = fork(join(import.meta.dirname, "run-tests.mjs"), process.argv.slice(2), { cwd: root, env, execArgv: ["--import", "tsx"] });
let counts;
child.on("message", (message) => {
  counts = message;
});
child.on("exit", (code, signal) => {
  if (counts === undefined) {
    console.error(`The test process ended before its tests did (${signal ?? `exit code ${code}`}).`);
    counts = { passed: 0, failed: 1, skipped: 0 };
  } else if (code !== 0 && counts.failed === 0) {
    console.error(`All tests ran, but the test process then failed (${signal ?? `exit code ${code}`}).`);
    counts.failed = 1;
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  process.exitCode = counts.failed === 0 ? 0 : 1;
});
