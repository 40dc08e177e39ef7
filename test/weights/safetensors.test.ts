import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { IngotError } from "../../src/errors/error.ts";
import { allDTypes, type DType, dtypeInfo } from "../../src/tensor/dtype.ts";
import { Storage } from "../../src/tensor/storage.ts";
import {
  parseSafetensors,
  readSafetensors,
  readSafetensorsSync,
  safetensorsChunks,
  writeSafetensors,
} from "../../src/weights/safetensors.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** A file with this header text (or object) and these data. */
function file(header: unknown, data: readonly number[] = []): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const join1 = (chunks: Iterable<Uint8Array>) => new Uint8Array(Buffer.concat([...chunks]));
const u8 = (shape: number[], begin: number, end: number) => ({ dtype: "U8", shape, data_offsets: [begin, end] });

describe("reading safetensors", () => {
  const inFolder = temporaryFolder();

  it("finds tensors and metadata, from memory and from a file, in the order of the header", async () => {
    const header = { b: u8([2], 4, 6), __metadata__: { format: "pt" }, a: { dtype: "F32", shape: [], data_offsets: [0, 4] } };
    const bytes = file(header, [0, 0, 0x80, 0x3f, 7, 8]);
    const path = inFolder("a.safetensors");
    writeFileSync(path, bytes);
    const map = { map: true };
    const ways = [await readSafetensors(path), readSafetensorsSync(path), await readSafetensors(path, map), readSafetensorsSync(path, map)];
    for (const { tensors, metadata } of [parseSafetensors(bytes), ...ways]) {
      assert.deepEqual([...tensors.keys()], ["b", "a"]);
      assert.deepEqual(tensors.get("a")?.toNumbers(), [1]);
      assert.deepEqual(tensors.get("a")?.shape, []);
      assert.deepEqual(tensors.get("b")?.toNumbers(), [7, 8]);
      assert.deepEqual([...metadata], [["format", "pt"]]);
    }
  });

  it("takes spaces after the header, empty tensors, and a file without tensors", () => {
    assert.deepEqual(parseSafetensors(file('{"a":{"dtype":"U8","shape":[0,3],"data_offsets":[0,0]}}   ')).tensors.get("a")?.shape, [0, 3]);
    assert.equal(parseSafetensors(file("{}")).tensors.size, 0);
  });

  it("refuses what breaks the format, each with the name of its error", () => {
    const ok = u8([2], 0, 2);
    const cases: [string, Uint8Array<ArrayBuffer>, string, RegExp][] = [
      ["empty", new Uint8Array(0), "SafetensorsTruncated", /it has 0 bytes/],
      ["seven bytes", new Uint8Array(7), "SafetensorsTruncated", /it has 7 bytes/],
      ["header past the end", file("{}").subarray(0, 9), "SafetensorsTruncated", /header of 2 bytes and has 1/],
      ["huge header", new Uint8Array(16).fill(255), "SafetensorsTruncated", /the format allows 100000000/],
      ["no header", new Uint8Array(8), "SafetensorsHeader", /does not begin with \{/],
      ["an array", file("[]"), "SafetensorsHeader", /does not begin with \{/],
      ["broken JSON", file("{a}"), "SafetensorsHeader", /not JSON/],
      ["not UTF-8", file("{}").map((b, i) => (i === 9 ? 0xff : b)), "SafetensorsHeader", /not UTF-8/],
      [
        "key twice",
        file('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\\u0061":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', [1]),
        "SafetensorsHeader",
        /"a" stands twice/,
      ],
      [
        "dtype twice",
        file('{"a":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}}', [1]),
        "SafetensorsHeader",
        /"dtype" stands twice/,
      ],
      ["metadata a list", file({ __metadata__: [] }), "SafetensorsHeader", /__metadata__ is not an object/],
      ["metadata a number", file({ __metadata__: { a: 1 } }), "SafetensorsHeader", /other than a string at "a"/],
      ["entry null", file({ a: null }), "SafetensorsTensor", /not an object/],
      ["no dtype", file({ a: { ...ok, dtype: 8 } }, [1, 2]), "SafetensorsTensor", /no dtype/],
      ["float6", file({ a: { ...ok, dtype: "F6_E2M3" } }, [1, 2]), "SafetensorsDType", /type F6_E2M3/],
      ["negative size", file({ a: { ...ok, shape: [-2] } }, [1, 2]), "SafetensorsTensor", /not a list of integers/],
      ["half a size", file({ a: { ...ok, shape: [0.5, 4] } }, [1, 2]), "SafetensorsTensor", /not a list of integers/],
      ["overflow", file({ a: { ...ok, shape: [2 ** 52, 2 ** 52, 2 ** 52] } }, [1, 2]), "SafetensorsTensor", /takes 9134\d+ bytes/],
      ["three offsets", file({ a: { ...ok, data_offsets: [0, 1, 2] } }, [1, 2]), "SafetensorsTensor", /not two integers/],
      ["offsets reversed", file({ a: { ...ok, data_offsets: [2, 0] } }, [1, 2]), "SafetensorsTensor", /before they begin/],
      ["past the end", file({ a: ok }, [1]), "SafetensorsTruncated", /ends at byte 2 of 1/],
      ["wrong size", file({ a: { ...ok, shape: [3] } }, [1, 2]), "SafetensorsTensor", /takes 3 bytes, but it has 2/],
      ["overlap", file({ a: ok, b: u8([2], 1, 3) }, [1, 2, 3]), "SafetensorsTensor", /inside another tensor/],
      ["hole", file({ a: ok, b: u8([1], 3, 4) }, [1, 2, 3, 4]), "SafetensorsTensor", /nothing stands in bytes 2 to 3/],
      ["bytes left over", file({ a: ok }, [1, 2, 3]), "SafetensorsHeader", /end at byte 2, but 3 bytes/],
      ["a boolean of 2", file({ a: { ...ok, dtype: "BOOL" } }, [1, 2]), "SafetensorsTensor", /holds a byte of 2/],
    ];
    for (const [what, bytes, code, message] of cases) {
      assert.throws(
        () => parseSafetensors(bytes),
        (error: unknown) => {
          assert.ok(error instanceof IngotError, `${what}: ${error}`);
          assert.deepEqual([error.name, error.code], ["WeightsError", code], what);
          assert.match(error.summary, message, what);
          return true;
        },
      );
    }
  });

  it("gives the same errors for files, and names files that cannot be opened", async () => {
    const path = inFolder("cut.safetensors");
    writeFileSync(path, file({ a: u8([2], 0, 2) }, [1]));
    await assert.rejects(readSafetensors(path), { code: "SafetensorsTruncated" });
    assert.throws(() => readSafetensorsSync(path), { code: "SafetensorsTruncated" });
    for (const [place, code] of [
      [inFolder("none"), "FileNotFound"],
      [inFolder(), "FileNotReadable"],
    ] as const) {
      await assert.rejects(readSafetensors(place), { name: "FileError", code });
      assert.throws(() => readSafetensorsSync(place), { name: "FileError", code });
    }
  });

  it("never fails otherwise than by a named error, whatever the bytes", () => {
    const valid = join1(
      safetensorsChunks([
        ["a", Storage.from("float32", [1, 2], [2])],
        ["b", Storage.from("bool", [1], [1])],
      ]),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 4 }), fc.nat(valid.length), (changes, cut) => {
        const bytes = valid.slice(0, cut);
        for (const [at, value] of changes) if (at < cut) bytes[at] = value;
        try {
          parseSafetensors(bytes);
        } catch (error) {
          assert.ok(error instanceof IngotError, String(error));
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("writing safetensors", () => {
  const inFolder = temporaryFolder({ eachTest: true });

  it("lays out large types first, then by name, and aligns the data to 8 bytes", () => {
    const bytes = join1(
      safetensorsChunks([
        ["b", Storage.from("uint8", [5], [1])],
        ["d", Storage.from("float32", [2], [1])],
        ["c", Storage.from("float32", [1], [1])],
      ]),
    );
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    assert.equal(length % 8, 0);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    assert.deepEqual(header, {
      c: { dtype: "F32", shape: [1], data_offsets: [0, 4] },
      d: { dtype: "F32", shape: [1], data_offsets: [4, 8] },
      b: { dtype: "U8", shape: [1], data_offsets: [8, 9] },
    });
    assert.deepEqual([...bytes.subarray(8 + length)], [0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 5]);
  });

  it("gives back what was written: every dtype, any shape, views, odd names, metadata", async () => {
    const unheld: readonly DType[] = ["string", "float8e4m3fnuz", "float8e5m2fnuz", "float4e2m1", "int4", "uint4", "int2", "uint2"];
    const held = allDTypes.filter((d) => !unheld.includes(d));
    const tensor = fc.record({ dtype: fc.constantFrom(...held), shape: fc.array(fc.nat(4), { maxLength: 3 }), seed: fc.nat(1000) });
    const make = ({ dtype, shape, seed }: { dtype: DType; shape: number[]; seed: number }) => {
      const n = shape.reduce((a, b) => a * b, 1);
      return Storage.from(
        dtype,
        Array.from({ length: n }, (_, i) => (dtype === "bool" ? (seed + i) % 2 : (seed * 7 + i * 13) % 100)),
        shape,
      );
    };
    const path = inFolder("m.safetensors");
    const name = fc.string({ unit: "binary" }).filter((s) => s !== "__metadata__" && !/[\uD800-\uDFFF]/.test(s));
    await fc.assert(
      fc.asyncProperty(fc.dictionary(name, tensor, { maxKeys: 6 }), fc.dictionary(name, name, { maxKeys: 3 }), async (specs, meta) => {
        const tensors = new Map(Object.entries(specs).map(([key, spec]) => [key, make(spec)]));
        for (const [key, s] of tensors) if (s.rank === 2) tensors.set(key, s.transpose([1, 0]));
        await writeSafetensors(path, tensors, new Map(Object.entries(meta)));
        const whole = readFileSync(path);
        for (const again of [await readSafetensors(path), parseSafetensors(new Uint8Array(whole))]) {
          assert.deepEqual(new Set(again.tensors.keys()), new Set(tensors.keys()));
          for (const [key, storage] of tensors) {
            const back = again.tensors.get(key) as Storage;
            assert.deepEqual([back.dtype, back.shape, back.dense()], [storage.dtype, storage.shape, storage.dense()]);
          }
          assert.deepEqual(new Map(again.metadata), new Map(Object.entries(meta)));
        }
      }),
      { numRuns: 60 },
    );
    assert.deepEqual(readdirSync(inFolder()), ["m.safetensors"]);
  });

  it("does not copy the elements of a tensor that is whole", () => {
    const storage = Storage.from("float32", [1, 2, 3], [3]);
    const chunks = [...safetensorsChunks([["a", storage]])];
    assert.equal(chunks[1]?.buffer, (storage.data as Float32Array).buffer);
    assert.equal(chunks[1]?.byteLength, 3 * dtypeInfo("float32").bytes);
  });

  it("refuses names the format cannot hold and strings, before it touches the file", async () => {
    const path = inFolder("m.safetensors");
    const a = Storage.from("float32", [1], [1]);
    await assert.rejects(
      writeSafetensors(path, [
        ["a", a],
        ["a", a],
      ]),
      { name: "WeightsError", code: "SafetensorsName" },
    );
    await assert.rejects(writeSafetensors(path, [["__metadata__", a]]), { code: "SafetensorsName" });
    await assert.rejects(writeSafetensors(path, [["s", Storage.from("string", ["x"], [1])]]), { code: "SafetensorsUnwritable" });
    assert.deepEqual(readdirSync(inFolder()), []);
    await assert.rejects(writeSafetensors(inFolder("no/m.safetensors"), [["a", a]]), { code: "FileNotWritable" });
  });
});
