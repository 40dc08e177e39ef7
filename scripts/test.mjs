// Runs the tests: mocha on tsx. Arguments are passed on to mocha (files, --grep). The last line is `N passed, N failed, N skipped`.
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

if (!process.env.INGOT_TEST_DATA) {
  console.error("INGOT_TEST_DATA is not set: the suites that compare with other people's test data are SKIPPED.");
  console.error("Set it to the folder that holds onnx-backend/, models/ and ort-fusions/ to run them.");
}

const given = process.argv.slice(2);
const files = given.some((a) => a.endsWith(".ts")) ? [] : ["test/**/*.test.ts"];
const mocha = join(root, "node_modules", "mocha", "bin", "mocha.js");
const args = ["--import", "tsx", "--expose-gc", mocha, "--reporter", join(root, "scripts", "test-reporter.cjs"), "--timeout", "120000", ...files, ...given];
const child = spawn(process.execPath, args, { cwd: root, stdio: "inherit", env: { INGOT_VERIFY: "1", ...process.env } });
child.on("exit", (code, signal) => {
  process.exitCode = code ?? (signal ? 1 : 0);
});
