import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { serveStore, storeModel } from "../support/model-store.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

describe("a server", () => {
  const folder = temporaryFolder();
  let server: Awaited<ReturnType<typeof serveStore>>;

  before(async () => {
    const store = join(folder(), "store");
    mkdirSync(store);
    storeModel(store, "doubler");
    server = await serveStore(store, { load_models: "all" });
  });
  after(() => server.close());

  const post = (path: string, body: string, type = "application/json") =>
    fetch(`${server.addresses.inference}${path}`, { method: "POST", body, headers: { "content-type": type } });

  it("answers /ping while all models have their workers", async () => {
    const response = await fetch(`${server.addresses.inference}/ping`);
    assert.equal(response.status, 200);
    assert.equal(await response.text(), '{\n  "status": "Healthy"\n}\n');
    assert.equal(response.headers.get("pragma"), "no-cache");
    assert.match(response.headers.get("x-request-id") ?? "", /^[0-9a-f-]{36}$/);
  });

  it("predicts with the model's handler", async () => {
    const response = await post("/predictions/doubler", "[1, 2.5, -3]");
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), [2, 5, -6]);
  });

  it("says which model or version it does not have, as TorchServe does", async () => {
    assert.deepEqual(await (await post("/predictions/other", "[]")).json(), {
      code: 404,
      type: "ModelNotFoundException",
      message: "Model not found: other",
    });
    assert.deepEqual(await (await post("/predictions/doubler/9.0", "[]")).json(), {
      code: 404,
      type: "ModelVersionNotFoundException",
      message: "Model version: 9.0 does not exist for model: doubler",
    });
  });

  it("says what is wrong with an input, and answers its neighbours", async () => {
    const [bad, good] = await Promise.all([post("/predictions/doubler", "[1, 2]"), post("/predictions/doubler", "[1, 2, 3]")]);
    assert.equal(bad.status, 400);
    assert.match(((await bad.json()) as { message: string }).message, /Input x has shape \[2\]; the model takes \[batch, 3\]/);
    assert.deepEqual(await good.json(), [2, 4, 6]);
  });
});
