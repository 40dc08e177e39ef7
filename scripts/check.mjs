// npm run check: types, lint and format, layers, generated pages. Runs all of them, then fails if any did.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildWasm } from "./build-wasm.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const inModules = (...parts) => join(root, "node_modules", ...parts);
await buildWasm();

const steps = {
  types: [inModules("typescript", "bin", "tsc"), "--noEmit"],
  lint: [inModules("@biomejs", "biome", "bin", "biome"), "check", "--error-on-warnings"],
  layers: [join(root, "scripts", "check-layers.mjs")],
  "error pages": ["--import", "tsx", join(root, "scripts", "error-pages.ts"), "--check"],
};

let failed = 0;
for (const [name, args] of Object.entries(steps)) {
  const since = performance.now();
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  const seconds = ((performance.now() - since) / 1000).toFixed(1);
  console.log(`${status === 0 ? "ok    " : "FAILED"}  ${name} (${seconds} s)`);
  if (status !== 0) failed++;
}
process.exit(failed === 0 ? 0 : 1);
