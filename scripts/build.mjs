// Builds dist/, which is what npm ships: JavaScript, declarations, and source maps that hold their sources.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildPages } from "./build-pages.mjs";
import { buildWasm } from "./build-wasm.mjs";

const root = join(import.meta.dirname, "..");

await buildWasm();
await buildPages();
rmSync(join(root, "dist"), { recursive: true, force: true });
const tsc = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.build.json"], {
  cwd: root,
  stdio: "inherit",
});
if (tsc.status !== 0) {
  console.error("build: the sources have type errors; nothing was built");
  rmSync(join(root, "dist"), { recursive: true, force: true });
  process.exit(1);
}
// What is read at run time beside the JavaScript.
cpSync(join(root, "src/serve/grpc/protos"), join(root, "dist/serve/grpc/protos"), { recursive: true });
for (const path of Object.values(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).bin)) chmodSync(join(root, path), 0o755);
