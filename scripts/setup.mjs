// Installs what is missing and builds the WebAssembly kernels, so that `npm test` and `npm run demo` work in a fresh clone. Imports nothing
// from node_modules, and is quick when nothing is missing.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stampFile = join(root, "node_modules", ".ingot-setup");
const lock = join(root, "package-lock.json");

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Ingot needs Node 20.19 or newer; this is ${process.version}.`);
  process.exit(1);
}

const wanted = createHash("sha256")
  .update(readFileSync(existsSync(lock) ? lock : join(root, "package.json")))
  .update(`${process.platform}-${process.arch}-${major}`)
  .digest("hex");

if (!existsSync(stampFile) || readFileSync(stampFile, "utf8") !== wanted) {
  console.log("Installing dependencies …");
  // What was declared only as optional may fail to install; npm then leaves it out, and Ingot does without it.
  const args = [existsSync(lock) ? "ci" : "install", "--no-audit", "--no-fund", "--loglevel=error"];
  const { status } = spawnSync("npm", args, { cwd: root, stdio: "inherit", shell: process.platform === "win32" });
  if (status !== 0) process.exit(status ?? 1);
  writeFileSync(stampFile, wanted);
}

const { buildWasm } = await import("./build-wasm.mjs");
if (await buildWasm()) console.log("Built the WebAssembly kernels.");
