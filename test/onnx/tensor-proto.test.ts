import assert from "node:assert/strict";
import fc from "fast-check";
import { IngotError } from "../../src/errors/error.ts";
import { decodeMessage } from "../../src/onnx/decode.ts";
import { encodeToBytes } from "../../src/onnx/encode.ts";
import type { TensorProto } from "../../src/onnx/schema.ts";
import { storageToTensor, tensorToStorage } from "../../src/onnx/tensor-proto.ts";
import { allDTypes, dtypeInfo } from "../../src/tensor/dtype.ts";
import { Storage } from "../../src/tensor/storage.ts";

const read = (proto: TensorProto) => tensorToStorage(proto, { file: "m.onnx" });
const refuses = (proto: TensorProto, code: string, words: RegExp) =>
  assert.throws(
    () => read(proto),
    (e) => e instanceof IngotError && e.code === code && words.test(e.message),
  );

describe("tensors of ONNX", () => {
  it("are read from raw bytes and from the list of their type, with the same elements", () => {
    const raw = new Uint8Array(Float32Array.of(1, 2).buffer);
    assert.deepEqual(read({ dataType: 1, dims: [2n], rawData: raw }).toNumbers(), [1, 2]);
    assert.deepEqual(read({ dataType: 1, dims: [2n], floatData: Float32Array.of(1, 2) }).toNumbers(), [1, 2]);
    assert.deepEqual(read({ dataType: 11, dims: [1n], doubleData: Float64Array.of(0.1) }).toNumbers(), [0.1]);
    assert.deepEqual(read({ dataType: 7, dims: [1n], int64Data: BigInt64Array.of(2n ** 60n) }).dense(), BigInt64Array.of(2n ** 60n));
    assert.deepEqual(read({ dataType: 12, dims: [1n], uint64Data: BigUint64Array.of(4294967295n) }).toNumbers(), [4294967295]);
    assert.deepEqual(read({ dataType: 8, dims: [1n], stringData: [Buffer.from("ä")] }).dense(), ["ä"]);
  });

  it("hold narrow types in a list of 32-bit integers, 16-bit floats as bit patterns", () => {
    const list = (dataType: number, ...values: number[]) =>
      read({ dataType, dims: [BigInt(values.length)], int32Data: Int32Array.from(values) });
    assert.deepEqual(list(3, -1, 127).toNumbers(), [-1, 127]);
    assert.deepEqual(list(2, 255).toNumbers(), [255]);
    assert.deepEqual(list(9, 0, 1).toNumbers(), [0, 1]);
    assert.deepEqual(list(10, 0x3c00, 0xc000).toNumbers(), [1, -2]);
    assert.deepEqual(list(16, 0x3f80).toNumbers(), [1]);
  });

  it("pack elements of less than a byte, in raw bytes and in the list", () => {
    const list = (dataType: number, count: number, ...values: number[]) =>
      read({ dataType, dims: [BigInt(count)], int32Data: Int32Array.from(values) }).toNumbers();
    assert.deepEqual(list(22, 3, 0x7f, 0x08), [-1, 7, -8]);
    assert.deepEqual(list(21, 2, 0xf1), [1, 15]);
    assert.deepEqual(list(26, 5, 0b11100100, 1), [0, 1, -2, -1, 1]);
    assert.deepEqual(list(17, 1, 0x38), [1]);
    assert.deepEqual(read({ dataType: 23, dims: [2n], rawData: Uint8Array.of(0x2f) }).toNumbers(), [-6, 1]);
    assert.deepEqual(storageToTensor(Storage.from("int4", [-1, 7, -8], [3])).rawData, Uint8Array.of(0x7f, 0x08));
    refuses({ dataType: 22, dims: [3n], rawData: new Uint8Array(3) }, "OnnxTensor", /needs 2 bytes, it has 3/);
    refuses({ dataType: 22, dims: [3n], int32Data: new Int32Array(3) }, "OnnxTensor", /needs 2 packed bytes, it has 3/);
  });

  it("use aligned memory as it is and copy what is not aligned", () => {
    const bytes = new Uint8Array(12);
    new DataView(bytes.buffer).setFloat32(4, 1.5, true);
    assert.equal((read({ dataType: 1, dims: [1n], rawData: bytes.subarray(4, 8) }).data as Float32Array).buffer, bytes.buffer);
    const shifted = new Uint8Array(9);
    new DataView(shifted.buffer).setFloat32(1, 1.5, true);
    assert.deepEqual(read({ dataType: 1, dims: [1n], rawData: shifted.subarray(1, 5) }).toNumbers(), [1.5]);
  });

  it("come back the same, whatever the dtype and the strides", () => {
    fc.assert(
      fc.property(fc.constantFrom(...allDTypes), fc.array(fc.nat(3), { maxLength: 3 }), fc.boolean(), (dtype, shape, turned) => {
        const count = shape.reduce((n, d) => n * d, 1);
        const storage = Storage.from(
          dtype,
          Array.from({ length: count }, (_, i) => i % 2),
          shape,
        );
        const given = turned ? storage.transpose(shape.map((_, i) => shape.length - 1 - i)) : storage;
        const back = read(decodeMessage("TensorProto", encodeToBytes("TensorProto", storageToTensor(given, "t")), "t"));
        assert.deepEqual([back.dtype, [...back.shape], back.dense()], [dtype, [...given.shape], given.dense()]);
      }),
    );
  });

  it("that are not valid are refused by name", () => {
    const tensor = { name: "w", dataType: 1 };
    refuses({ ...tensor, dims: [2n], rawData: new Uint8Array(7) }, "OnnxTensor", /`w`.*needs 8 bytes, it has 7/);
    refuses({ ...tensor, dims: [3n], floatData: Float32Array.of(1) }, "OnnxTensor", /needs 3 elements, it has 1/);
    refuses({ ...tensor, dims: [2n] }, "OnnxTensor", /it has 0/);
    refuses({ ...tensor, dims: [-1n], rawData: new Uint8Array(0) }, "OnnxTensor", /-1 .* is not a size/);
    refuses({ ...tensor, dims: [2n ** 62n], rawData: new Uint8Array(0) }, "OnnxTensor", /is not a size/);
    refuses({ ...tensor, dims: [2n ** 30n, 2n ** 30n], rawData: new Uint8Array(0) }, "OnnxTensor", /overflows/);
    refuses({ ...tensor, dims: [2n ** 40n], rawData: new Uint8Array(8) }, "OnnxTensor", /needs 4398046511104 bytes/);
    refuses({ ...tensor, dataType: 14, dims: [1n], rawData: new Uint8Array(8) }, "OnnxUnsupported", /complex64/);
    refuses({ ...tensor, dataType: 99, dims: [1n], rawData: new Uint8Array(1) }, "OnnxUnsupported", /number 99/);
    refuses({ ...tensor, dataType: 8, dims: [1n], rawData: new Uint8Array(1) }, "OnnxTensor", /strings/);
    refuses({ ...tensor, dims: [1n], dataLocation: 1 }, "OnnxExternalData", /given as bytes/);
    assert.equal(dtypeInfo("float32").onnx, 1);
  });
});
