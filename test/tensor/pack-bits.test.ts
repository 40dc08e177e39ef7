import assert from "node:assert/strict";
import fc from "fast-check";
import { packBits, packedSize, unpackBits } from "../../src/tensor/pack-bits.ts";
import { Storage } from "../../src/tensor/storage.ts";

describe("packing elements of less than a byte", () => {
  it("puts the first element into the lowest bits and fills the last byte with zeros", () => {
    assert.deepEqual(packBits("uint4", Uint8Array.of(1, 2, 15)), Uint8Array.of(0x21, 0x0f));
    assert.deepEqual(packBits("int4", Int8Array.of(-8, 7)), Uint8Array.of(0x78));
    assert.deepEqual(packBits("uint2", Uint8Array.of(0, 1, 2, 3, 1)), Uint8Array.of(0b11100100, 1));
    assert.deepEqual(unpackBits("int2", [0b11100100], 4), Int8Array.of(0, 1, -2, -1));
    assert.deepEqual([packedSize("int4", 3), packedSize("int2", 5), packedSize("int2", 0), packedSize("float16", 3)], [2, 2, 0, 6]);
  });

  it("is undone by unpacking", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("int4", "uint4", "int2", "uint2", "float4e2m1"),
        fc.array(fc.integer({ min: -9, max: 9 })),
        (dtype, v) => {
          const { data } = Storage.from(dtype, v, [v.length]);
          assert.deepEqual(unpackBits(dtype, packBits(dtype, data), v.length), data);
        },
      ),
    );
  });
});
