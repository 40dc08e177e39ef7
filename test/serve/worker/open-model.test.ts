import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { load, nn, randn, type Tensor, trace } from "../../../src/index.ts";
import { asStorage } from "../../../src/ops/run-graph.ts";
import { compiledGraph, type WorkerModel } from "../../../src/serve/wire/messages.ts";
import { openModel } from "../../../src/serve/worker/open-model.ts";
import { onnxruntime } from "../../support/on-onnxruntime.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

describe("opening a served model", () => {
  const folder = temporaryFolder({ eachTest: true });
  const x = randn([3, 8, 6, 6], { seed: 2 });

  const worker = (options: Partial<WorkerModel> = {}): WorkerModel => ({
    name: "m",
    version: "1.0",
    folder: folder(),
    file: "m.onnx",
    compiled: folder("compiled"),
    handler: { builtin: "base_handler" },
    threads: 1,
    handlerConfig: {},
    decodeInput: true,
    maxImagePixels: 1,
    maxBodyBytes: 1,
    badInput: "400",
    nonfinite: "error",
    ...options,
  });
  /** What the model gives for `x`. */
  const answer = async (): Promise<Float32Array> => {
    const { executable } = await openModel(worker(), (warning) => assert.fail(warning));
    try {
      return asStorage((await executable.run([x.storage]))[0]).dense() as Float32Array;
    } finally {
      await executable.close();
    }
  };
  const sessions = () => readdirSync(folder("compiled")).filter((name) => name !== compiledGraph);

  beforeEach(async () => {
    const net = new nn.Sequential(new nn.Conv2d(8, 16, 3), new nn.ReLU(), new nn.Flatten(), new nn.Linear(256, 32)).eval();
    const traced = await trace(net, x, { dynamic: [{ 0: "batch" }], names: ["x"] });
    await traced.save(folder("m.onnx"));
    await traced.close();
  });

  it("compiles once; what is kept gives the same as the model itself", async function () {
    if (!(await onnxruntime())) this.skip();
    const first = await answer();
    const [kept] = sessions();
    assert.ok(kept, "a session is kept");
    const made = statSync(join(folder("compiled"), kept, "session.onnx")).mtimeMs;
    const second = await answer();
    assert.equal(statSync(join(folder("compiled"), kept, "session.onnx")).mtimeMs, made);
    assert.deepEqual(second, first);
    const reference = await load(folder("m.onnx"), { engine: "interpreter" });
    const expected = ((await reference.run(x)) as Tensor).data as Float32Array;
    await reference.close();
    const worst = Math.max(...expected.map((v, i) => Math.abs(v - (first[i] as number))));
    assert.ok(worst < 1e-5, `${worst}`);
  });

  it("makes anew what is damaged", async function () {
    if (!(await onnxruntime())) this.skip();
    const first = await answer();
    const [kept = ""] = sessions();
    const file = (name: string) => join(folder("compiled"), kept, name);
    const damages = [
      () => truncateSync(file("session.onnx"), 100),
      () => truncateSync(file("session.onnx.bin"), 64),
      () => writeFileSync(file("io.json"), readFileSync(file("io.json")).subarray(0, 20)),
    ];
    for (const damage of damages) {
      damage();
      assert.deepEqual(await answer(), first);
    }
  });

  it("describes what the model takes, and that requests can share a run", async () => {
    const { io, executable } = await openModel(worker({ engine: "interpreter" }), (warning) => assert.fail(warning));
    await executable.close();
    assert.deepEqual(io.inputs, [{ name: "x", dtype: "float32", shape: ["batch", 8, 6, 6] }]);
    assert.equal(io.batches, true);
  });
});
