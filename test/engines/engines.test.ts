import assert from "node:assert/strict";
import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import type { Engine, Executable } from "../../src/engines/engine.ts";
import { findEngine, firstThatLoads } from "../../src/engines/engines.ts";
import { interpreterEngine } from "../../src/engines/interpreter/interpreter-engine.ts";
import { onnxruntimeEngine } from "../../src/engines/onnxruntime/onnxruntime-engine.ts";
import { IngotError, ingotError } from "../../src/errors/error.ts";
import { symbol } from "../../src/ir/dim.ts";
import { Graph, type Value } from "../../src/ir/graph.ts";
import { tensorType } from "../../src/ir/type.ts";
import { registry } from "../../src/ops/registry.ts";
import type { RuntimeValue } from "../../src/ops/runtime-value.ts";
import type { DType } from "../../src/tensor/dtype.ts";
import { Storage } from "../../src/tensor/storage.ts";

const code = (expected: string) => (error: unknown) => {
  assert.ok(error instanceof IngotError, String(error));
  assert.equal(error.code, expected, error.message);
  return true;
};
const numbers = (value: RuntimeValue | undefined) => {
  assert.ok(value instanceof Storage);
  return value.toNumbers();
};
const float32 = (shape: number[], ...values: number[]) => Storage.from("float32", values, shape);

/** A graph of one input `x`. */
function graphOf(shape: readonly (number | ReturnType<typeof symbol>)[], build: (g: Graph, x: Value) => Value): Graph {
  const graph = new Graph(registry, "net");
  graph.setOutputs([build(graph, graph.addInput("x", tensorType("float32", shape)))], ["y"]);
  return graph;
}
const twice = () => graphOf([symbol("n"), 2], (g, x) => g.add("Add", [x, x]).output);
/** Hundreds of products: takes a while, in many small steps. */
const slow = () =>
  graphOf([128, 128], (g, x) => {
    let y = x;
    for (let i = 0; i < 400; i++) y = g.add("MatMul", [y, x]).output;
    return y;
  });
/** Adds x to itself for ever. */
const endless = () =>
  graphOf([4], (g, x) => {
    const body = new Graph(registry, "body", g);
    body.addInput("i", tensorType("int64", []));
    const cond = body.addInput("cond", tensorType("bool", []));
    body.setOutputs([cond, body.add("Add", [body.addInput("state", tensorType("float32", [4])), x]).output]);
    return g.add("Loop", [undefined, undefined, x], { body }).output;
  });
const slowInput = () => [Storage.from("float32", new Array<number>(128 * 128).fill(0), [128, 128])];

function engineContract(engine: Engine): void {
  async function prepared<T>(graph: Graph, body: (executable: Executable) => Promise<T>): Promise<T> {
    await using executable = await engine.prepare(graph, { threads: 1 });
    return await body(executable);
  }

  it("runs, for any size of an open dimension, and leaves graph and inputs as they were", async () => {
    const graph = twice();
    const text = String(graph);
    await prepared(graph, async (executable) => {
      assert.equal(executable.engine, engine.name);
      const x = float32([1, 2], 1, 2);
      assert.deepEqual(numbers((await executable.run([x]))[0]), [2, 4]);
      assert.deepEqual(numbers((await executable.run([float32([2, 2], 1, 2, 3, 4)]))[0]), [2, 4, 6, 8]);
      assert.deepEqual(numbers(x), [1, 2]);
      assert.equal(String(graph), text);
    });
  });

  it("takes inputs and weights that are views", async () => {
    const w = float32([2, 2], 1, 2, 3, 4).transpose([1, 0]);
    const graph = graphOf([2, 2], (g, x) => g.add("Add", [x, g.addInitializer(w, "w")]).output);
    await prepared(graph, async (executable) => {
      const [y] = await executable.run([float32([2, 2], 10, 20, 30, 40).transpose([1, 0])]);
      assert.deepEqual(numbers(y), [11, 33, 22, 44]);
    });
  });

  it("runs concurrently without mixing data", () =>
    prepared(twice(), async (executable) => {
      const runs = Array.from({ length: 100 }, (_, i) => executable.run([float32([1, 2], i, -i)]));
      (await Promise.all(runs)).forEach(([y], i) => {
        assert.deepEqual(numbers(y), [2 * i, -2 * i]);
      });
    }));

  it("lets the event loop turn during a run", () =>
    prepared(slow(), async (executable) => {
      let turns = 0;
      let done = false;
      const run = executable.run(slowInput()).finally(() => {
        done = true;
      });
      while (!done) {
        await turn();
        if (!done) turns++;
      }
      await run;
      assert.ok(turns >= 2, `${turns} turns`);
    }));

  it("is aborted before a run and during one; another run goes on", () =>
    prepared(slow(), async (executable) => {
      const control = new AbortController();
      const aborted = assert.rejects(executable.run(slowInput(), { signal: control.signal }), code("RunAborted"));
      const other = executable.run(slowInput());
      await turn();
      control.abort(new Error("the client went away"));
      await aborted;
      await assert.rejects(executable.run(slowInput(), { signal: control.signal }), /the client went away/);
      assert.equal(numbers((await other)[0]).length, 128 * 128);
    }));

  it("is aborted inside of a loop that does not end, while the event loop turns", () =>
    prepared(endless(), async (executable) => {
      const control = new AbortController();
      const run = assert.rejects(executable.run([float32([4], 1, 2, 3, 4)], { signal: control.signal }), code("RunAborted"));
      for (let i = 0; i < 10; i++) await turn();
      control.abort();
      await run;
    }));

  it("stops a loop that takes more steps than it may", function () {
    this.timeout(60_000);
    return prepared(endless(), async (executable) => {
      const expected = engine.name === "interpreter" ? "StepLimit" : "StepTime";
      await assert.rejects(executable.run([float32([4], 1, 2, 3, 4)], { maxSteps: 100 }), code(expected));
    });
  });

  it("waits for runs when it is closed, refuses later ones, and may be closed twice", async () => {
    const executable = await engine.prepare(slow(), { threads: 1 });
    const order: string[] = [];
    const run = executable.run(slowInput()).then(() => order.push("run"));
    const close = executable.close().then(() => order.push("close"));
    await assert.rejects(executable.run(slowInput()), code("EngineClosed"));
    await Promise.all([run, close]);
    await executable.close();
    assert.deepEqual(order, ["run", "close"]);
  });

  const dtypes: [DType, readonly (number | bigint | string | boolean)[]][] = [
    ["string", ["a", "größer"]],
    ["bool", [1, 0]],
    ["float16", [1.5, -2]],
    ["bfloat16", [1.5, -2]],
    ["int8", [-128, 127]],
    ["uint64", [0n, 2n ** 64n - 1n]],
  ] as [DType, readonly (number | bigint | string | boolean)[]][];
  for (const [dtype, values] of dtypes)
    it(`hands ${dtype} through, and nothing of it`, async () => {
      const graph = new Graph(registry, "net");
      graph.setOutputs([graph.add("Identity", [graph.addInput("x", tensorType(dtype, [symbol("n")]))]).output], ["y"]);
      await prepared(graph, async (executable) => {
        for (const n of [values.length, 0]) {
          const x = Storage.from(dtype, values.slice(0, n), [n]);
          const [y] = await executable.run([x]);
          assert.ok(y instanceof Storage);
          assert.deepEqual([y.dtype, y.shape, y.dense()], [dtype, [n], x.dense()]);
        }
      });
    });

  for (const threads of [0, -1, 1.5, 1e6, Number.NaN, "2"])
    it(`refuses ${JSON.stringify(threads)} as a count of threads`, () =>
      assert.rejects(engine.prepare(twice(), { threads: threads as number }), /expected `threads` to be an integer from 1 to 1024/));
}

describe("the interpreter engine", () => engineContract(interpreterEngine));
describe("the ONNX Runtime engine", () => engineContract(onnxruntimeEngine));

describe("the choice of an engine", () => {
  const without = async (body: () => Promise<void>) => {
    const before = process.env.INGOT_ONNXRUNTIME_LIBRARY;
    process.env.INGOT_ONNXRUNTIME_LIBRARY = "/no/such/libonnxruntime.so";
    try {
      await body();
    } finally {
      if (before === undefined) delete process.env.INGOT_ONNXRUNTIME_LIBRARY;
      else process.env.INGOT_ONNXRUNTIME_LIBRARY = before;
    }
  };

  it("takes ONNX Runtime where it can run, and else the interpreter", async () => {
    assert.equal(findEngine(undefined).name, "onnxruntime");
    await without(async () => assert.equal(findEngine(undefined).name, "interpreter"));
  });

  it("passes over an engine that does not load or refuses the graph, with a warning, but for no other reason", async () => {
    const failing = (error: Error): Engine => ({
      name: "other",
      unavailable: () => undefined,
      load: async () => {},
      prepare: () => Promise.reject(error),
    });
    const unloadable = ingotError("EngineLibraryMissing", { path: "/lib/x.so", why: "libgomp.so.1: cannot open shared object file" });
    const refusing = ingotError("EngineRejectedModel", { message: "no kernel for the node fc1" });
    for (const [error, what] of [
      [unloadable, /libgomp.*the engine "interpreter" is used instead/],
      [refusing, /no kernel for the node fc1.*the engine "interpreter" is used instead/],
    ] as const) {
      const warned = once(process, "warning");
      const executable = await firstThatLoads([failing(error), interpreterEngine]).prepare(twice());
      assert.equal(executable.engine, "interpreter");
      const [warning] = (await warned) as [Error];
      assert.match(warning.message, what);
    }
    const bug = failing(new TypeError("x is undefined"));
    await assert.rejects(firstThatLoads([bug, interpreterEngine]).prepare(twice()), TypeError);
  });

  it("gives a graph that ONNX Runtime has no kernel for to the interpreter, and names the node; not where the engine was asked for", async () => {
    const graph = new Graph(registry, "net");
    const acos = graph.add("Acos", [graph.addInput("x", tensorType("float64", [2]))], {}, { names: ["angle"] });
    graph.setOutputs([acos.output], ["angle"]);
    const warned = once(process, "warning");
    const executable = await findEngine(undefined).prepare(graph);
    const [warning] = (await warned) as [Error];
    assert.match(warning.message, /Acos.*the engine "interpreter" is used instead/s);
    assert.deepEqual(numbers((await executable.run([Storage.from("float64", [1, -1], [2])]))[0]), [0, Math.PI]);
    await executable.close();
    await assert.rejects(findEngine("onnxruntime").prepare(graph), code("EngineRejectedModel"));
  });

  it("says which library is missing when ONNX Runtime is asked for by name", () =>
    without(async () =>
      assert.throws(
        () => findEngine("onnxruntime"),
        (e) => code("EngineLibraryMissing")(e) && /\/no\/such\/libonnxruntime\.so/.test(String(e)),
      ),
    ));

  it("names the engines there are when another one is asked for", () => {
    for (const name of ["tensorrt", "constructor", "", 5])
      assert.throws(
        () => findEngine(name as "interpreter"),
        (e) => code("InvalidArgument")(e) && /onnxruntime or interpreter/.test(String(e)),
      );
  });
});
