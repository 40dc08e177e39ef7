import assert from "node:assert/strict";
import { decodeV1 } from "../../../src/serve/worker/codec-v1.ts";
import type { CodecModel } from "../../../src/serve/worker/codecs.ts";
import { baseHandler } from "../../../src/serve/worker/handlers/base-handler.ts";
import { echo, echoModel, headOf } from "../../support/served-model.ts";

const x = { name: "x", dtype: "float32", shape: ["batch", 2] };

async function withHandler(options: Parameters<typeof echoModel>[1] = {}): Promise<CodecModel> {
  const model = echoModel([x], options);
  const { io } = model;
  const context = { model: { name: "echo", version: "1.0" }, io, folder: "", config: {}, maxImagePixels: 1, warn: () => {} };
  return { ...model, handler: await baseHandler(context) };
}

const ask = async (body: string, options: Parameters<typeof echoModel>[1] = {}) =>
  decodeV1(headOf({}, { protocol: "v1" }), new Uint8Array(Buffer.from(body)), await withHandler(options));

describe("KServe's protocol v1", () => {
  it("answers one prediction for each instance, run together", async () => {
    const decoded = await ask('{"instances": [[1, 2], {"data": [3, 4]}, {"body": [5, 6]}]}');
    assert.deepEqual(decoded.inputs[0]?.shape, [3, 2]);
    assert.equal(Buffer.from((await echo(decoded)).body).toString(), '{"predictions":[[1,2],[3,4],[5,6]]}');
  });

  it("calls them explanations where those were asked for", async () => {
    const served = await withHandler();
    const explaining = { ...served, handler: { ...served.handler, explain: served.handler.postprocess } };
    const decoded = await decodeV1(headOf({}, { protocol: "v1", explain: true }), Buffer.from('{"instances": [[1, 2]]}'), explaining);
    assert.equal(Buffer.from((await echo(decoded)).body).toString(), '{"explanations":[[1,2]]}');
  });

  it("refuses other bodies", async () => {
    for (const body of ["[]", "{}", '{"instances": 1}', "null"])
      await assert.rejects(ask(body), { message: 'Expected "instances" to be a list.' });
    await assert.rejects(ask('{"instances": []}'), /is empty/);
    await assert.rejects(ask('{"instances": [[1'), /not valid JSON/);
    await assert.rejects(ask('{"instances": [[1, 2], [3]]}'), /Input x has shape \[1\]/);
    await assert.rejects(ask('{"instances": [[1, 2], [3, 4]]}', { batches: false }), /no batch axis: send one instance/);
  });
});
