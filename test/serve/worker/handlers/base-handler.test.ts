import assert from "node:assert/strict";
import { tensor } from "../../../../src/eager/create.ts";
import type { TensorSpec } from "../../../../src/serve/wire/messages.ts";
import { baseHandler } from "../../../../src/serve/worker/handlers/base-handler.ts";
import { float, handlerContext, handlerRequest, listed, refusal } from "../../../support/handler-context.ts";

const handler = async (...inputs: TensorSpec[]) => baseHandler(handlerContext({ inputs, outputs: [float("y"), float("z")] }));

describe("base_handler", () => {
  it("puts the batch axis before one item and takes it off the answer", async () => {
    const { preprocess, postprocess } = await handler(float("x", "batch", 2));
    const item = handlerRequest([1, 2]);
    assert.deepEqual(listed(await preprocess(item)), [{ dtype: "float32", shape: [1, 2], data: [[1, 2]] }]);
    assert.deepEqual(await postprocess([tensor([[3, 4]])], item), [3, 4]);
  });

  it("answers rows with rows, be it one", async () => {
    const { preprocess, postprocess } = await handler(float("x", "batch", 2));
    const rows = handlerRequest([[1, 2]]);
    assert.deepEqual((await preprocess(rows))[0]?.shape, [1, 2]);
    assert.deepEqual(await postprocess([tensor([[3, 4]])], rows), [[3, 4]]);
  });

  it("serves models whose batch is always 1, and models without a batch axis", async () => {
    const fixed = await handler(float("x", 1, 2));
    assert.deepEqual((await fixed.preprocess(handlerRequest([5, 6])))[0]?.toArray(), [[5, 6]]);
    assert.match(
      (
        await refusal(() =>
          fixed.preprocess(
            handlerRequest([
              [1, 2],
              [3, 4],
            ]),
          ),
        )
      ).message,
      /\[2, 2\]; the model takes \[1, 2\]/,
    );
    const bare = await handler(float("x", 2));
    const request = handlerRequest([5, 6]);
    assert.deepEqual((await bare.preprocess(request))[0]?.toArray(), [5, 6]);
    assert.deepEqual(await bare.postprocess([tensor([7])], request), [7]);
  });

  it("takes the inputs of a model with several from an object or from the parts of a form, and names its outputs", async () => {
    const { preprocess, postprocess } = await handler(float("a", "n", 1), { name: "b", dtype: "int64", shape: ["n"] });
    const object = handlerRequest({ a: [[1], [2]], b: [3, 4] });
    assert.deepEqual(listed(await preprocess(object)), [
      { dtype: "float32", shape: [2, 1], data: [[1], [2]] },
      { dtype: "int64", shape: [2], data: [3, 4] },
    ]);
    const parts = await preprocess(handlerRequest("[0.5]", { a: "[0.5]", b: Buffer.from("7") }));
    assert.deepEqual(
      parts.map((t) => t.toArray()),
      [[[0.5]], [7]],
    );
    assert.deepEqual(
      await postprocess([tensor([1]), tensor([2])], object),
      new Map([
        ["y", [1]],
        ["z", [2]],
      ]),
    );
    assert.match((await refusal(() => preprocess(handlerRequest({ a: [1] })))).message, /^Input b is missing/);
    assert.match((await refusal(() => preprocess(handlerRequest({ a: [1], constructor: [1] })))).message, /^Input b is missing/);
  });

  it("reads bytes and text as JSON, as curl -T sends them", async () => {
    const { preprocess } = await handler(float("x", "batch", 2));
    for (const data of [Buffer.from("[1, 2]"), "[1, 2]"])
      assert.deepEqual((await preprocess(handlerRequest(data)))[0]?.toArray(), [[1, 2]]);
    assert.match((await refusal(() => preprocess(handlerRequest("hello")))).message, /^input x is not valid JSON/);
    const texts = await handler({ name: "t", dtype: "string", shape: ["n"] });
    assert.deepEqual((await texts.preprocess(handlerRequest("hello")))[0]?.toArray(), ["hello"]);
    assert.deepEqual((await texts.preprocess(handlerRequest('["a", "b"]')))[0]?.toArray(), ["a", "b"]);
  });

  it("refuses what the type of an input cannot hold, and keeps integers of 64 bits", async () => {
    const of = (dtype: string) => handler({ name: "x", dtype, shape: ["n"] });
    const message = async (dtype: string, data: unknown) => {
      const { preprocess } = await of(dtype);
      return (await refusal(() => preprocess(handlerRequest(data)))).message;
    };
    assert.match(await message("uint8", [1, 256]), /x is uint8: it takes whole numbers from 0 to 255, and element 1 is 256/);
    assert.match(await message("int64", [0.5]), /element 0 is 0.5/);
    assert.match(await message("uint64", [-1]), /element 0 is -1/);
    assert.match(await message("float32", ["1"]), /takes numbers, and element 0 is "1"/);
    assert.match(await message("float32", [null]), /it holds null/);
    assert.match(await message("float32", [[1], [2, 3]]), /ragged/);
    assert.match(await message("bool", [2]), /true, false, 0 and 1/);
    const { preprocess, postprocess } = await of("int64");
    const request = handlerRequest([9007199254740993n, -5, true]);
    const [x] = await preprocess(request);
    assert.deepEqual(x?.toBigIntArray(), [9007199254740993n, -5n, 1n]);
    assert.deepEqual(await postprocess([x as NonNullable<typeof x>], request), [9007199254740993n, -5n, 1n]);
  });

  it("tells the operator of options that it does not have", async () => {
    const context = handlerContext({ inputs: [float("x", "n")], config: { topk: 3 } });
    await baseHandler(context);
    assert.deepEqual(context.warnings, ["model-config.yaml: base_handler has no option topk; it has none."]);
  });
});
