// Snapshots of a running server, and servers that begin with one.
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { resolveConfig } from "../../../src/serve/config/resolve.ts";
import { type ModelState, snapshotJson } from "../../../src/serve/config/snapshot-state.ts";
import { loadConfig } from "../../../src/serve/lifecycle/load-config.ts";
import { registryState } from "../../../src/serve/lifecycle/registry-state.ts";
import { SnapshotKeeper } from "../../../src/serve/lifecycle/snapshot-keeper.ts";
import { Registry } from "../../../src/serve/models/registry.ts";
import { keptLog, serveStore, storeModel } from "../../support/model-store.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const common = { minWorkers: 1, maxBatchDelay: 100, startupTimeout: 120_000, jobQueueSize: 100, clientTimeoutInMills: 0 };
const first: ModelState = { ...common, defaultVersion: true, marName: "d1", maxWorkers: 3, batchSize: 4, responseTimeout: 7000 };
const second: ModelState = { ...common, defaultVersion: false, marName: "d2", maxWorkers: 1, batchSize: 1, responseTimeout: 120_000 };

describe("the models of a running server", function () {
  this.timeout(120_000);
  const inFolder = temporaryFolder({ eachTest: true });
  beforeEach(() => {
    mkdirSync(inFolder("store"));
    storeModel(inFolder("store"), "doubler", { folder: "d1", config: "maxWorkers: 3\nbatchSize: 4\nresponseTimeout: 7\n" });
    storeModel(inFolder("store"), "doubler", { folder: "d2", version: "2.0" });
  });
  const kinds = () => readdirSync(inFolder("logs/config")).map((name) => name.replace(/^\d+-/, ""));

  it("are a snapshot's after the start, after each change that is one, and at the end", async () => {
    const server = await serveStore(inFolder("store"), { load_models: "d1,d2" });
    try {
      const state = registryState(server.parts.registry);
      assert.deepEqual([...state.keys()], ["doubler"]);
      assert.deepEqual(
        new Map(state.get("doubler")),
        new Map([
          ["1.0", first],
          ["2.0", second],
        ]),
      );

      const { log, lines } = keptLog();
      const keeper = new SnapshotKeeper(resolveConfig({ cwd: inFolder() }), log);
      keeper.observer.modelsChanged();
      await keeper.settled();
      await keeper.begin(server.parts.registry);
      keeper.observer.modelsChanged();
      await keeper.settled();
      assert.deepEqual(kinds(), ["startup.cfg"], "what is loaded at the start, or stays as it is, is no change");
      server.parts.registry.setDefault("doubler", "2.0");
      keeper.observer.modelsChanged();
      keeper.observer.modelsChanged();
      await keeper.settled();
      assert.deepEqual(kinds(), ["startup.cfg", "snapshot.cfg"]);
      const stopping = keeper.end();
      const gone = server.parts.registry.find("doubler", "1.0");
      server.parts.registry.discard(gone);
      await stopping;
      server.parts.registry.add(gone);
      keeper.observer.modelsChanged();
      await keeper.settled();
      assert.deepEqual(kinds(), ["startup.cfg", "snapshot.cfg", "shutdown.cfg"]);
      const last = loadConfig({}, {}, inFolder()).modelSnapshot?.models.get("doubler");
      assert.deepEqual([last?.get("1.0")?.defaultVersion, last?.get("2.0")?.defaultVersion], [false, true], "as they were before the end");
      assert.deepEqual(
        lines.map(({ level, event }) => [level, event]),
        Array(3).fill(["debug", "snapshot saved"]),
      );
    } finally {
      await server.close();
    }
  });

  it("come back from a snapshot with their settings and default versions", async () => {
    const models = new Map([
      [
        "renamed",
        new Map([
          ["1.0", { ...first, defaultVersion: false, batchSize: 2 }],
          ["2.0", { ...second, defaultVersion: true, maxWorkers: 2, responseTimeout: 2500 }],
        ]),
      ],
    ]);
    const server = await serveStore(inFolder("store"), {
      load_models: "d1",
      model_snapshot: snapshotJson({ name: "s", created: 0, models }).replace(/\n/g, ""),
    });
    try {
      assert.deepEqual(registryState(server.parts.registry), models);
      assert.deepEqual(
        server.lines.filter(({ level }) => level === "warn"),
        [],
      );
    } finally {
      await server.close();
    }
  });

  it("come back without those that are gone, which is told", async () => {
    const models = new Map([
      ["gone", new Map([["1.0", { ...first, marName: "gone.mar" }]])],
      ["doubler", new Map([["9.0", { ...second, marName: "d2" }]])],
    ]);
    const server = await serveStore(inFolder("store"), {
      model_snapshot: snapshotJson({ name: "s", created: 0, models }).replace(/\n/g, ""),
    });
    try {
      assert.deepEqual(server.parts.registry.names, ["doubler"]);
      const warnings = server.lines.filter(({ level }) => level === "warn").map(({ event, fields }) => [event, fields.model]);
      assert.deepEqual(warnings, [
        ["model not restored", "gone"],
        ["the archive has another version by now", "doubler"],
      ]);
    } finally {
      await server.close();
    }
  });
});

describe("a keeper of snapshots", () => {
  const inFolder = temporaryFolder({ eachTest: true });

  it("writes none with --ncs", async () => {
    const { log, lines } = keptLog();
    const keeper = new SnapshotKeeper(resolveConfig({ cwd: inFolder(), flags: { noConfigSnapshots: true } }), log);
    await keeper.begin(new Registry());
    keeper.observer.modelsChanged();
    await keeper.end();
    assert.deepEqual([readdirSync(inFolder()), lines], [[], []]);
  });

  it("tells a disk that cannot be written to, and goes on when it can", async () => {
    const { log, lines } = keptLog();
    inFolder("logs", "a file");
    const keeper = new SnapshotKeeper(resolveConfig({ cwd: inFolder() }), log);
    await keeper.begin(new Registry());
    assert.deepEqual(
      lines.map(({ level, event }) => [level, event]),
      [["warn", "snapshot not saved"]],
    );
    rmSync(inFolder("logs"));
    await keeper.end();
    assert.equal(lines.at(-1)?.event, "snapshot saved");
  });
});
