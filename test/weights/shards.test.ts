import assert from "node:assert/strict";
import { Tensor } from "../../src/eager/tensor.ts";
import { IngotError } from "../../src/errors/error.ts";
import { resnet18 } from "../../src/models/index.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { readWeights } from "../../src/weights/read-weights.ts";
import { writeSafetensors } from "../../src/weights/safetensors.ts";
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
