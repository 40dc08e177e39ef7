// Sessions in processes of their own: that these end by themselves, print nothing, share threads, and do not crash in odd company.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const execute = promisify(execFile);
const place = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);

const prelude = `
  import { readdirSync } from "node:fs";
  import { OrtSession } from ${place("../../../src/engines/onnxruntime/session.ts")};
  import { WorkerSession } from ${place("../../../src/engines/onnxruntime/worker-session.ts")};
  import { tinyModel } from ${place("../../support/tiny-models.ts")};
  const port = (name) => ({ name, dtype: 1, shape: [1] });
  const model = tinyModel({ inputs: [port("x")], outputs: [port("y")], nodes: [{ op: "Neg", inputs: ["x"], outputs: ["y"] }] });
  const feeds = new Map([["x", { dtype: 1, shape: [1], data: Float32Array.of(3) }]]);
  const threads = () => readdirSync("/proc/self/task").length;
  const print = (value) => console.log(JSON.stringify(value));`;

/** What a program prints as JSON; it must end by itself with nothing on stderr. */
async function run(program: string, env: Record<string, string> = {}): Promise<unknown> {
  const { stdout, stderr } = await execute(process.execPath, ["--import", "tsx", "--input-type=module", "-e", prelude + program], {
    timeout: 60_000,
    env: { ...process.env, ...env },
  });
  assert.equal(stderr, "");
  return JSON.parse(stdout);
}

describe("a process with sessions of ONNX Runtime", function () {
  this.timeout(60_000);

  for (const kind of ["OrtSession", "WorkerSession"])
    it(`ends by itself although its ${kind} was not closed`, async () => {
      assert.equal(await run(`const s = await ${kind}.create(model); const [y] = await s.run(feeds); print(y.data[0]);`), -3);
    });

  for (const kind of ["OrtSession", "WorkerSession"])
    it(`exits in the middle of runs of its ${kind} without a crash`, async () => {
      const program = `${prelude}
        const size = [256, 256];
        const square = (name) => ({ name, dtype: 1, shape: size });
        const nodes = Array.from({ length: 1000 }, (_, i) => ({ op: "MatMul", inputs: [i ? "m" + i : "x", "x"], outputs: [i === 999 ? "y" : "m" + (i + 1)] }));
        const s = await ${kind}.create(tinyModel({ inputs: [square("x")], outputs: [square("y")], nodes }));
        const x = new Map([["x", { dtype: 1, shape: size, data: new Float32Array(65536) }]]);
        const runs = Array.from({ length: 6 }, () => s.run(x));
        await runs[0];
        for (let i = 0; i < 5000; i++) await new Promise(setImmediate); // now the next is under way
        process.exit(3);`;
      const ended = execute(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program], { timeout: 60_000 });
      await assert.rejects(ended, { code: 3, signal: null, stderr: "" });
    });

  it("has one pool of threads for twenty sessions, and a pool for each that wants another size", async function () {
    if (process.platform !== "linux") this.skip(); // threads are counted in /proc
    const program = `
      const first = await OrtSession.create(model);
      const counts = [threads()];
      const more = [];
      for (let i = 0; i < 19; i++) more.push(await OrtSession.create(model, i % 2 ? { intraOpThreads: 5 } : {}));
      counts.push(threads());
      const own = await OrtSession.create(model, { intraOpThreads: 4 });
      counts.push(threads());
      await own.close();
      counts.push(threads());
      const [y] = await more[0].run(feeds);
      print({ counts, y: y.data[0] });`;
    const { counts, y } = (await run(program, { INGOT_THREADS: "5" })) as { counts: [number, number, number, number]; y: number };
    const [one, twenty, own, closed] = counts;
    assert.deepEqual([twenty - one, own - one, closed - one, y], [0, 3, 0, -3]);
  });

  it("works beside onnxruntime-node's own sessions, whichever comes first", async () => {
    const binding = `
      import ort from "onnxruntime-node";
      ort.env.logLevel = "fatal"; // it warns where the home folder is not writable
      const theirs = async () => {
        const s = await ort.InferenceSession.create(model);
        const { y } = await s.run({ x: new ort.Tensor("float32", [5], [1]) });
        return y.data[0];
      };
      const ours = async () => {
        const s = await OrtSession.create(model);
        const [y] = await s.run(feeds);
        await s.close();
        return y.data[0];
      };`;
    assert.deepEqual(await run(`${binding} print([await theirs(), await ours(), await ours(), await theirs()]);`), [-5, -3, -3, -5]);
    assert.deepEqual(await run(`${binding} print([await ours(), await theirs(), await ours()]);`), [-3, -5, -3]);
  });

  it("may hold two copies of Ingot", async () => {
    const program = `
      const copy = await import(${place("../../../src/engines/onnxruntime/session.ts?copy")});
      const [a, b] = [await OrtSession.create(model), await copy.OrtSession.create(model)];
      const results = await Promise.all([a.run(feeds), b.run(feeds), a.run(feeds)]);
      await a.close();
      await b.close();
      print([copy.OrtSession === OrtSession, ...results.map(([y]) => y.data[0])]);`;
    assert.deepEqual(await run(program), [false, -3, -3, -3]);
  });

  it("shows ONNX Runtime's log only when INGOT_ONNXRUNTIME_LOG asks for it", async () => {
    const program = `${prelude} await OrtSession.create(model);`;
    const args = ["--import", "tsx", "--input-type=module", "-e", program];
    const env = { ...process.env, INGOT_ONNXRUNTIME_LOG: "verbose" };
    const { stderr } = await execute(process.execPath, args, { env, timeout: 60_000 });
    assert.match(stderr, /onnxruntime/);
    const failed = execute(process.execPath, args, { env: { ...env, INGOT_ONNXRUNTIME_LOG: "loud" }, timeout: 60_000 });
    await assert.rejects(failed, /expected `INGOT_ONNXRUNTIME_LOG` to be verbose, info, warning, error, fatal, got "loud"/);
  });

  it("falls back on the binding in a thread where the library does not load through koffi, and tells a refused model from that", async () => {
    const program = `
      import { onnxruntimeEngine } from ${place("../../../src/engines/onnxruntime/onnxruntime-engine.ts")};
      import { Graph } from ${place("../../../src/ir/graph.ts")};
      import { tensorType } from ${place("../../../src/ir/type.ts")};
      import { registry } from ${place("../../../src/ops/registry.ts")};
      import { Storage } from ${place("../../../src/tensor/storage.ts")};
      const graphOf = (op, dtype) => {
        const graph = new Graph(registry, "net");
        graph.setOutputs([graph.add(op, [graph.addInput("x", tensorType(dtype, [1]))]).output], ["y"]);
        return graph;
      };
      const executable = await onnxruntimeEngine.prepare(graphOf("Neg", "float32"));
      const [y] = await executable.run([Storage.from("float32", [3], [1])]);
      await executable.close();
      const refused = await onnxruntimeEngine.prepare(graphOf("Neg", "bfloat16"), { disable: "all" }).catch((e) => e.code);
      print([y.toNumbers()[0], refused]);`;
    assert.deepEqual(await run(program, { INGOT_ONNXRUNTIME_LIBRARY: fileURLToPath(import.meta.url) }), [-3, "EngineRejectedModel"]);
  });

  it("leaves loops to the interpreter where only the binding loads, which could not end one: an endless run ends, and so does the process", async () => {
    const program = `
      import { findEngine } from ${place("../../../src/engines/engines.ts")};
      import { encodeToBytes } from ${place("../../../src/onnx/encode.ts")};
      import { graphFromBytes } from ${place("../../../src/onnx/read-file.ts")};
      import { registry } from ${place("../../../src/ops/registry.ts")};
      import { endlessModel } from ${place("../../support/hostile/endless-model.ts")};
      import { Storage } from ${place("../../../src/tensor/storage.ts")};
      const warnings = [];
      process.removeAllListeners("warning").on("warning", (w) => warnings.push(w.message));
      const graph = graphFromBytes(encodeToBytes("ModelProto", endlessModel), registry);
      const x = Storage.from("float32", [1, 2], [2]);
      const refused = await findEngine("onnxruntime").prepare(graph).catch((e) => e.code);
      const executable = await findEngine(undefined).prepare(graph);
      const control = new AbortController();
      setTimeout(() => control.abort(), 100);
      const ended = await executable.run([x], { signal: control.signal }).catch((e) => e.code);
      await executable.close();
      print([refused, executable.engine, ended, warnings.some((w) => w.includes("cannot end a Loop"))]);`;
    assert.deepEqual(await run(program, { INGOT_ONNXRUNTIME_LIBRARY: fileURLToPath(import.meta.url) }), [
      "EngineRejectedModel",
      "interpreter",
      "RunAborted",
      true,
    ]);
  });
});
