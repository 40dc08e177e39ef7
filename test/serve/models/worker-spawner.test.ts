import assert from "node:assert/strict";
import { once } from "node:events";
import { WorkerSpawner } from "../../../src/serve/models/worker-spawner.ts";

describe("the process of a worker that is started ahead", () => {
  const spare = async (spawner: WorkerSpawner) => {
    while (!spawner.spare) await new Promise((resolve) => setTimeout(resolve, 20));
    return spawner.spare;
  };

  it("is what the next worker gets, once, and is followed by another", async function () {
    this.timeout(30_000);
    const spawner = new WorkerSpawner();
    const first = await spare(spawner);
    const taken = spawner.take();
    const next = spawner.take();
    try {
      assert.equal(taken, first);
      assert.notEqual(next, first);
      const second = await spare(spawner);
      assert.ok(second !== taken && second !== next);
      spawner.close();
      await once(second, "exit");
      assert.equal(taken.exitCode ?? taken.signalCode, null, "what was taken lives on");
    } finally {
      spawner.close();
      for (const child of [taken, next]) child.kill("SIGKILL");
    }
  });

  it("is not given out when it has died", async function () {
    this.timeout(30_000);
    const spawner = new WorkerSpawner();
    try {
      const dead = await spare(spawner);
      dead.kill("SIGKILL");
      await once(dead, "exit");
      const taken = spawner.take();
      assert.notEqual(taken, dead);
      taken.kill("SIGKILL");
    } finally {
      spawner.close();
    }
  });
});
