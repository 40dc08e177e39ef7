// Uses the command that the package installs: its answers on stdout, its exit status, no stack traces.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { load, randn } from "ingot";

const { version } = JSON.parse(readFileSync("node_modules/ingot/package.json", "utf8"));

/** Runs `ingot` and checks its exit status; gives what it printed. */
function ingot(status, ...args) {
  const result = spawnSync("npx", ["--no-install", "ingot", ...args], { encoding: "utf8", shell: process.platform === "win32" });
  assert.equal(result.status, status, `ingot ${args.join(" ")}: ${result.stdout}${result.stderr}`);
  return result.stdout + result.stderr;
}

assert.equal(ingot(0, "--version").trim(), version);
for (const [model, shape] of [
  ["model.ts", [5, 8]],
  ["model.js", [5, 1, 8, 8]],
]) {
  const file = `${model}.onnx`;
  ingot(0, "trace", `./${model}`, "-o", file);
  ingot(0, "verify", file);
  assert.match(ingot(0, "inspect", file), /Gemm|MatMul/);
  const compiled = await load(file);
  assert.equal((await compiled.run(randn(shape, { seed: 1 }))).shape[0], 5);
  await compiled.close();
}

const refused = ingot(1, "trace", "./missing.ts", "-o", "missing.onnx");
assert.match(refused, /missing\.ts/);
assert.doesNotMatch(refused, /\n\s+at /);
assert.ok(!existsSync("missing.onnx"));
ingot(2, "frobnicate");
console.log("the package works from the command line");
