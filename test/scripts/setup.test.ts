import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

describe("setting a checkout up", function () {
  this.timeout(30_000);
  let folder: string;
  before(function () {
    if (process.platform === "win32") this.skip(); // npm is stood in for by a shell script
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "ingot-setup-"));
    for (const name of ["scripts", "bin"]) mkdirSync(join(folder, name));
    copyFileSync(join(import.meta.dirname, "../../scripts/setup.mjs"), join(folder, "scripts/setup.mjs"));
    writeFileSync(join(folder, "scripts/build-wasm.mjs"), "export const buildWasm = async () => false;\n");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Another program under the name of npm. */
  const npm = (script: string) => {
    writeFileSync(join(folder, "bin/npm"), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, "bin/npm"), 0o755);
  };
  const setup = () => {
    const env = {
      PATH: `${join(folder, "bin")}:/bin:/usr/bin`
        .split(":")
        .slice(0, existsSync(join(folder, "bin/npm")) ? 3 : 1)
        .join(":"),
    };
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, "scripts/setup.mjs")], { encoding: "utf8", env });
    return { status, text: stdout + stderr };
  };
  const lock = (version: string) =>
    writeFileSync(
      join(folder, "package-lock.json"),
      JSON.stringify({ packages: { "": {}, "node_modules/a": { version }, "node_modules/b": { version, optional: true } } }),
    );
  const installs = (version: string) =>
    `mkdir -p node_modules && echo '{"packages":{"node_modules/a":{"version":"${version}"}}}' > node_modules/.package-lock.json; echo "$@" >> npm.log`;

  it("installs what the lock names, once; then it needs no npm, and says nothing", () => {
    lock("1.0.0");
    npm(installs("1.0.0"));
    const first = setup();
    assert.equal(first.status, 0, first.text);
    assert.match(first.text, /npm ci/);
    rmSync(join(folder, "bin/npm"));
    assert.deepEqual(setup(), { status: 0, text: "" });
  });

  it("installs again when the lock has changed", () => {
    lock("1.0.0");
    npm(installs("1.0.0"));
    assert.equal(setup().status, 0);
    lock("1.1.0");
    npm(installs("1.1.0"));
    assert.match(setup().text, /npm ci/);
    assert.deepEqual(setup(), { status: 0, text: "" });
  });

  it("leaves alone what was installed by other means, if it is what the lock names (optional packages may be missing)", () => {
    lock("1.0.0");
    mkdirSync(join(folder, "node_modules"));
    writeFileSync(
      join(folder, "node_modules/.package-lock.json"),
      JSON.stringify({ packages: { "node_modules/a": { version: "1.0.0" } } }),
    );
    assert.deepEqual(setup(), { status: 0, text: "" });
  });

  it("says that npm is missing, or that it failed, and fails as well", () => {
    lock("1.0.0");
    const missing = setup();
    assert.equal(missing.status, 1);
    assert.match(missing.text, /npm was not found/);
    npm("echo no network >&2; exit 7");
    const failed = setup();
    assert.equal(failed.status, 7);
    assert.match(failed.text, /no network[\s\S]*npm ci failed/);
    assert.ok(!existsSync(join(folder, "node_modules/.ingot-setup")));
  });
});
