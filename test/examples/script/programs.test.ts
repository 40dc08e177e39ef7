// Every example in examples/script/ as a user starts it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "../../..");

describe("the examples of scripting", () => {
  for (const name of readdirSync(join(root, "examples/script")).sort())
    it(`${name} runs, and says what came out`, () => {
      const args = ["--import", "tsx", join("examples/script", name)];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
      assert.equal(status, 0, stderr);
      assert.match(stdout, /\d/);
    }).timeout(60_000);
});
