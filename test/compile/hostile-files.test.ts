// Damaged files of every format: whatever is wrong with the bytes, they are read, or refused by one of our errors. `npm run bench --
// operators/fuzz` opens more of them, with a watch on time and memory.
import assert from "node:assert/strict";
import { Fuzzer } from "../support/hostile/fuzzer.ts";
import { openFile } from "../support/hostile/open-file.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const seed = Number(process.env.INGOT_TEST_SEED ?? 1);
const files = 500;

describe("a file of a stranger", () => {
  const path = temporaryFolder();

  it(`is read or refused by name: ${files} of them, from seed ${seed}`, async () => {
    const fuzzer = new Fuzzer(seed, process.env.INGOT_TEST_DATA);
    const seen = new Map<string, number>();
    for (let n = 0; n < files; n++) {
      const file = fuzzer.file(n);
      let outcome: string;
      try {
        outcome = await openFile(file, path("damaged"));
      } catch (finding) {
        throw new Error(`file ${n} (${file.format}) of seed ${seed}: ${(finding as Error).message}`, { cause: finding });
      }
      seen.set(`${file.format}: ${outcome}`, (seen.get(`${file.format}: ${outcome}`) ?? 0) + 1);
    }
    // The damage must not be such that every file is turned away at the door, nor such that none is.
    const count = (pattern: RegExp) => [...seen].reduce((n, [key, times]) => n + (pattern.test(key) ? times : 0), 0);
    for (const format of ["onnx", "safetensors", "checkpoint", "legacy checkpoint", "npz", "npy"])
      assert.ok(count(new RegExp(`^${format}: refused`)) > 0, `no ${format} was refused: ${[...seen].join("; ")}`);
    assert.ok(count(/: read$/) > files / 20, [...seen].join("; "));
  }).timeout(180_000);

  it("is the same for the same number and seed, and another for another", () => {
    const [a, b, c] = [new Fuzzer(1, undefined), new Fuzzer(1, undefined), new Fuzzer(2, undefined)];
    assert.deepEqual(a.file(7).bytes, b.file(7).bytes);
    assert.notDeepEqual(a.file(7).bytes, c.file(7).bytes);
    assert.notDeepEqual(a.file(7).bytes, a.file(18).bytes);
  });
});
