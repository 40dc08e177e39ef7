import assert from "node:assert/strict";
import onnxProto from "onnx-proto";
import { decodeModel } from "../../src/onnx/decode.ts";
import { encodeToBytes } from "../../src/onnx/encode.ts";
import { backendKinds, readBackendCases, testDataFolder } from "../support/backend-cases.ts";

const { onnx } = onnxProto;
/** What onnx-proto makes of bytes, in a form that compares by value. */
const oracle = (bytes: Uint8Array) => onnx.ModelProto.toObject(onnx.ModelProto.decode(bytes), { longs: String, bytes: String });

describe("the models of ONNX's backend suite", function () {
  this.timeout(120_000);
  let folder: string | undefined;
  before(function () {
    folder = testDataFolder();
    if (!folder) this.skip();
  });

  for (const kind of backendKinds)
    it(`${kind}: are the same after decoding and encoding, by our decoder and by onnx-proto's`, () => {
      const cases = readBackendCases(folder as string, kind);
      assert.ok(cases.length > 0);
      for (const { name, model } of cases) {
        const decoded = decodeModel(model, name);
        const encoded = encodeToBytes("ModelProto", decoded);
        assert.deepEqual(decodeModel(encoded, name), decoded, name);
        assert.equal(encoded.length, model.length, `${name}: bytes were lost or added`);
        if ((decoded.irVersion ?? 0) <= 8) assert.deepEqual(oracle(encoded), oracle(model), name);
        assertNothingUnknown(decoded, name);
      }
    });
});

function assertNothingUnknown(message: unknown, name: string): void {
  if (typeof message !== "object" || message === null || ArrayBuffer.isView(message)) return;
  assert.ok(!("unknown" in message), `${name}: a field that the table does not have`);
  for (const value of Object.values(message)) assertNothingUnknown(value, name);
}
