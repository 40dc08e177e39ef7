import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import type { OrtData, OrtTensor } from "../../../src/engines/onnxruntime/ort-value.ts";
import { OrtSession } from "../../../src/engines/onnxruntime/session.ts";
import { IngotError } from "../../../src/errors/error.ts";
import { tinyModel } from "../../support/tiny-models.ts";

const float32 = (shape: number[], ...values: number[]): OrtTensor => ({ dtype: 1, shape, data: Float32Array.from(values) });
const int64 = (shape: number[], ...values: bigint[]): OrtTensor => ({ dtype: 7, shape, data: BigInt64Array.from(values) });
const feeds = (record: Record<string, OrtData>) => new Map(Object.entries(record));
const numbers = (data: OrtData | undefined) => {
  assert.ok(data && "data" in data && ArrayBuffer.isView(data.data));
  return Array.from(data.data as Float32Array);
};
const code = (expected: string) => (error: unknown) => {
  assert.ok(error instanceof IngotError, String(error));
  assert.equal(error.code, expected, error.message);
  return true;
};

const addOne = tinyModel({
  inputs: [{ name: "x", dtype: 1, shape: ["n", 2] }],
  outputs: [{ name: "y", dtype: 1, shape: ["n", 2] }],
  nodes: [{ op: "Add", inputs: ["x", "one"], outputs: ["y"] }],
  initializers: [{ name: "one", dtype: 1, shape: [1], bytes: new Uint8Array(Float32Array.of(1).buffer) }],
});
const identity = (dtype: number) =>
  tinyModel({
    inputs: [{ name: "x", dtype, shape: ["n"] }],
    outputs: [{ name: "y", dtype, shape: ["n"] }],
    nodes: [{ op: "Identity", inputs: ["x"], outputs: ["y"] }],
  });
/** A loop of `rounds` products of 256 × 256 matrices: long, but stoppable between operators. */
const slow = tinyModel({
  inputs: [{ name: "x", dtype: 1, shape: [256, 256] }],
  outputs: [{ name: "y", dtype: 1, shape: [256, 256] }],
  nodes: Array.from({ length: 2000 }, (_, i) => ({
    op: "MatMul",
    inputs: [i === 0 ? "x" : `m${i - 1}`, "x"],
    outputs: [i === 1999 ? "y" : `m${i}`],
  })),
});

async function withSession<T>(model: Uint8Array, body: (session: OrtSession) => Promise<T>, options = {}): Promise<T> {
  const session = await OrtSession.create(model, { intraOpThreads: 1, ...options });
  try {
    return await body(session);
  } finally {
    await session.close();
  }
}

describe("a session of ONNX Runtime", () => {
  it("adds one to each element, for any size of the open dimension", () =>
    withSession(addOne, async (session) => {
      const [y] = await session.run(feeds({ x: float32([1, 2], 1, 2) }));
      assert.deepEqual(y, float32([1, 2], 2, 3));
      const [z] = session.runSync(feeds({ x: float32([2, 2], 1, 2, 3, 4) }));
      assert.deepEqual(z, float32([2, 2], 2, 3, 4, 5));
    }));

  it("tells the names, types and shapes of its inputs and outputs", () =>
    withSession(addOne, async (session) => {
      assert.deepEqual(session.inputs, [{ name: "x", kind: "tensor", dtype: 1, shape: ["n", 2] }]);
      assert.deepEqual(session.outputs, [{ name: "y", kind: "tensor", dtype: 1, shape: ["n", 2] }]);
    }));

  const samples: OrtTensor[] = [
    { dtype: 1, shape: [3], data: Float32Array.of(1.5, -0, Number.NaN) },
    { dtype: 2, shape: [2], data: Uint8Array.of(0, 255) },
    { dtype: 3, shape: [2], data: Int8Array.of(-128, 127) },
    { dtype: 4, shape: [2], data: Uint16Array.of(0, 65535) },
    { dtype: 5, shape: [2], data: Int16Array.of(-32768, 32767) },
    { dtype: 6, shape: [2], data: Int32Array.of(-(2 ** 31), 7) },
    { dtype: 7, shape: [2], data: BigInt64Array.of(-(2n ** 63n), 2n ** 53n + 1n) },
    { dtype: 8, shape: [4], data: ["", "a", "größer", "𝛼β"] },
    { dtype: 9, shape: [3], data: Uint8Array.of(1, 0, 1) },
    { dtype: 10, shape: [2], data: Uint16Array.of(0x3c00, 0x7e01) },
    { dtype: 11, shape: [2], data: Float64Array.of(Math.PI, Number.NEGATIVE_INFINITY) },
    { dtype: 12, shape: [2], data: Uint32Array.of(0, 2 ** 32 - 1) },
    { dtype: 13, shape: [1], data: BigUint64Array.of(2n ** 64n - 1n) },
    { dtype: 16, shape: [2], data: Uint16Array.of(0x3f80, 0xff80) },
  ];
  for (const sample of samples)
    it(`hands element type ${sample.dtype} in and out unchanged, and an empty tensor of it`, () =>
      withSession(identity(sample.dtype), async (session) => {
        assert.deepEqual(await session.run(feeds({ x: sample })), [sample]);
        const empty = { ...sample, shape: [0], data: (sample.data as Uint8Array).slice(0, 0) };
        assert.deepEqual(await session.run(feeds({ x: empty })), [empty]);
      }));

  it("gives outputs whose shape depends on the data", () =>
    withSession(
      tinyModel({
        inputs: [{ name: "x", dtype: 1, shape: ["n"] }],
        outputs: [{ name: "where", dtype: 7, shape: [1, "found"] }],
        nodes: [{ op: "NonZero", inputs: ["x"], outputs: ["where"] }],
      }),
      async (session) => {
        assert.deepEqual(await session.run(feeds({ x: float32([4], 0, 5, 0, 7) })), [int64([1, 2], 1n, 3n)]);
        assert.deepEqual(await session.run(feeds({ x: float32([2], 0, 0) })), [int64([1, 0])]);
      },
    ));

  it("gives only the outputs that are asked for, in that order", () =>
    withSession(
      tinyModel({
        inputs: [{ name: "x", dtype: 1, shape: [1] }],
        outputs: [
          { name: "a", dtype: 1, shape: [1] },
          { name: "b", dtype: 1, shape: [1] },
        ],
        nodes: [
          { op: "Neg", inputs: ["x"], outputs: ["a"] },
          { op: "Abs", inputs: ["x"], outputs: ["b"] },
        ],
      }),
      async (session) => {
        const x = float32([1], -3);
        assert.deepEqual((await session.run(feeds({ x }), ["b", "a"])).map(numbers), [[3], [3]]);
        assert.deepEqual((await session.run(feeds({ x }), ["b"])).map(numbers), [[3]]);
      },
    ));

  it("uses weights where they lie, with its whole optimiser", () => {
    const w = float32([1], 10);
    const model = tinyModel({
      inputs: [{ name: "x", dtype: 1, shape: [2] }],
      outputs: [{ name: "y", dtype: 1, shape: [2] }],
      nodes: [
        { op: "Mul", inputs: ["w", "w"], outputs: ["ww"] },
        { op: "Add", inputs: ["x", "ww"], outputs: ["y"] },
      ],
      initializers: [{ name: "w", dtype: 1, shape: [1] }],
    });
    return withSession(
      model,
      async (session) => assert.deepEqual(numbers((await session.run(feeds({ x: float32([2], 1, 2) })))[0]), [101, 102]),
      { initializers: new Map([["w", w]]) },
    );
  });
});

describe("concurrent runs on one session", () => {
  it("leave the event loop free: other work happens before a run is done", () =>
    withSession(slow, async (session) => {
      const order: string[] = [];
      const run = session.run(feeds({ x: { dtype: 1, shape: [256, 256], data: new Float32Array(65536) } })).then(() => order.push("run"));
      await turn().then(() => order.push("turn"));
      await run;
      assert.deepEqual(order, ["turn", "run"]);
    }));

  it("do not mix their data, however many there are", () =>
    withSession(addOne, async (session) => {
      const runs = Array.from({ length: 600 }, (_, i) => session.run(feeds({ x: float32([1, 2], i, -i) })));
      const results = await Promise.all(runs);
      results.forEach(([y], i) => {
        assert.deepEqual(numbers(y), [i + 1, 1 - i]);
      });
    }));

  it("can be aborted, one without the other, and the session goes on", () =>
    withSession(slow, async (session) => {
      const x = { dtype: 1, shape: [256, 256], data: new Float32Array(65536) };
      const first = new AbortController();
      const aborted = assert.rejects(session.run(feeds({ x }), undefined, { signal: first.signal }), code("RunAborted"));
      const other = session.run(feeds({ x }));
      await turn();
      first.abort(new Error("the client went away"));
      await aborted;
      assert.equal(numbers((await other)[0]).length, 65536);
    }));

  it("that wait for a thread can be withdrawn, and a signal that has fired starts nothing", () =>
    withSession(slow, async (session) => {
      const x = { dtype: 1, shape: [256, 256], data: new Float32Array(65536) };
      const control = new AbortController();
      const runs = Array.from({ length: 20 }, () => session.run(feeds({ x }), undefined, { signal: control.signal }));
      control.abort();
      for (const result of await Promise.allSettled(runs)) assert.ok(result.status === "rejected" && code("RunAborted")(result.reason));
      await assert.rejects(session.run(feeds({ x }), undefined, { signal: control.signal }), code("RunAborted"));
    }));
});

describe("what a session refuses", () => {
  it("bytes that are not a model", async () => {
    await assert.rejects(OrtSession.create(new Uint8Array(0)), code("EngineRejectedModel"));
    await assert.rejects(OrtSession.create(Buffer.from("not a model at all")), code("EngineRejectedModel"));
    await assert.rejects(OrtSession.create(addOne.subarray(0, addOne.length - 9)), code("EngineRejectedModel"));
    await assert.rejects(OrtSession.create("/no/such/model.onnx"), code("EngineRejectedModel"));
  });

  it("missing, unknown and misshapen inputs, by name", () =>
    withSession(addOne, async (session) => {
      await assert.rejects(session.run(new Map()), /input `x`: it was not given/);
      await assert.rejects(session.run(feeds({ x: float32([1, 2], 1, 2), z: float32([1], 1) })), /input `z`: the model has no input/);
      await assert.rejects(session.run(feeds({ x: float32([2, 2], 1, 2) })), /needs 4 elements, the data has 2/);
      await assert.rejects(session.run(feeds({ x: float32([-1, -2], 1, 2) })), code("EngineInput"));
      await assert.rejects(session.run(feeds({ x: float32([1, 3], 1, 2, 3) })), code("EngineRunFailed"));
      await assert.rejects(session.run(feeds({ x: int64([1, 2], 1n, 2n) })), code("EngineRunFailed"));
      await assert.rejects(session.run(feeds({ x: float32([1, 2], 1, 2) }), ["q"]), code("EngineOutput"));
    }));

  it("a failing kernel, with ONNX Runtime's message", () =>
    withSession(
      tinyModel({
        inputs: [
          { name: "x", dtype: 1, shape: [3] },
          { name: "i", dtype: 7, shape: [1] },
        ],
        outputs: [{ name: "y", dtype: 1, shape: [1] }],
        nodes: [{ op: "Gather", inputs: ["x", "i"], outputs: ["y"] }],
      }),
      async (session) => {
        const x = float32([3], 1, 2, 3);
        await assert.rejects(session.run(feeds({ x, i: int64([1], 99n) })), /Gather/);
        assert.throws(() => session.runSync(feeds({ x, i: int64([1], 99n) })), code("EngineRunFailed"));
        assert.deepEqual(numbers((await session.run(feeds({ x, i: int64([1], -1n) })))[0]), [3]);
      },
    ));

  it("runs after it was closed; runs under way finish first; closing twice is fine", async () => {
    const session = await OrtSession.create(slow, { intraOpThreads: 1 });
    const x = { dtype: 1, shape: [256, 256], data: new Float32Array(65536) };
    const order: string[] = [];
    const run = session.run(feeds({ x })).then(() => order.push("run"));
    const close = session.close().then(() => order.push("close"));
    await assert.rejects(session.run(feeds({ x })), code("EngineClosed"));
    await Promise.all([run, close, session.close()]);
    assert.deepEqual(order, ["run", "close"]);
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
      for (let i = 0; i < count; i++)
        await withSession(model, (session) => session.run(feeds({ x: { dtype: 1, shape: [1, 2048], data: new Float32Array(2048) } })));
    };
    await cycle(60);
    const before = process.memoryUsage().rss;
    await cycle(200);
    const grown = (process.memoryUsage().rss - before) / 1e6;
    assert.ok(grown < 80, `grew by ${grown.toFixed(0)} MB`);
  });
});
