// Archives damaged at random: each is read, or refused by name; nothing else happens, and nothing is left behind.
import assert from "node:assert/strict";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { crc32, deflateRawSync, gzipSync } from "node:zlib";
import { extractArchive } from "../../src/archive/extract-archive.ts";
import { IngotError } from "../../src/errors/error.ts";
import { goodManifest, goodParts, manifestPart, modelWithData } from "../support/archive-files.ts";
import { Draw } from "../support/hostile/draw.ts";
import { byteMutations, type Mutate } from "../support/hostile/mutate-bytes.ts";
import { mutateDirectory, mutateEntries } from "../support/hostile/mutate-zip.ts";
import { paxOf, type TarPart, tarOf } from "../support/hostile/tar-parts.ts";
import { type ZipPart, zipOf } from "../support/hostile/zip-writer.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const text = Buffer.from("batchSize: 2\nhandler: &a {topk: [1, 2]}\nother: *a\n");
const packed = (name: string, bytes: Uint8Array): ZipPart => ({
  name,
  method: 8,
  bytes: deflateRawSync(bytes),
  claimedSize: bytes.length,
  crc: crc32(bytes),
});
const manifest = manifestPart({ ...goodManifest, model: { ...goodManifest.model, configFile: "c.yaml" } });
const model = { name: "m.onnx", bytes: modelWithData("d/w.bin") };
const data = { name: "d/w.bin", bytes: Buffer.alloc(16) };
const plain: ZipPart[] = [model, data, { name: "c.yaml", bytes: text }, manifest];

const zips = [
  zipOf(goodParts()),
  zipOf(plain),
  zipOf([model, data, packed("c.yaml", text), { ...packed("extra", text), descriptor: true }, manifest]),
  zipOf([model, data, { ...packed("c.yaml", text), zip64: true }, manifest]),
];
const tars = [
  tarOf(plain.map(({ name, bytes }) => ({ name: `m/${name}`, bytes }))),
  tarOf([
    { name: "m/", type: "5" },
    { name: "p", type: "x", bytes: paxOf({ path: `m/${"long/".repeat(30)}x`, size: "4" }) },
    { name: "cut", bytes: Buffer.from("text") },
    { name: "l", type: "L", bytes: Buffer.from("m/named\0") },
    ...(plain.map(({ name, bytes }) => ({ name: `m/${name}`, bytes })) as TarPart[]),
  ]),
];
const anyBytes: Mutate = (bytes, draw, other) => draw.pick(byteMutations)(bytes, draw, other);

/** Damaged archive number `n`: zip as a whole, by its directory, by its entries; tar before it is packed and after. */
function damaged(n: number): Uint8Array {
  const draw = new Draw(n);
  const zip = draw.pick(zips);
  const tar = draw.pick(tars);
  const ways: readonly (() => Uint8Array)[] = [
    () => anyBytes(zip, draw, draw.pick(zips)),
    () => mutateDirectory(zip, draw, zip),
    () => mutateEntries(({ bytes }, d) => anyBytes(bytes, d, bytes))(zipOf(plain), draw, zip),
    () => gzipSync(anyBytes(tar, draw, draw.pick(tars))),
    () => anyBytes(gzipSync(tar), draw, zip),
  ];
  return (ways[n % ways.length] as () => Uint8Array)();
}

describe("damaged archives", () => {
  const inFolder = temporaryFolder();

  it("are read or refused by name, and leave nothing behind", async () => {
    const counts = { read: 0, refused: 0 };
    const first = Number(process.env.INGOT_TEST_SEED ?? 0);
    for (let n = first; n < first + Number(process.env.INGOT_FUZZ_FILES ?? 400); n++) {
      const path = inFolder("m.mar", damaged(n));
      try {
        await extractArchive(path, inFolder("x"));
        counts.read++;
        rmSync(inFolder("x"), { recursive: true });
      } catch (error) {
        assert.ok(error instanceof IngotError, `${n}: ${error instanceof Error ? error.stack : error}`);
        counts.refused++;
        assert.equal(existsSync(inFolder("x")), false, String(n));
      }
      assert.deepEqual(readdirSync(inFolder()), ["m.mar"], String(n));
    }
    assert.ok(counts.read > 20 && counts.refused > 100, JSON.stringify(counts));
  }).timeout(600_000);
});
