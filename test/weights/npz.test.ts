import assert from "node:assert/strict";
import { createWriteStream, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { finished } from "node:stream/promises";
import fc from "fast-check";
import { ZipFile } from "yazl";
import { Storage } from "../../src/tensor/storage.ts";
import { npyChunks } from "../../src/weights/npy.ts";
import { readNpz, writeNpz } from "../../src/weights/npz.ts";
import { readStateDict } from "../../src/weights/state-dict-file.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

describe("NumPy's archives of arrays", () => {
  const file = temporaryFolder({ eachTest: true });
  const plain = (arrays: Iterable<readonly [string, Storage]>) => [...arrays].map(([name, s]) => [name, s.dtype, s.shape, s.toNumbers()]);

  it("are read by name, stored or packed; they can be weights", async () => {
    for (const compress of [false, true]) {
      const zip = new ZipFile();
      zip.addBuffer(Buffer.concat(npyChunks(Storage.from("float32", [1, 2], [2]))), "w.npy", { compress });
      zip.addBuffer(Buffer.concat(npyChunks(Storage.from("int64", [3], []))), "n.npy", { compress });
      zip.end();
      const path = file(`a-${compress}.npz`);
      await finished(zip.outputStream.pipe(createWriteStream(path)));
      for (const arrays of [await readNpz(path), await readStateDict(path)])
        assert.deepEqual(plain(arrays), [
          ["w", "float32", [2], [1, 2]],
          ["n", "int64", [], [3]],
        ]);
    }
  });

  it("are written as they are read, in their order, stored or packed, views too", async () => {
    const name = fc.constantFrom("w", "layer1.0.weight", "a/b", "größe", "x.npy", "__proto__", "");
    const array = fc.record({
      dtype: fc.constantFrom("float32", "float16", "bfloat16", "int64", "uint8", "bool"),
      shape: fc.array(fc.nat(3), { maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.tuple(name, array), { selector: ([key]) => key }), fc.boolean(), async (specs, compress) => {
        const arrays = specs.map(([key, { dtype, shape }]) => {
          const count = shape.reduce((n, d) => n * d, 1);
          const whole = Storage.from(
            dtype,
            Array.from({ length: count }, (_, i) => i % 2),
            shape,
          );
          return [key, shape.length === 2 ? whole.transpose([1, 0]) : whole] as const;
        });
        await writeNpz(file("a.npz"), arrays, { compress });
        assert.deepEqual(plain(await readNpz(file("a.npz"))), plain(arrays));
      }),
      { numRuns: 60 },
    );
    assert.deepEqual(readdirSync(file()), ["a.npz"]);
  });

  it("hold arrays of many pieces, and are smaller when packed", async () => {
    const big = Storage.of(
      "float32",
      Float32Array.from({ length: 3_000_001 }, (_, i) => i % 7),
      [3_000_001],
    );
    for (const compress of [false, true]) {
      await writeNpz(file(`${compress}.npz`), [["big", big]], { compress });
      assert.deepEqual((await readNpz(file(`${compress}.npz`))).get("big")?.dense(), big.dense());
    }
    assert.ok(statSync(file("true.npz")).size < 200_000);
    assert.ok(statSync(file("false.npz")).size > 12_000_000);
  });

  it("are the same bytes for the same arrays", async () => {
    const array = Storage.from("float32", [1, 2], [2]);
    for (const name of ["a.npz", "b.npz"]) await writeNpz(file(name), [["w", array]]);
    assert.deepEqual(readFileSync(file("a.npz")), readFileSync(file("b.npz")));
    // The time at the head of the entry: the first that the format knows.
    assert.equal(readFileSync(file("a.npz")).readUInt32LE(10), ((1 << 5) | 1) << 16);
  });

  it("are refused for names that readers change or refuse, and for text, before the file is touched", async () => {
    writeFileSync(file("a.npz"), "old");
    const array = Storage.from("float32", [1], [1]);
    const write = (...names: string[]) =>
      writeNpz(
        file("a.npz"),
        names.map((name) => [name, array]),
      );
    for (const [names, message] of [
      [["w", "w"], /"w": another array has it too/],
      [["a\\b"], /readers take \\ for \//],
      [["/etc/w"], /from the root of a disk/],
      [["c:w"], /from the root of a disk/],
      [["a/../../w"], /leads out of the archive/],
      [["a\0b"], /holds a zero/],
      [["\ud800"], /half a character/],
      [["ü".repeat(40_000)], /too long/],
    ] as const)
      await assert.rejects(write(...names), { name: "WeightsError", code: "NpzName", message });
    await assert.rejects(writeNpz(file("a.npz"), [["names", Storage.from("string", ["x"], [1])]]), {
      code: "NpyUnwritable",
      message: /the array "names" is string/,
    });
    assert.equal(readFileSync(file("a.npz"), "utf8"), "old");
    assert.deepEqual(readdirSync(file()), ["a.npz"]);
  });

  it("leave the old file when the disk is full, and name it", async () => {
    const array = Storage.from("float32", new Array(100_000).fill(1), [100_000]);
    await assert.rejects(writeNpz("/dev/full", [["w", array]]), { code: "DiskFull" });
    await assert.rejects(writeNpz(file("no/a.npz"), [["w", array]]), { code: "FileNotWritable" });
  });
});
