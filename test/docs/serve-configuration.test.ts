// docs/guides/serve-configuration.md says what the code does.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { page, withTables } from "../../scripts/serve-keys-table.ts";
import { resolveConfig } from "../../src/serve/config/resolve.ts";

describe("the page about the server's configuration", () => {
  const text = readFileSync(page, "utf8");

  it("has the tables of the code: node --import tsx scripts/serve-keys-table.ts writes them", () => {
    assert.equal(text, withTables(text));
  });

  it("has a row for each key of TorchServe and of ours, and none twice", () => {
    const rows = [...text.matchAll(/^\| `(\w+)` \|/gm)].map(([, key]) => key);
    const profileRows = 5;
    assert.ok(rows.length > 80);
    assert.equal(new Set(rows).size, rows.length - profileRows);
  });

  it("shows a file that is read as it says", () => {
    const [, example = ""] = /```properties\n([\s\S]*?)```/.exec(text) ?? [];
    const config = resolveConfig({ cwd: "/", environment: { KEYSTORE_PASS: "p" }, file: { path: "f", text: example } });
    assert.deepEqual(config.warnings, []);
    assert.equal(config.keystorePass, "p");
    assert.deepEqual(config.models.get("resnet")?.get("1.0"), {
      minWorkers: 2,
      maxWorkers: 4,
      batchSize: 8,
      maxBatchDelay: 20,
      responseTimeout: 60_000,
    });
  });

  it("shows the error as it is", () => {
    const [, shown = ""] = /```\ningot: ([\s\S]*?)\n```/.exec(text) ?? [];
    const file = { path: "config.properties", text: "\n\njob_queue_size=many" };
    assert.throws(
      () => resolveConfig({ cwd: "/", file, flags: { profile: "tritn" } }),
      (error: Error) => `${error.name} ServeConfigValue: ${error.message}`.startsWith(`${shown}\n`),
    );
  });
});
