import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { callApi } from "../../support/api-client.ts";
import { serveStore, storeModel } from "../../support/model-store.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const instances = { instances: [[1, 2, 3], { data: [4, 5, 6] }] };
const tensors = { id: "a", inputs: [{ name: "x", datatype: "FP32", shape: [1, 3], data: [1, 2, 3] }] };
const plain = [1, 2, 3];

const predictions = {
  predictions: [
    [2, 4, 6],
    [8, 10, 12],
  ],
};
const outputs = [{ name: "y", datatype: "FP32", shape: [1, 3], data: [2, 4, 6] }];
const answers: Readonly<Record<string, { readonly body: unknown; readonly answer: unknown }>> = {
  json: { body: instances, answer: predictions },
  kserve: { body: instances, answer: predictions },
  kservev2: { body: tensors, answer: { model_name: "doubler", model_version: "1.0", id: "a", outputs } },
  body: { body: plain, answer: [2, 4, 6] },
};

describe("service_envelope", () => {
  const folder = temporaryFolder();

  for (const [envelope, { body, answer }] of Object.entries(answers))
    it(`${envelope}: unwraps what /predictions is sent, and wraps the answer`, async () => {
      const store = folder(`store-${envelope}`);
      mkdirSync(store);
      storeModel(store, "doubler");
      const server = await serveStore(store, { load_models: "all", service_envelope: envelope });
      try {
        const url = `${server.addresses.inference}/predictions/doubler`;
        const headers = { "content-type": "application/json" };
        const { status, json } = await callApi("POST", url, { body: JSON.stringify(body), headers });
        assert.deepEqual({ status, json }, { status: 200, json: answer });
        const other = body === plain ? "not json" : JSON.stringify(plain);
        assert.equal((await callApi("POST", url, { body: other, headers })).status, 400);
      } finally {
        await server.close();
      }
    });
});
