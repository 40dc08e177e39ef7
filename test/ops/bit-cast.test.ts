import assert from "node:assert/strict";
import { IngotError } from "../../src/errors/error.ts";
import { type DType, dtypeInfo } from "../../src/tensor/dtype.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { f32, infer, run, sym } from "../support/run-op.ts";

const bitCast = (x: Storage, to: DType) => run("BitCast", [x], { to: dtypeInfo(to).onnx })[0] as Storage;

describe("BitCast", () => {
  it("keeps the bits and the memory", () => {
    const x = f32([3], [1, -2, 0]);
    const y = bitCast(x, "uint32");
    assert.deepEqual(y.dense(), Uint32Array.of(0x3f800000, 0xc0000000, 0));
    assert.equal((y.data as Uint32Array).buffer, (x.data as Float32Array).buffer);
    assert.deepEqual(bitCast(Storage.from("float64", [1], [1]), "int64").dense(), BigInt64Array.of(0x3ff0000000000000n));
    assert.deepEqual(bitCast(Storage.from("uint8", [0x38, 0xff], [2]), "float8e4m3fn").toNumbers(), [1, Number.NaN]);
  });

  it("reads elements of less than a byte as their codes", () => {
    assert.deepEqual(bitCast(Storage.from("int4", [-1, 7, -8], [3]), "uint4").toNumbers(), [15, 7, 8]);
    assert.deepEqual(bitCast(Storage.from("uint4", [15, 2], [2]), "float4e2m1").toNumbers(), [-6, 1]);
    assert.deepEqual(bitCast(Storage.from("uint2", [3], [1]), "int2").toNumbers(), [-1]);
  });

  it("takes the elements of a view in its own order", () => {
    const x = f32([2, 2], [1, 2, 3, 4]).transpose([1, 0]);
    assert.deepEqual(bitCast(bitCast(x, "int32"), "float32").toNumbers(), [1, 3, 2, 4]);
  });

  it("keeps symbolic shapes and refuses another width", () => {
    assert.deepEqual(infer("BitCast", [sym("n", 3)], { to: 6 }), ["int32[n,3]"]);
    assert.throws(
      () => infer("BitCast", [sym("n")], { to: 11 }),
      (e) => e instanceof IngotError && e.code === "InvalidArgument" && /32 bits/.test(e.message),
    );
  });
});
