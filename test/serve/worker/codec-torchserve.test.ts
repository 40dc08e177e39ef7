// Requests to /predictions in a batch, on the interpreter: what becomes of each, and of its neighbours.
import assert from "node:assert/strict";
import sharp from "sharp";
import { findEngine } from "../../../src/engines/engines.ts";
import { graphFromBytes } from "../../../src/onnx/read-file.ts";
import { registry } from "../../../src/ops/registry.ts";
import type { WorkerModel } from "../../../src/serve/wire/messages.ts";
import { decodeTorchServe } from "../../../src/serve/worker/codec-torchserve.ts";
import type { Handler, HandlerFactory } from "../../../src/serve/worker/handler.ts";
import { baseHandler } from "../../../src/serve/worker/handlers/base-handler.ts";
import { imageClassifier } from "../../../src/serve/worker/handlers/image-classifier.ts";
import { readBatch, runBatch } from "../../../src/serve/worker/run-batch.ts";
import { float, handlerContext } from "../../support/handler-context.ts";
import { echoModel, headOf } from "../../support/served-model.ts";
import { tinyModel } from "../../support/tiny-models.ts";

const floats = 1;
/** Red, green and blue of a picture as scores of three classes. */
const colours = tinyModel({
  inputs: [{ name: "x", dtype: floats, shape: ["n", 3, 224, 224] }],
  outputs: [{ name: "y", dtype: floats, shape: ["n", 3] }],
  nodes: [{ op: "ReduceMean", inputs: ["x"], outputs: ["y"], attributes: { axes: [2, 3], keepdims: 0 } }],
});
/** y = 2x of any width. */
const wide = tinyModel({
  inputs: [{ name: "x", dtype: floats, shape: ["n", "m"] }],
  outputs: [{ name: "y", dtype: floats, shape: ["n", "m"] }],
  nodes: [{ op: "Add", inputs: ["x", "x"], outputs: ["y"] }],
});

interface Sent {
  readonly body: Uint8Array | string;
  readonly type?: string;
  readonly explain?: boolean;
}

/** Answers requests as one batch; gives each one's status and value, and the shapes that the model was run on. */
async function batch(model: Uint8Array, factory: HandlerFactory, sent: readonly Sent[], options: Partial<WorkerModel> = {}) {
  const graph = graphFromBytes(model, registry);
  const executable = await findEngine("interpreter").prepare(graph, { threads: 1 });
  const inputs = [model === wide ? float("x", "n", "m") : float("x", "n", 3, 224, 224)];
  const served = echoModel(inputs, options);
  const handler: Handler = await factory(handlerContext({ inputs, outputs: [float("y", "n")] }));
  const decoders = sent.map(({ body, type, explain = false }) => () => {
    const head = headOf(type === undefined ? {} : { "content-type": type }, { protocol: "torchserve", explain });
    return decodeTorchServe(head, new Uint8Array(Buffer.from(body)), { ...served, handler });
  });
  const shapes: string[] = [];
  const watched = {
    run: (values: Parameters<typeof executable.run>[0]) => {
      shapes.push(values.map((v) => ("shape" in v ? `[${v.shape}]` : "")).join());
      return executable.run(values);
    },
  };
  const outcomes = await runBatch(await readBatch(decoders, true, () => {}), watched, () => {});
  await executable.close();
  const answers = outcomes.map((o) =>
    "fault" in o
      ? { status: o.fault.status, value: o.fault.message }
      : { status: o.answer.status ?? 200, value: JSON.parse(Buffer.from(o.answer.body).toString()) as unknown },
  );
  return { answers, shapes };
}

const json = "application/json";
const red = await sharp({ create: { width: 30, height: 30, channels: 3, background: "#f00" } })
  .png()
  .toBuffer();

describe("a batch of requests to a handler", () => {
  it("answers 400 to what is no picture or is damaged, and 200 to its neighbours", async () => {
    const sent = [{ body: red }, { body: "hello" }, { body: red.subarray(0, 60) }, { body: "" }, { body: red, type: "image/png" }];
    const { answers, shapes } = await batch(colours, imageClassifier, sent);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 400, 400, 400, 200],
    );
    assert.equal(Object.keys(answers[0]?.value as object)[0], "0", "red is the first class");
    assert.deepEqual(answers[4]?.value, answers[0]?.value);
    assert.deepEqual(shapes, ["[2,3,224,224]"]);
  });

  it("answers them as TorchServe does where the operator asks for that", async () => {
    const { answers } = await batch(colours, imageClassifier, [{ body: "hello" }, { body: red }], { badInput: "503" });
    assert.deepEqual(answers[0], { status: 503, value: "Prediction failed" });
    assert.equal(answers[1]?.status, 200);
  });

  it("runs requests of one shape together, and no request filled up to the shape of another", async () => {
    const lists = ["[1, 2]", "[1, 2, 3]", "[5, 6]", "[[7, 8], [9, 10]]"];
    const { answers, shapes } = await batch(
      wide,
      baseHandler,
      lists.map((body) => ({ body, type: json })),
    );
    assert.deepEqual(
      answers.map(({ value }) => value),
      [
        [2, 4],
        [2, 4, 6],
        [10, 12],
        [
          [14, 16],
          [18, 20],
        ],
      ],
    );
    assert.deepEqual(shapes.sort(), ["[1,3]", "[4,2]"]);
  });

  it("survives a million brackets, and answers what is beside them", async () => {
    const sent = [
      { body: "[".repeat(1e6), type: json },
      { body: "[1]", type: json },
    ];
    const { answers } = await batch(wide, baseHandler, sent);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [400, 200],
    );
  });

  it("answers 501 to an explanation that the handler does not give, and with what it gives where it does", async () => {
    const sent = [{ body: "[1]", type: json, explain: true }];
    const { answers } = await batch(wide, baseHandler, sent);
    assert.deepEqual(
      [answers[0]?.status, answers[0]?.value],
      [501, "The handler base_handler gives no explanations: a handler module with a function `explain` does."],
    );
    const own: HandlerFactory = async (context) => ({ ...(await baseHandler(context)), explain: () => ({ why: "because" }) });
    assert.deepEqual((await batch(wide, own, sent)).answers, [{ status: 200, value: { why: "because" } }]);
  });
});
