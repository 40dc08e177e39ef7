import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { callApi } from "../../support/api-client.ts";
import { serveStore, storeModel } from "../../support/model-store.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

describe("a worker that dies whenever it starts", () => {
  const folder = temporaryFolder();
  let server: Awaited<ReturnType<typeof serveStore>>;

  before(async () => {
    const store = join(folder(), "store");
    mkdirSync(store);
    const crash = join(folder(), "crash.mjs");
    writeFileSync(crash, "export const createHandler = () => process.exit(3);\n");
    storeModel(store, "crashing", { handler: "crash", config: "maxRetryTimeoutInSec: 1\n" });
    server = await serveStore(store, { load_models: "crashing", enable_model_api: "true", handler_modules: `crash=${crash}` });
  });
  after(() => server.close());

  const ask = (method: string, path: string) => callApi(method, `${server.addresses.management}${path}`);
  const happened = (event: string) => server.lines.some((line) => line.event === event);

  it("does not keep a server from starting, and is tried again until it is given up; then the server is not healthy", async () => {
    assert.ok(happened("worker died"));
    // Each question lets the server work on.
    while (!happened("worker gave up")) await ask("GET", "/models");
    assert.equal((await callApi("GET", `${server.addresses.inference}/ping`)).status, 500);
    const [model] = (await ask("GET", "/models/crashing")).json as { status: string; workers: { status: string }[] }[];
    assert.deepEqual([model?.status, model?.workers.map((w) => w.status)], ["Unhealthy", ["UNLOADING"]]);
    assert.equal((await callApi("POST", `${server.addresses.inference}/predictions/crashing`, { body: "[]" })).status, 503);
  });

  it("is a failed registration at its first death, and leaves nothing", async () => {
    const answer = await ask("POST", "/models?url=crashing&model_name=other&initial_workers=1");
    assert.deepEqual(answer.json, {
      code: 500,
      type: "InternalServerException",
      message: "Failed to start workers for model other version: 1.0",
    });
    assert.equal(server.parts.registry.has("other"), false);
  });

  it("is on its way as long as it is tried again, for whoever scales", async () => {
    assert.equal((await ask("POST", "/models?url=crashing&model_name=scaled&initial_workers=0")).status, 200);
    const answer = await ask("PUT", "/models/scaled?min_worker=1&synchronous=true");
    assert.deepEqual([answer.status, answer.json], [206, { status: "Workers scaling in progress..." }]);
  });
});
