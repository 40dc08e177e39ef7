import assert from "node:assert/strict";
import { once } from "node:events";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { WorkerSession } from "../../../src/engines/onnxruntime/worker-session.ts";
import { tinyModel } from "../../support/tiny-models.ts";
import { sessionContract } from "./session-contract.ts";

const double = tinyModel({
  inputs: [{ name: "x", dtype: 1, shape: ["n"] }],
  outputs: [{ name: "y", dtype: 1, shape: ["n"] }],
  nodes: [{ op: "Add", inputs: ["x", "x"], outputs: ["y"] }],
});

describe("a session in a worker thread", () => {
  sessionContract({ create: (model, options) => WorkerSession.create(model, options), without: [16] });
});

describe("the session over the C API", () => {
  it("also works inside a worker thread", async () => {
    const source = new URL("../../../src/engines/onnxruntime/session.ts", import.meta.url).href;
    const code = `
      const { parentPort, workerData } = require("node:worker_threads");
      const load = import(${JSON.stringify(
        pathToFileURL(
          createRequire(import.meta.url)
            .resolve("tsx/esm/api")
            .replace(/cjs$/, "mjs"),
        ).href,
      )}).then(({ register }) => {
        register();
        return import(${JSON.stringify(source)});
      });
      load.then(async ({ OrtSession }) => {
        const session = await OrtSession.create(workerData);
        const [y] = await session.run(new Map([["x", { dtype: 1, shape: [1], data: Float32Array.of(21) }]]));
        await session.close();
        parentPort.postMessage(y.data[0]);
      });`;
    const worker = new Worker(code, { eval: true, workerData: double });
    const exit = once(worker, "exit");
    const [answer] = await once(worker, "message");
    assert.equal(answer, 42);
    assert.deepEqual(await exit, [0]);
  });
});
