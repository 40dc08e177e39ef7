import assert from "node:assert/strict";
import { once } from "node:events";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { WorkerSession } from "../../../src/engines/onnxruntime/worker-session.ts";
import { tinyModel } from "../../support/tiny-models.ts";

const double = tinyModel({
  inputs: [{ name: "x", dtype: 1, shape: ["n"] }],
  outputs: [{ name: "y", dtype: 1, shape: ["n"] }],
  nodes: [{ op: "Add", inputs: ["x", "x"], outputs: ["y"] }],
});
const x = (...values: number[]) => new Map([["x", { dtype: 1, shape: [values.length], data: Float32Array.from(values) }]]);

describe("the session in a worker thread", () => {
  it("runs, many at a time, and closes after the last", async () => {
    const session = await WorkerSession.create(double, { intraOpThreads: 1 });
    assert.deepEqual(session.inputs, [{ name: "x", kind: "tensor", dtype: 1, shape: ["n"] }]);
    const runs = Array.from({ length: 20 }, (_, i) => session.run(x(i, 1)));
    const close = session.close();
    const results = await Promise.all(runs);
    assert.deepEqual(results[7], [{ dtype: 1, shape: [2], data: Float32Array.of(14, 2) }]);
    await close;
    await session.close();
    await assert.rejects(session.run(x(1)), { code: "EngineClosed" });
  });

  it("names what fails, and can be aborted", async () => {
    await assert.rejects(WorkerSession.create(Buffer.from("no model")), { code: "EngineRejectedModel" });
    const session = await WorkerSession.create(double);
    await assert.rejects(session.run(new Map([["x", { dtype: 16, shape: [1], data: Uint16Array.of(1) }]])), /element type 16/);
    await assert.rejects(session.run(new Map()), { code: "EngineRunFailed" });
    const control = new AbortController();
    const run = session.run(x(1), undefined, { signal: control.signal });
    control.abort();
    await assert.rejects(run, { code: "RunAborted" });
    assert.deepEqual((await session.run(x(2)))[0], { dtype: 1, shape: [1], data: Float32Array.of(4) });
    await session.close();
  });
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
