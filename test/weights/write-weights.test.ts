import assert from "node:assert/strict";
import { basename } from "node:path";
import { tensor } from "../../src/eager/create.ts";
import { resnet18 } from "../../src/models/index.ts";
import { readWeights } from "../../src/weights/read-weights.ts";
import { readSafetensors } from "../../src/weights/safetensors.ts";
import { type WriteWeightsOptions, writeWeights } from "../../src/weights/write-weights.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

describe("writing weights", () => {
  const file = temporaryFolder({ eachTest: true });
  const weights = new Map([
    ["w", tensor([[1, 2]])],
    ["b", tensor([3])],
  ]);

  it("tells the format from the name, and readWeights reads it", async () => {
    const cases: readonly (readonly [string, WriteWeightsOptions, readonly string[]])[] = [
      ["m.safetensors", {}, ["m.safetensors"]],
      ["s.safetensors", { maxShardBytes: 8 }, ["s-00001-of-00002.safetensors", "s-00002-of-00002.safetensors", "s.safetensors.index.json"]],
      ["m.npz", {}, ["m.npz"]],
      ["p.npz", { compress: true }, ["p.npz"]],
    ];
    for (const [name, options, expected] of cases) {
      const written = await writeWeights(file(name), weights, options);
      assert.deepEqual(
        written.map((path) => basename(path)),
        expected,
      );
      const again = await readWeights(written.at(-1) as string);
      for (const [key, t] of weights) assert.deepEqual(again.get(key)?.toArray(), t.toArray());
      assert.equal(again.size, weights.size);
    }
    assert.deepEqual(new Map((await readSafetensors(file("m.safetensors"))).metadata), new Map([["format", "pt"]]));
  });

  it("writes a model of the zoo that loads again", async () => {
    const state = resnet18({ seed: 3 }).stateDict();
    const written = await writeWeights(file("resnet18.safetensors"), state, { maxShardBytes: 20e6 });
    assert.equal(written.length, 4);
    const again = resnet18({ weights: await readWeights(written.at(-1) as string) }).stateDict();
    for (const [name, t] of state) assert.deepEqual(again.get(name)?.data, t.data);
  });

  it("refuses names of other formats, and options that the format does not have", async () => {
    await assert.rejects(writeWeights(file("m.pth"), weights), { code: "InvalidArgument", message: /ends in \.safetensors or \.npz/ });
    await assert.rejects(writeWeights(file("m.npz"), weights, { maxShardBytes: 8 }), { code: "UnknownOption", message: /maxShardBytes/ });
    // @ts-expect-error A slip that JavaScript would not see.
    await assert.rejects(writeWeights(file("m.safetensors"), weights, { maxShardByte: 8 }), {
      code: "UnknownOption",
      message: /maxShardBytes/,
    });
    // @ts-expect-error
    await assert.rejects(writeWeights(file("m.npz"), weights, { compress: "yes" }), { code: "InvalidArgument" });
  });
});
