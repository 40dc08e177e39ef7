// Damaged files: whatever is wrong with the bytes, load() gives a module or one of our errors, in time.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import fc from "fast-check";
import { IngotError, load, randn, trace } from "../../src/index.ts";
import { encodeToBytes } from "../../src/onnx/encode.ts";
import { exportModel } from "../../src/onnx/export.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { Residual } from "../support/tiny-nets.ts";

describe("a damaged file", () => {
  const path = temporaryFolder();
  let bytes: Uint8Array;
  before(async () => {
    await using m = await trace(new Residual().eval(), randn([1, 3, 4, 4], { seed: 1 }), { engine: "interpreter" });
    bytes = encodeToBytes("ModelProto", exportModel(m.graph).model);
  });

  const outcome = async (damaged: Uint8Array) => {
    await writeFile(path("damaged.onnx"), damaged);
    try {
      const m = await load(path("damaged.onnx"), { engine: "interpreter" });
      await m.close();
    } catch (error) {
      assert.ok(error instanceof IngotError, error instanceof Error ? error.stack : String(error));
    }
  };

  it("with bytes flipped is a module or a named error", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }), async (flips) => {
        const damaged = Uint8Array.from(bytes);
        for (const [at, byte] of flips) damaged[at % damaged.length] = byte;
        await outcome(damaged);
      }),
      { numRuns: 150 },
    );
  }).timeout(120_000);

  it("with a piece cut out or repeated is a module or a named error", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), fc.boolean(), async (a, b, repeat) => {
        const [from, to] = [a % bytes.length, b % bytes.length].sort((x, y) => x - y) as [number, number];
        const pieces = repeat ? [bytes.subarray(0, to), bytes.subarray(from)] : [bytes.subarray(0, from), bytes.subarray(to)];
        await outcome(Buffer.concat(pieces));
      }),
      { numRuns: 100 },
    );
  }).timeout(120_000);
});
