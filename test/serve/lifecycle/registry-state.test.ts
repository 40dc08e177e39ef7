import assert from "node:assert/strict";
import { mkdirSync, readdirSync } from "node:fs";
import { resolveConfig } from "../../../src/serve/config/resolve.ts";
import type { ModelState } from "../../../src/serve/config/snapshot-state.ts";
import { loadConfig } from "../../../src/serve/lifecycle/load-config.ts";
import { registryState, saveSnapshot } from "../../../src/serve/lifecycle/registry-state.ts";
import { keptLog, serveStore, storeModel } from "../../support/model-store.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

describe("the state of a registry", () => {
  const inFolder = temporaryFolder({ eachTest: true });

  it("is every version of every model with its settings", async () => {
    mkdirSync(inFolder("store"));
    storeModel(inFolder("store"), "doubler", { folder: "d1", config: "maxWorkers: 3\nbatchSize: 4\nresponseTimeout: 7\n" });
    storeModel(inFolder("store"), "doubler", { folder: "d2", version: "2.0" });
    const server = await serveStore(inFolder("store"), { load_models: "d1,d2" });
    try {
      const state = registryState(server.parts.registry);
      const common = { minWorkers: 1, maxBatchDelay: 100, startupTimeout: 120_000, jobQueueSize: 100, clientTimeoutInMills: 0 };
      const first: ModelState = { ...common, defaultVersion: true, marName: "d1", maxWorkers: 3, batchSize: 4, responseTimeout: 7000 };
      const second: ModelState = { ...common, defaultVersion: false, marName: "d2", maxWorkers: 1, batchSize: 1, responseTimeout: 120_000 };
      assert.deepEqual([...state.keys()], ["doubler"]);
      assert.deepEqual(
        new Map(state.get("doubler")),
        new Map([
          ["1.0", first],
          ["2.0", second],
        ]),
      );

      const { log, lines } = keptLog();
      const config = resolveConfig({ cwd: inFolder() });
      await saveSnapshot(config, log, "startup", state);
      assert.deepEqual(
        lines.map(({ level, event }) => [level, event]),
        [["debug", "snapshot saved"]],
      );
      assert.deepEqual(loadConfig({}, {}, inFolder()).modelSnapshot?.models, state);
    } finally {
      await server.close();
    }
  });

  it("is not written with --ncs, and a folder that cannot be written to is a warning", async () => {
    const { log, lines } = keptLog();
    await saveSnapshot(resolveConfig({ cwd: inFolder(), flags: { noConfigSnapshots: true } }), log, "startup", new Map());
    assert.deepEqual([readdirSync(inFolder()), lines], [[], []]);
    inFolder("logs", "a file");
    await saveSnapshot(resolveConfig({ cwd: inFolder() }), log, "startup", new Map());
    assert.deepEqual(
      lines.map(({ level, event }) => [level, event]),
      [["warn", "snapshot not saved"]],
    );
  });
});
