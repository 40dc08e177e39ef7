import assert from "node:assert/strict";
import fc from "fast-check";
import { IngotError } from "../../src/errors/error.ts";
import { decodeMessage, decodeModel } from "../../src/onnx/decode.ts";
import { encodeMessage, encodeToBytes } from "../../src/onnx/encode.ts";
import { tinyModel } from "../support/tiny-models.ts";

const bytesOf = (...values: number[]) => Uint8Array.from(values);
const refuses = (bytes: Uint8Array, words: RegExp) =>
  assert.throws(
    () => decodeModel(bytes, "m.onnx"),
    (e) => e instanceof IngotError && e.code === "NotOnnx" && words.test(e.message),
  );
const sample = tinyModel({
  inputs: [{ name: "x", dtype: 1, shape: ["n", 2] }],
  outputs: [{ name: "y", dtype: 1, shape: ["n", 2] }],
  nodes: [{ op: "Transpose", inputs: ["x"], outputs: ["y"], attributes: { perm: [1, 0] } }],
});

describe("decoding messages", () => {
  it("reads fields by their numbers", () => {
    // key = "a" (field 1), value = "bc" (field 2)
    const entry = decodeMessage("StringStringEntryProto", bytesOf(0x0a, 1, 0x61, 0x12, 2, 0x62, 0x63), "t");
    assert.deepEqual(entry, { key: "a", value: "bc" });
  });

  it("keeps 64-bit integers exactly", () => {
    const ints = [0n, 1n, -1n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)];
    const bytes = encodeToBytes("AttributeProto", { ints });
    assert.deepEqual(decodeMessage("AttributeProto", bytes, "t").ints, ints);
    const packed = encodeToBytes("TensorProto", { int64Data: BigInt64Array.from(ints), uint64Data: BigUint64Array.of(2n ** 64n - 1n) });
    const tensor = decodeMessage("TensorProto", packed, "t");
    assert.deepEqual(tensor.int64Data, BigInt64Array.from(ints));
    assert.deepEqual(tensor.uint64Data, BigUint64Array.of(2n ** 64n - 1n));
  });

  it("reads lists packed and unpacked, also when they come in parts", () => {
    const packedDims = bytesOf(0x0a, 2, 3, 4);
    const unpackedDims = bytesOf(0x08, 3, 0x08, 4);
    for (const bytes of [packedDims, unpackedDims]) assert.deepEqual(decodeMessage("TensorProto", bytes, "t").dims, [3n, 4n]);
    const floats = bytesOf(0x22, 4, 0, 0, 0x80, 0x3f, 0x25, 0, 0, 0, 0x40);
    assert.deepEqual(decodeMessage("TensorProto", floats, "t").floatData, Float32Array.of(1, 2));
    const negative = encodeToBytes("TensorProto", { int32Data: Int32Array.of(-1, 7) });
    assert.deepEqual(decodeMessage("TensorProto", negative, "t").int32Data, Int32Array.of(-1, 7));
  });

  it("keeps fields that it does not know, byte for byte, at every depth", () => {
    const field99 = bytesOf(0x9a, 0x06, 2, 0xca, 0xfe);
    const node = Buffer.concat([bytesOf(0x22, 1, 0x41), field99]);
    const graph = Buffer.concat([bytesOf(0x0a, node.length), node, field99]);
    const bytes = Buffer.concat([bytesOf(0x08, 8, 0x3a, graph.length), graph]);
    const model = decodeModel(bytes, "t");
    const kept = model.graph?.node?.[0]?.unknown?.map((part) => [...part]);
    assert.deepEqual(kept, [[...field99]]);
    assert.deepEqual(Buffer.from(encodeToBytes("ModelProto", model)), bytes);
  });

  it("gives the elements of tensors as views on the file's memory", () => {
    const data = new Uint8Array(100_000).fill(7);
    const bytes = encodeToBytes("TensorProto", { rawData: data });
    assert.equal(decodeMessage("TensorProto", bytes, "t").rawData?.buffer, bytes.buffer);
  });

  it("writes large tensors without copying them", () => {
    const data = new Uint8Array(100_000).fill(7);
    const { parts, size } = encodeMessage("ModelProto", { irVersion: 8, graph: { initializer: [{ name: "w", rawData: data }] } });
    assert.ok(parts.includes(data));
    assert.equal(size, Buffer.concat(parts).length);
    assert.deepEqual(decodeModel(Buffer.concat(parts), "t").graph?.initializer?.[0]?.name, "w");
  });
});

describe("bytes that are no model", () => {
  it("are refused with what they are", () => {
    refuses(bytesOf(), /it is empty/);
    refuses(Buffer.from("<!DOCTYPE html><html></html>"), /web page/);
    refuses(bytesOf(0xff, 0xd8, 0xff, 0xe0, 0, 16), /JPEG/);
    refuses(Buffer.from("version https://git-lfs.github.com/spec/v1\noid sha256:00"), /Git LFS/);
    refuses(Buffer.from("PK\x03\x04rest"), /zip/);
    refuses(Buffer.from("some words that are no model"), /m\.onnx is not an ONNX model/);
    refuses(bytesOf(0x08, 8), /no graph/);
    refuses(bytesOf(0x3a, 0), /IR version/);
  });

  it("are refused wherever the file is cut off", () => {
    const whole = decodeModel(sample, "t");
    assert.equal(whole.graph?.node?.length, 1);
    for (let length = 0; length < sample.length; length++) {
      let model: unknown;
      try {
        model = decodeModel(sample.subarray(0, length), "m.onnx");
      } catch (error) {
        assert.ok(error instanceof IngotError && error.code === "NotOnnx", String(error));
        continue;
      }
      assert.notDeepEqual(model, whole);
    }
  });

  it("with lengths past the end, broken varints or no end of nesting are refused", () => {
    refuses(bytesOf(0x3a, 0xff, 0xff, 0xff, 0x7f), /announced/);
    refuses(bytesOf(0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), /offset/);
    refuses(bytesOf(0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), /offset/);
    refuses(bytesOf(0x0b, 0x08), /wire type 3/);
    let nested = Buffer.alloc(0);
    // GraphProto → node → attribute → g, and so on; built from the inside.
    for (let i = 0; i < 201; i++) {
      const tag = [0x32, 0x2a, 0x0a][i % 3] as number;
      const length = nested.length;
      nested = Buffer.concat([bytesOf(tag, ...(length < 128 ? [length] : [(length & 127) | 128, length >> 7])), nested]);
    }
    const head = nested.length;
    refuses(Buffer.concat([bytesOf(0x08, 8, 0x3a, (head & 127) | 128, head >> 7), nested]), /nest more than 100 deep/);
  });

  it("whatever they are, end in a model or in one named error", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodeModel(bytes, "m.onnx");
        } catch (error) {
          assert.ok(error instanceof IngotError && error.code === "NotOnnx", String(error));
        }
      }),
    );
    fc.assert(
      fc.property(fc.nat(sample.length - 1), fc.nat(255), (at, value) => {
        const bytes = Uint8Array.from(sample);
        bytes[at] = value;
        try {
          decodeModel(bytes, "m.onnx");
        } catch (error) {
          assert.ok(error instanceof IngotError && error.code === "NotOnnx", String(error));
        }
      }),
    );
  });
});
