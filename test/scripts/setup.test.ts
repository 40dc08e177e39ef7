import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../support/temporary-folder.ts";

describe("setting a checkout up", function () {
  this.timeout(30_000);
  const inFolder = temporaryFolder({ eachTest: true });
  before(function () {
    if (process.platform === "win32") this.skip(); // npm is stood in for by a shell script
  });
  beforeEach(() => {
    for (const name of ["scripts", "bin"]) mkdirSync(inFolder(name));
    copyFileSync(join(import.meta.dirname, "../../scripts/setup.mjs"), inFolder("scripts/setup.mjs"));
    writeFileSync(inFolder("scripts/build-wasm.mjs"), "export const buildWasm = async () => false;\n");
    writeFileSync(inFolder("scripts/build-pages.mjs"), "export const buildPages = async () => false;\n");
  });

  /** Another program under the name of npm. */
  const npm = (script: string) => {
    writeFileSync(inFolder("bin/npm"), `#!/bin/sh\n${script}\n`);
    chmodSync(inFolder("bin/npm"), 0o755);
  };
  const setup = () => {
    const env = {
      PATH: `${inFolder("bin")}:/bin:/usr/bin`
        .split(":")
        .slice(0, existsSync(inFolder("bin/npm")) ? 3 : 1)
        .join(":"),
    };
    const { status, stdout, stderr } = spawnSync(process.execPath, [inFolder("scripts/setup.mjs")], { encoding: "utf8", env });
    return { status, text: stdout + stderr };
  };
  const lock = (version: string) =>
    writeFileSync(
      inFolder("package-lock.json"),
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
    rmSync(inFolder("bin/npm"));
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
    mkdirSync(inFolder("node_modules"));
    writeFileSync(inFolder("node_modules/.package-lock.json"), JSON.stringify({ packages: { "node_modules/a": { version: "1.0.0" } } }));
    assert.deepEqual(setup(), { status: 0, text: "" });
  });

  it("takes a command node away that a package brings: npm scripts are to run on the user's own", () => {
    lock("1.0.0");
    npm(`${installs("1.0.0")}; mkdir -p node_modules/.bin && touch node_modules/.bin/node`);
    assert.equal(setup().status, 0);
    assert.equal(existsSync(inFolder("node_modules/.bin/node")), false);
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
    assert.ok(!existsSync(inFolder("node_modules/.ingot-setup")));
  });
});
