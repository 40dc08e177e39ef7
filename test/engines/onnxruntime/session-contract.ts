// What holds of a session of ONNX Runtime, however it is driven: the same tests for the C API and for the binding in a worker thread.
import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import type { OrtData, OrtTensor } from "../../../src/engines/onnxruntime/element-types.ts";
import type { InferenceSession } from "../../../src/engines/onnxruntime/session.ts";
import { IngotError } from "../../../src/errors/error.ts";
import { tinyModel } from "../../support/tiny-models.ts";

export const float32 = (shape: number[], ...values: number[]): OrtTensor => ({ dtype: 1, shape, data: Float32Array.from(values) });
export const int64 = (shape: number[], ...values: bigint[]): OrtTensor => ({ dtype: 7, shape, data: BigInt64Array.from(values) });
export const feeds = (record: Record<string, OrtData>) => new Map(Object.entries(record));
export const numbers = (data: OrtData | undefined) => {
  assert.ok(data && "data" in data && ArrayBuffer.isView(data.data));
  return Array.from(data.data as Float32Array);
};
export const code = (expected: string) => (error: unknown) => {
  assert.ok(error instanceof IngotError, String(error));
  assert.equal(error.code, expected, error.message);
  return true;
};

export const addOne = tinyModel({
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
const products = 1000;
/** A chain of products of 256 × 256 matrices: long, but stoppable between operators. */
export const slow = tinyModel({
  inputs: [{ name: "x", dtype: 1, shape: [256, 256] }],
  outputs: [{ name: "y", dtype: 1, shape: [256, 256] }],
  nodes: Array.from({ length: products }, (_, i) => ({
    op: "MatMul",
    inputs: [i === 0 ? "x" : `m${i - 1}`, "x"],
    outputs: [i === products - 1 ? "y" : `m${i}`],
  })),
});
const slowFeeds = () => feeds({ x: { dtype: 1, shape: [256, 256], data: new Float32Array(65536) } });

/** Every dtype, with its extreme values; strings with letters of one to four bytes. */
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

interface Driver {
  /** Element types that this way of driving cannot hand over, by ONNX's number. */
  readonly without?: readonly number[];
  create(model: Uint8Array | string, options?: { intraOpThreads?: number; interOpThreads?: number }): Promise<InferenceSession>;
}

export function sessionContract({ create, without = [] }: Driver): void {
  async function withSession<T>(model: Uint8Array, body: (session: InferenceSession) => Promise<T>): Promise<T> {
    const session = await create(model, { intraOpThreads: 1 });
    try {
      return await body(session);
    } finally {
      await session.close();
    }
  }

  it("adds one to each element, for any size of the open dimension", () =>
    withSession(addOne, async (session) => {
      assert.deepEqual(await session.run(feeds({ x: float32([1, 2], 1, 2) })), [float32([1, 2], 2, 3)]);
      assert.deepEqual(await session.run(feeds({ x: float32([2, 2], 1, 2, 3, 4) })), [float32([2, 2], 2, 3, 4, 5)]);
    }));

  it("tells the names, types and shapes of its inputs and outputs", () =>
    withSession(addOne, async (session) => {
      assert.deepEqual(session.inputs, [{ name: "x", kind: "tensor", dtype: 1, shape: ["n", 2] }]);
      assert.deepEqual(session.outputs, [{ name: "y", kind: "tensor", dtype: 1, shape: ["n", 2] }]);
    }));

  for (const sample of samples)
    if (without.includes(sample.dtype))
      it(`refuses a model with element type ${sample.dtype} by its number`, () =>
        assert.rejects(
          create(identity(sample.dtype)),
          (e) => code("EngineRejectedModel")(e) && String(e).includes(`type: ${sample.dtype}`),
        ));
    else
      it(`hands element type ${sample.dtype} in and out unchanged, and an empty tensor of it`, () =>
        withSession(identity(sample.dtype), async (session) => {
          assert.deepEqual(await session.run(feeds({ x: sample })), [sample]);
          const empty = { ...sample, shape: [0], data: (sample.data as Uint8Array).slice(0, 0) };
          assert.deepEqual(await session.run(feeds({ x: empty })), [empty]);
        }));

  it("gives outputs whose shape depends on the data, empty ones too", () =>
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

  it("leaves the event loop free: it turns many times before a run is done", () =>
    withSession(slow, async (session) => {
      let turns = 0;
      let done = false;
      const run = session.run(slowFeeds()).then(() => {
        done = true;
      });
      while (!done) {
        await turn();
        if (!done) turns++;
      }
      await run;
      assert.ok(turns > 10, `${turns} turns`);
    }));

  it("does not mix the data of concurrent runs, however many there are", () =>
    withSession(addOne, async (session) => {
      const runs = Array.from({ length: 600 }, (_, i) => session.run(feeds({ x: float32([1, 2], i, -i) })));
      const results = await Promise.all(runs);
      results.forEach(([y], i) => {
        assert.deepEqual(numbers(y), [i + 1, 1 - i]);
      });
    }));

  it("aborts one run of two, and goes on", () =>
    withSession(slow, async (session) => {
      const first = new AbortController();
      const aborted = assert.rejects(session.run(slowFeeds(), undefined, { signal: first.signal }), code("RunAborted"));
      const other = session.run(slowFeeds());
      await turn();
      first.abort(new Error("the client went away"));
      await aborted;
      assert.equal(numbers((await other)[0]).length, 65536);
      assert.equal(numbers((await session.run(slowFeeds()))[0]).length, 65536);
    }));

  it("withdraws runs that wait, and starts nothing for a signal that has fired", () =>
    withSession(slow, async (session) => {
      const control = new AbortController();
      const runs = Array.from({ length: 20 }, () => session.run(slowFeeds(), undefined, { signal: control.signal }));
      control.abort();
      for (const result of await Promise.allSettled(runs)) assert.ok(result.status === "rejected" && code("RunAborted")(result.reason));
      await assert.rejects(session.run(slowFeeds(), undefined, { signal: control.signal }), code("RunAborted"));
    }));

  it("ignores a signal that fires after the run", () =>
    withSession(addOne, async (session) => {
      const control = new AbortController();
      const x = float32([1, 2], 1, 2);
      await session.run(feeds({ x }), undefined, { signal: control.signal });
      control.abort();
      assert.deepEqual(numbers((await session.run(feeds({ x })))[0]), [2, 3]);
    }));

  it("refuses bytes that are not a model, and files that are not there", async () => {
    await assert.rejects(create(new Uint8Array(0)), code("EngineRejectedModel"));
    await assert.rejects(create(Buffer.from("not a model at all")), code("EngineRejectedModel"));
    await assert.rejects(create(addOne.subarray(0, addOne.length - 9)), code("EngineRejectedModel"));
    await assert.rejects(create("/no/such/model.onnx"), code("EngineRejectedModel"));
  });

  it("refuses a model that is not valid, and names the node", async () => {
    const matmul = tinyModel({
      inputs: [
        { name: "x", dtype: 1, shape: [2, 3] },
        { name: "w", dtype: 1, shape: [4, 5] },
      ],
      outputs: [{ name: "product", dtype: 1, shape: [2, 5] }],
      nodes: [{ op: "MatMul", inputs: ["x", "w"], outputs: ["product"] }],
    });
    await assert.rejects(create(matmul), (e) => code("EngineRejectedModel")(e) && /product/.test(String(e)));
    const unknown = tinyModel({
      inputs: [{ name: "x", dtype: 1, shape: [2] }],
      outputs: [{ name: "y", dtype: 1, shape: [2] }],
      nodes: [{ op: "Frobnicate", inputs: ["x"], outputs: ["y"] }],
    });
    await assert.rejects(create(unknown), (e) => code("EngineRejectedModel")(e) && /Frobnicate/.test(String(e)));
  });

  it("refuses missing, unknown and misshapen inputs, and unknown outputs, by name", () =>
    withSession(addOne, async (session) => {
      await assert.rejects(session.run(new Map()), /input `x`: it was not given/);
      await assert.rejects(session.run(feeds({ x: float32([1, 2], 1, 2), z: float32([1], 1) })), /input `z`: the model has no input/);
      await assert.rejects(session.run(feeds({ x: float32([2, 2], 1, 2) })), /needs 4 elements, the data has 2/);
      await assert.rejects(session.run(feeds({ x: float32([-1, -2], 1, 2) })), code("EngineInput"));
      await assert.rejects(session.run(feeds({ x: { dtype: 1, shape: [1], data: ["1"] } })), code("EngineInput"));
      await assert.rejects(session.run(feeds({ x: float32([1, 3], 1, 2, 3) })), code("EngineRunFailed"));
      await assert.rejects(session.run(feeds({ x: int64([1, 2], 1n, 2n) })), code("EngineRunFailed"));
      await assert.rejects(session.run(feeds({ x: float32([1, 2], 1, 2) }), ["q"]), code("EngineOutput"));
    }));

  it("passes on ONNX Runtime's message when a kernel fails, and goes on", () =>
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
        await assert.rejects(session.run(feeds({ x, i: int64([1], 99n) })), (e) => code("EngineRunFailed")(e) && /Gather/.test(String(e)));
        assert.deepEqual(numbers((await session.run(feeds({ x, i: int64([1], -1n) })))[0]), [3]);
      },
    ));

  for (const wrong of [0, -1, 1.5, Number.NaN, 5000])
    it(`refuses ${wrong} as a count of threads`, async () => {
      await assert.rejects(create(addOne, { intraOpThreads: wrong }), /expected `intraOpThreads` to be an integer from 1/);
      await assert.rejects(create(addOne, { interOpThreads: wrong }), code("InvalidArgument"));
    });

  it("runs operators side by side when asked", async () => {
    const session = await create(addOne, { intraOpThreads: 1, interOpThreads: 2 });
    assert.deepEqual(numbers((await session.run(feeds({ x: float32([1, 2], 1, 2) })))[0]), [2, 3]);
    await session.close();
  });

  it("refuses runs after it was closed; runs under way finish first; closing twice is fine", async () => {
    const session = await create(slow, { intraOpThreads: 1 });
    const order: string[] = [];
    const run = session.run(slowFeeds()).then(() => order.push("run"));
    const close = session.close().then(() => order.push("close"));
    await assert.rejects(session.run(slowFeeds()), code("EngineClosed"));
    await Promise.all([run, close, session.close()]);
    assert.deepEqual(order, ["run", "close"]);
  });

  it("is closed at the end of `await using`", async () => {
    let outer: InferenceSession;
    {
      await using session = await create(addOne);
      outer = session;
    }
    await assert.rejects(outer.run(feeds({ x: float32([1, 2], 1, 2) })), code("EngineClosed"));
  });
}
