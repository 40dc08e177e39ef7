import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { doublerKinds, mixedLoad } from "../support/mixed-load.ts";
import { serveStore, storeModel } from "../support/model-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

describe("a server whose workers die", () => {
  const folder = temporaryFolder();

  it("loses no request but those that the dead worker was at work on", async function () {
    this.timeout(180_000);
    const store = folder("store");
    mkdirSync(store);
    for (const name of ["first", "second"]) storeModel(store, name, { config: "batchSize: 4\n" });
    const server = await serveStore(store, { load_models: "all", default_workers_per_model: "2", job_queue_size: "1000" });
    try {
      const outcome = await mixedLoad({
        inference: server.addresses.inference,
        management: server.addresses.management,
        models: ["first", "second"],
        kinds: [...doublerKinds("first"), ...doublerKinds("second")],
        clients: 8,
        seconds: 60,
        killEvery: 10,
      });
      const { right, wrong, died, lost, others, kills, unhealthy } = outcome;
      assert.deepEqual({ wrong, lost, others: [...others], unhealthy }, { wrong: 0, lost: 0, others: [], unhealthy: 0 });
      assert.ok(kills >= 4, `${kills} workers were killed`);
      // One batch of at most 4 for each worker that died.
      assert.ok(died <= 4 * kills, `${died} requests died with ${kills} workers`);
      assert.ok(right > 100, `${right} answers`);
    } finally {
      await server.close();
    }
  });
});
