import assert from "node:assert/strict";
import { ones, type Tensor, trace } from "../../src/index.ts";
import { failsWith } from "../support/trace-errors.ts";

const relu = (x: Tensor) => x.relu();
const using = (options: unknown) => () => trace(relu, ones([2]), options as never);

describe("options of trace", () => {
  it("that do not exist are refused with the nearest that does", async () => {
    await failsWith(
      using({ dynamics: {} }),
      "UnknownOption",
      /trace has no option `dynamics`/,
      /Did you mean `dynamic`\?/,
      /engine, threads, disable/,
    );
    await failsWith(using({ Engine: "interpreter" }), "UnknownOption", /Did you mean `engine`\?/);
    await failsWith(using({ verbose: true }), "UnknownOption", /hint: The options are/);
    await failsWith(using({ check: { topK: 3 } }), "UnknownOption", /`check\.topK`/, /Did you mean `topk`\?/);
    await failsWith(using({ toString: 1 }), "UnknownOption", /`toString`/);
  });

  it("of another kind say what was expected and what came", async () => {
    const wrong: readonly (readonly [unknown, RegExp])[] = [
      [{ threads: "x" }, /expected `threads` to be an integer from 1, got `x` \(string\)/],
      [{ threads: 0 }, /`threads`.*got 0/],
      [{ threads: 1.5 }, /`threads`.*got 1\.5/],
      [{ threads: Number.NaN }, /`threads`.*got NaN/],
      [{ mode: "training" }, /`mode` to be "eval" or "train", got `training` \(string\)/],
      [{ disable: "fold" }, /`disable` to be an array of names.*`fold` \(string\)/],
      [{ disable: [3] }, /`disable`.*an array of 1/],
      [{ onProgress: true }, /`onProgress` to be a function, got true/],
      [{ check: 3 }, /`check` to be a record of options, got 3/],
      [{ check: { seed: -1 } }, /`check\.seed` to be an integer from 0, got -1/],
      [{ check: { atol: "0" } }, /`check\.atol` to be a number from 0/],
      [{ check: { inputs: ones([2]) } }, /`check\.inputs` to be an array, got a tensor/],
      [{ ignoreFailedEquivalenceCheck: "yes" }, /true or false/],
      [{ engine: 3 }, /`engine`.*got 3/],
      [{ engine: "tensorrt" }, /`engine`.*onnxruntime or interpreter.*"tensorrt"/],
      [{ names: [""] }, /`names`/],
      ["interpreter", /`options` to be a record of options, got `interpreter` \(string\)/],
      [ones([2]), /`options`.*got a tensor/],
    ];
    for (const [options, message] of wrong) await failsWith(using(options), "InvalidArgument", message);
  });

  it("that are undefined are as if left out", async () => {
    await using m = await trace(relu, ones([2]), { engine: "interpreter", threads: undefined, names: undefined } as never);
    assert.deepEqual((await m.run(ones([2]))).toArray(), [1, 1]);
  });
});
