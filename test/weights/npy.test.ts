import assert from "node:assert/strict";
import fc from "fast-check";
import { IngotError } from "../../src/errors/error.ts";
import { dtypeInfo } from "../../src/tensor/dtype.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { npyChunks, parseNpy, readNpy, writeNpy } from "../../src/weights/npy.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** A .npy file with this header. */
function npy(header: string, data: Uint8Array, version = 1): Uint8Array<ArrayBuffer> {
  const head = Buffer.alloc(version === 1 ? 10 : 12);
  head.set([0x93, ...Buffer.from("NUMPY"), version, 0]);
  if (version === 1) head.writeUInt16LE(header.length, 8);
  else head.writeUInt32LE(header.length, 8);
  return new Uint8Array(Buffer.concat([head, Buffer.from(header), data]));
}

const header = (descr: string, shape: string, fortran = "False") =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }\n`;

describe("NumPy files", () => {
  const file = temporaryFolder();

  it("reads numbers of either byte order, in either order of the axes", () => {
    assert.deepEqual(parseNpy(npy(header("<i2", "(3,)"), new Uint8Array([1, 0, 2, 0, 255, 255]))).toNumbers(), [1, 2, -1]);
    assert.deepEqual(parseNpy(npy(header(">i2", "(3,)"), new Uint8Array([0, 1, 0, 2, 255, 255]))).toNumbers(), [1, 2, -1]);
    const fortran = parseNpy(npy(header("|u1", "(2, 3)", "True"), new Uint8Array([1, 4, 2, 5, 3, 6])));
    assert.deepEqual(
      [fortran.shape, fortran.toNumbers()],
      [
        [2, 3],
        [1, 2, 3, 4, 5, 6],
      ],
    );
    assert.deepEqual(parseNpy(npy(header("<f4", "()"), new Uint8Array(new Float32Array([2.5]).buffer), 2)).toNumbers(), [2.5]);
  });

  it("reads text of fixed width", () => {
    const wide = Buffer.from(new Uint32Array([0x61, 0x1f600, 0x62, 0]).buffer);
    assert.deepEqual(parseNpy(npy(header("<U2", "(2,)"), wide)).dense(), ["a😀", "b"]);
    assert.deepEqual(parseNpy(npy(header("|S2", "(2,)"), Buffer.from("abc\0"))).dense(), ["ab", "c"]);
  });

  it("refuses what is no array of numbers or text, and says why", () => {
    const cases: readonly [Uint8Array<ArrayBuffer>, RegExp][] = [
      [new Uint8Array(0), /does not begin/],
      [new Uint8Array(Buffer.from("PK hello there")), /does not begin/],
      [npy(header("|O", "(1,)"), new Uint8Array(8)), /Python objects/],
      [npy(header("<c16", "(1,)"), new Uint8Array(16)), /element type <c16/],
      [npy(header("<f4", "(3,)"), new Uint8Array(8)), /takes 12 bytes, but it has 8/],
      [npy(header("<f4", "(99999999999, 99999999999)"), new Uint8Array(8)), /takes 39999999999\d+ bytes/],
      [npy(header("<f4", "(-1,)"), new Uint8Array(8)), /no list of sizes/],
      [npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", new Uint8Array(4)), /compound/],
      [npy(header("|b1", "(1,)"), new Uint8Array([2])), /byte above 1/],
      [npy(header("<f4", "(1,)"), new Uint8Array(4), 7), /version is 7/],
      [npy(header("<f4", "(1,)"), new Uint8Array(4)).slice(0, 30), /longer than the file/],
    ];
    for (const [bytes, message] of cases)
      assert.throws(
        () => parseNpy(bytes),
        (error: unknown) => error instanceof IngotError && error.code === "NpyFormat" && message.test(error.message),
      );
  });

  it("writes what it reads, for every element type that NumPy has", async () => {
    for (const dtype of [
      "float32",
      "float64",
      "float16",
      "bfloat16",
      "int8",
      "int16",
      "int32",
      "int64",
      "uint8",
      "uint64",
      "bool",
    ] as const) {
      const before = Storage.from(dtype, [1, 0, 1, 1, 0, 1], [3, 2]).transpose([1, 0]);
      const path = file(`${dtype}.npy`);
      await writeNpy(path, before);
      const after = await readNpy(path);
      assert.deepEqual([after.dtype, after.shape, after.toNumbers()], [dtype, before.shape, before.toNumbers()]);
    }
    assert.throws(() => npyChunks(Storage.from("string", ["a"], [1])), { code: "NpyUnwritable", message: /is string, which/ });
  });

  it("begins the elements at a multiple of 64 bytes, whatever the shape", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3), { maxLength: 30 }), (shape) => {
        const count = shape.reduce((n, d) => n * d, 1);
        fc.pre(count < 5000);
        const [head, data] = npyChunks(Storage.of("float32", dtypeInfo("float32").make(count), shape)) as [Uint8Array, Uint8Array];
        assert.equal(head.length % 64, 0);
        assert.deepEqual(parseNpy(new Uint8Array(Buffer.concat([head, data]))).shape, shape);
      }),
    );
  });
});
