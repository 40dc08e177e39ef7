// What must hold before a commit: types, lint and format, layers, generated pages. Prints each step; runs all of them even when one fails.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { buildPages } from "./build-pages.mjs";
import { buildWasm } from "./build-wasm.mjs";

const root = join(import.meta.dirname, "..");
await buildWasm();
await buildPages();

const steps = [
  ["types", ["node_modules/typescript/bin/tsc", "--noEmit"]],
  ["types of the pages", ["node_modules/typescript/bin/tsc", "--noEmit", "-p", "src/serve/pages/app"]],
  ["lint and format", ["node_modules/@biomejs/biome/bin/biome", "check", "--max-diagnostics=50", "--error-on-warnings", "."]],
  ["layers", ["scripts/check-layers.mjs"]],
  ["lock file", ["scripts/check-lock.mjs"]],
  ["error pages", ["--import", "tsx", "scripts/error-pages.ts", "--check"]],
  ["operator page", ["--import", "tsx", "scripts/operator-page.ts", "--check"]],
];

let failed = 0;
for (const [name, args] of steps) {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8", maxBuffer: 2 ** 28 });
  const took = `${((performance.now() - started) / 1000).toFixed(1)} s`;
  console.log(`${status === 0 ? "ok  " : "FAIL"} ${name} (${took})`);
  if (status === 0) continue;
  failed++;
  process.stdout.write(stdout);
  process.stderr.write(stderr);
}
process.exitCode = failed === 0 ? 0 : 1;
