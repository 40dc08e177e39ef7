import assert from "node:assert/strict";
import { OrtSession } from "../../../src/engines/onnxruntime/session.ts";
import { encodeToBytes } from "../../../src/onnx/encode.ts";
import type { GraphProto } from "../../../src/onnx/schema.ts";
import { tinyModel } from "../../support/tiny-models.ts";
import { addOne, code, feeds, float32, numbers, sessionContract } from "./session-contract.ts";

describe("a session over the C API", () => {
  sessionContract({ create: (model, options) => OrtSession.create(model, options) });

  it("runs on the calling thread, too", async () => {
    const session = await OrtSession.create(addOne);
    assert.deepEqual(session.runSync(feeds({ x: float32([2, 2], 1, 2, 3, 4) })), [float32([2, 2], 2, 3, 4, 5)]);
    assert.throws(() => session.runSync(feeds({ x: float32([1, 3], 1, 2, 3) })), code("EngineRunFailed"));
    await session.close();
  });

  it("uses weights where they lie, with its whole optimiser", async () => {
    const model = tinyModel({
      inputs: [{ name: "x", dtype: 1, shape: [2] }],
      outputs: [{ name: "y", dtype: 1, shape: [2] }],
      nodes: [
        { op: "Mul", inputs: ["w", "w"], outputs: ["ww"] },
        { op: "Add", inputs: ["x", "ww"], outputs: ["y"] },
      ],
      initializers: [{ name: "w", dtype: 1, shape: [1] }],
    });
    const session = await OrtSession.create(model, { initializers: new Map([["w", float32([1], 10)]]) });
    assert.deepEqual(numbers((await session.run(feeds({ x: float32([2], 1, 2) })))[0]), [101, 102]);
    await session.close();
    const short = new Map([["w", { dtype: 1, shape: [3], data: new Float32Array(1) }]]);
    await assert.rejects(OrtSession.create(model, { initializers: short }), /initializer "w": shape \[3\] needs 3 elements/);
  });
});

describe("values that are no tensors, over the C API", () => {
  const tensor = { tensorType: { elemType: 1 } };
  const model = (parts: GraphProto) =>
    encodeToBytes("ModelProto", { irVersion: 8, opsetImport: [{ domain: "", version: 16 }], graph: { name: "g", ...parts } });

  it("takes and gives sequences of tensors of different shapes", async () => {
    const session = await OrtSession.create(
      model({
        input: [
          { name: "list", type: { sequenceType: { elemType: tensor } } },
          { name: "x", type: tensor },
        ],
        output: [{ name: "longer", type: { sequenceType: { elemType: tensor } } }],
        node: [{ opType: "SequenceInsert", input: ["list", "x"], output: ["longer"] }],
      }),
    );
    assert.deepEqual(
      session.inputs.map((p) => p.kind),
      ["sequence", "tensor"],
    );
    const [a, b, x] = [float32([2], 1, 2), float32([0]), float32([1, 1], 9)];
    assert.deepEqual(await session.run(feeds({ list: [a, b], x })), [[a, b, x]]);
    await assert.rejects(session.run(feeds({ list: [{ ...a, shape: [3] }], x })), /input `list`: shape \[3\] needs 3 elements/);
    await assert.rejects(session.run(feeds({ list: a, x })), code("EngineRunFailed"));
    await session.close();
  });

  it("gives what an optional holds, and undefined for an empty one", async () => {
    const optional = { optionalType: { elemType: tensor } };
    const full = await OrtSession.create(
      model({
        input: [{ name: "x", type: tensor }],
        output: [{ name: "y", type: optional }],
        node: [{ opType: "Optional", input: ["x"], output: ["y"] }],
      }),
    );
    assert.deepEqual(await full.run(feeds({ x: float32([2], 1, 2) })), [float32([2], 1, 2)]);
    await full.close();
    const empty = await OrtSession.create(
      model({
        output: [{ name: "y", type: optional }],
        node: [{ opType: "Optional", output: ["y"], attribute: [{ name: "type", type: 13, tp: tensor }] }],
      }),
    );
    assert.deepEqual(await empty.run(new Map()), [undefined]);
    await empty.close();
  });
});

describe("the memory of sessions", () => {
  it("is given back: two hundred sessions leave no more than a few", async function () {
    this.timeout(60_000);
    // 4 MB of weights each: 200 leaked sessions would hold 800 MB, and every tenth of them 80 MB.
    const weights = { name: "w", dtype: 1, shape: [2048, 512], bytes: new Uint8Array(2048 * 512 * 4) };
    const model = tinyModel({
      inputs: [{ name: "x", dtype: 1, shape: [1, 2048] }],
      outputs: [{ name: "y", dtype: 1, shape: [1, 512] }],
      nodes: [{ op: "MatMul", inputs: ["x", "w"], outputs: ["y"] }],
      initializers: [weights],
    });
    const cycle = async (count: number) => {
      for (let i = 0; i < count; i++) {
        await using session = await OrtSession.create(model);
        await session.run(feeds({ x: { dtype: 1, shape: [1, 2048], data: new Float32Array(2048) } }));
      }
    };
    await cycle(60);
    const before = process.memoryUsage().rss;
    await cycle(200);
    const grown = (process.memoryUsage().rss - before) / 1e6;
    assert.ok(grown < 80, `grew by ${grown.toFixed(0)} MB`);
  });
});
