import assert from "node:assert/strict";
import { closeSync, ftruncateSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { readSafetensors, readSafetensorsSync } from "../../src/weights/safetensors.ts";
import { encodeHeader } from "../../src/weights/safetensors-header.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const shape = [1024, 1024, 16];
const bytes = 64 * 2 ** 20;
const names = ["a", "b", "c", "d", "e", "f", "g", "h"];
const size = 512 * 2 ** 20;

describe("a large safetensors file", () => {
  before(function () {
    // Where files cannot be mapped they are read.
    if (process.platform === "win32") this.skip();
  });
  const inFolder = temporaryFolder({ eachTest: true });

  /** 512 MiB of zeros that take no room on the disk; the first and the last element of `h` are 1 and 2. */
  function sparse(): string {
    const path = inFolder("large.safetensors");
    const header = encodeHeader(
      names.map((name) => ({ name, dtype: "float32", shape })),
      new Map(),
    );
    const file = openSync(path, "w");
    ftruncateSync(file, header.length + size);
    writeSync(file, header, 0, header.length, 0);
    const place = (value: number, at: number) => writeSync(file, new Uint8Array(Float32Array.of(value).buffer), 0, 4, header.length + at);
    place(1, size - bytes);
    place(2, size - 4);
    closeSync(file);
    return path;
  }

  it("costs no memory before it is used, and then only the pages that are read", async () => {
    const path = sparse();
    for (const open of [readSafetensors, readSafetensorsSync]) {
      const before = process.memoryUsage.rss();
      const { tensors } = await open(path);
      const h = tensors.get("h")?.numbers() as Float32Array;
      assert.deepEqual([h.length, h[0], h[1], h.at(-2), h.at(-1)], [bytes / 4, 1, 0, 0, 2]);
      assert.ok(process.memoryUsage.rss() - before < size / 16);
    }
  });

  it("is never written to by who writes to a tensor", async () => {
    const path = sparse();
    const { tensors } = await readSafetensors(path);
    const h = tensors.get("h")?.numbers() as Float32Array;
    h[h.length - 1] = 3;
    assert.equal((await readSafetensors(path)).tensors.get("h")?.numbers().at(-1), 2);
    const file = openSync(path, "r");
    const last = new Float32Array(1);
    readSync(file, last, 0, 4, size + 8 + headerBytes(file) - 4);
    closeSync(file);
    assert.equal(last[0], 2);
  });

  it("may be larger than any one buffer", async () => {
    const path = inFolder("larger.safetensors");
    const sizes = { a: 1.5, b: 1, c: 3, d: 1.5 };
    const tensors = Object.entries(sizes).map(([name, gib]) => ({ name, dtype: "uint8" as const, shape: [gib * 2, 2 ** 29] }));
    const header = encodeHeader(tensors, new Map());
    const file = openSync(path, "w");
    ftruncateSync(file, header.length + 7 * 2 ** 30);
    writeSync(file, header, 0, header.length, 0);
    let end = header.length;
    for (const [i, { shape: s }] of tensors.entries()) {
      end += (s[0] as number) * 2 ** 29;
      writeSync(file, Uint8Array.of(i + 1), 0, 1, end - 1);
    }
    closeSync(file);
    const read = (await readSafetensors(path)).tensors;
    const seen = tensors.map(({ name }) => [read.get(name)?.data[0], read.get(name)?.numbers().at(-1)]);
    assert.deepEqual(seen, [
      [0, 1],
      [0, 2],
      [0, 3],
      [0, 4],
    ]);
  });

  it("may be deleted or replaced while its tensors live", async () => {
    const path = sparse();
    const { tensors } = await readSafetensors(path);
    rmSync(path);
    assert.equal(tensors.get("h")?.numbers().at(-1), 2);
  });
});

function headerBytes(file: number): number {
  const prefix = new BigUint64Array(1);
  readSync(file, prefix, 0, 8, 0);
  return Number(prefix[0]);
}
