import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import fc from "fast-check";
import { Tensor } from "../../src/eager/tensor.ts";
import { IngotError } from "../../src/errors/error.ts";
import { resnet18 } from "../../src/models/index.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { readWeights } from "../../src/weights/read-weights.ts";
import { writeSafetensors } from "../../src/weights/safetensors.ts";
import { writeShardedSafetensors } from "../../src/weights/safetensors-shards.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

describe("weights in several files", () => {
  const file = temporaryFolder();
  const one = (...values: number[]) => Storage.from("float32", values, [values.length]);

  it("are put together by their index", async () => {
    await writeSafetensors(file("model-1.safetensors"), [["a", one(1)]]);
    await writeSafetensors(file("model-2.safetensors"), [["b", one(2, 3)]]);
    const index = file(
      "model.safetensors.index.json",
      JSON.stringify({ weight_map: { a: "model-1.safetensors", b: "model-2.safetensors" } }),
    );
    const weights = await readWeights(index);
    assert.deepEqual(
      [...weights].map(([name, t]) => [name, t.toArray()]),
      [
        ["a", [1]],
        ["b", [2, 3]],
      ],
    );
  });

  it("are refused when a shard lies elsewhere, lacks a tensor, or the index is no index", async () => {
    await writeSafetensors(file("s.safetensors"), [["a", one(1)]]);
    const read = (index: unknown) => readWeights(file("bad.index.json", typeof index === "string" ? index : JSON.stringify(index)));
    for (const [index, message] of [
      [{ weight_map: { a: "../s.safetensors" } }, /the shard of a is no file name/],
      [{ weight_map: { a: "/etc/passwd" } }, /the shard of a is no file name/],
      [{ weight_map: { b: "s.safetensors" } }, /has no tensor "b"/],
      [{ weights: {} }, /no weight_map/],
      ["{ nonsense", /not JSON/],
    ] as const)
      await assert.rejects(
        read(index),
        (error: unknown) => error instanceof IngotError && error.code === "WeightsFormat" && message.test(error.message),
      );
  });

  it("load into a model of the zoo, from a path or from tensors", async () => {
    const state = resnet18({ seed: 3 }).stateDict();
    const path = file("resnet18.safetensors");
    await writeSafetensors(
      path,
      [...state].map(([name, t]) => [name, Tensor.storageOf(t) as Storage]),
    );
    for (const weights of [path, await readWeights(path)])
      assert.deepEqual(resnet18({ weights }).stateDict().get("fc.bias")?.toArray(), state.get("fc.bias")?.toArray());
  });
});

describe("writing weights in several files", () => {
  const file = temporaryFolder({ eachTest: true });
  const floats = (...values: number[]) => Storage.from("float32", values, [values.length]);
  const index = () => JSON.parse(readFileSync(file("model.safetensors.index.json"), "utf8"));
  const values = async (path: string) => [...(await readWeights(path))].map(([name, t]) => [name, t.toArray()] as const);

  it("fills each file in the order given, up to the limit, and gives a larger tensor one of its own", async () => {
    const tensors = [
      ["b", floats(1, 2)],
      ["a", floats(3)],
      ["huge", floats(4, 5, 6, 7)],
      ["c", floats(8)],
    ] as const;
    const written = await writeShardedSafetensors(file("model.safetensors"), tensors, { maxShardBytes: 12 });
    const shards = [1, 2, 3].map((n) => `model-0000${n}-of-00003.safetensors`);
    assert.deepEqual(
      written.map((path) => basename(path)),
      [...shards, "model.safetensors.index.json"],
    );
    assert.deepEqual(readdirSync(file()).sort(), [...shards, "model.safetensors.index.json"].sort());
    assert.deepEqual(index(), {
      metadata: { total_size: 32 },
      weight_map: { a: shards[0], b: shards[0], c: shards[2], huge: shards[1] },
    });
    assert.deepEqual(new Map(await values(written.at(-1) as string)), new Map(tensors.map(([name, t]) => [name, t.toNumbers()])));
  });

  it("gives back every tensor whatever the limit, names of JavaScript's own objects too", async () => {
    const names = ["0", "__proto__", "constructor", "a/b", "größe"];
    const tensor = fc.array(fc.integer({ min: -9, max: 9 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.tuple(...names.map(() => tensor)), fc.integer({ min: 1, max: 60 }), async (rows, maxShardBytes) => {
        const tensors = names.map((name, i) => [name, floats(...(rows[i] as number[]))] as const);
        const written = await writeShardedSafetensors(file("model.safetensors"), tensors, { maxShardBytes });
        assert.deepEqual(readdirSync(file()).sort(), written.map((path) => basename(path)).sort());
        assert.deepEqual(new Map(await values(written.at(-1) as string)), new Map(tensors.map(([name, t]) => [name, t.toNumbers()])));
      }),
      { numRuns: 40 },
    );
  });

  it("replaces what had the name before, in shards or whole, and nothing else", async () => {
    const others = ["model-x.safetensors", "model-00001-of-00002.bin", "my-model-00001-of-00002.safetensors", "model2.safetensors"];
    for (const name of others) file(name, "other");
    const path = file("model.safetensors");
    const tensors = [
      ["a", floats(1)],
      ["b", floats(2)],
      ["c", floats(3)],
    ] as const;
    const folder = () => readdirSync(file()).filter((name) => !others.includes(name));
    await writeShardedSafetensors(path, tensors, { maxShardBytes: 4 });
    assert.equal(folder().length, 4);
    await writeShardedSafetensors(path, tensors, { maxShardBytes: 8 });
    assert.equal(folder().length, 3);
    assert.deepEqual(await writeShardedSafetensors(path, tensors), [path]);
    assert.deepEqual(folder(), ["model.safetensors"]);
    await writeShardedSafetensors(path, tensors, { maxShardBytes: 8 });
    assert.equal(existsSync(path), false);
    assert.equal(readdirSync(file()).length, 3 + others.length);
  });

  it("refuses a name twice, another extension and a limit that is none, and leaves what is there", async () => {
    const path = file("model.safetensors");
    const a = floats(1);
    await writeShardedSafetensors(path, [["a", a]]);
    const twice = [
      ["a", a],
      ["b", a],
      ["a", a],
    ] as const;
    await assert.rejects(writeShardedSafetensors(path, twice, { maxShardBytes: 4 }), { code: "SafetensorsName", message: /"a": another/ });
    await assert.rejects(
      writeShardedSafetensors(path, [
        ["a", a],
        ["s", Storage.from("string", ["x"], [1])],
      ]),
      { code: "SafetensorsUnwritable" },
    );
    await assert.rejects(writeShardedSafetensors(file("model.bin"), [["a", a]]), {
      code: "InvalidArgument",
      message: /ends in \.safetensors/,
    });
    for (const maxShardBytes of [0, 1.5, Number.NaN])
      await assert.rejects(writeShardedSafetensors(path, [["a", a]], { maxShardBytes }), { code: "InvalidArgument" });
    await assert.rejects(writeShardedSafetensors(file("no/model.safetensors"), [["a", a]]), { code: "FileNotWritable" });
    assert.deepEqual(readdirSync(file()), ["model.safetensors"]);
    assert.deepEqual(await values(path), [["a", [1]]]);
  });
});
