import assert from "node:assert/strict";
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { load, nn, randn, type Tensor, tensor, trace } from "../../src/index.ts";
import { readGraph } from "../../src/onnx/read-file.ts";
import { registry } from "../../src/ops/registry.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { Modern, Residual } from "../support/tiny-nets.ts";
import { failsWith } from "../support/trace-errors.ts";

const relu = (x: Tensor) => x.relu();
const opsOf = async (path: string) => [...(await readGraph(path, registry)).nodes()].map((n) => n.op);

interface Runs {
  run(inputs: unknown): Promise<unknown>;
}

/** The largest difference between what two modules give. */
async function difference(a: Runs, b: Runs, input: Tensor): Promise<number> {
  const [x, y] = (await Promise.all([a.run(input), b.run(input)])) as [Tensor, Tensor];
  return x.sub(y).abs().max().item();
}

describe("saving a compiled module", () => {
  const path = temporaryFolder();
  const image = randn([2, 3, 8, 8], { seed: 1 });

  it("writes standard operators that give the same when loaded", async () => {
    await using m = await trace(new Residual().eval(), image);
    const report = await m.save(path("plain.onnx"));
    assert.equal(report.target, "portable");
    assert.ok((await opsOf(path("plain.onnx"))).every((op) => !op.includes(".")));
    await using again = await load(path("plain.onnx"));
    assert.ok((await difference(again, m, image)) < 1e-6);
  });

  it("writes the lowest versions that the graph needs, or the opset asked for", async () => {
    await using m = await trace(relu, tensor([1]), { engine: "interpreter" });
    assert.deepEqual((await m.save(path("low.onnx"))).opsets, { "ai.onnx": 7 });
    assert.deepEqual((await m.save(path("high.onnx"), { opset: 17 })).opsets, { "ai.onnx": 17 });
    assert.equal((await m.save(path("high.onnx"), { opset: 17 })).irVersion, 8);
  });

  it("for ONNX Runtime writes its fused operators, and the file loads", async () => {
    await using m = await trace(new Residual().eval(), image);
    await m.save(path("fused.onnx"), { target: "onnxruntime" });
    assert.deepEqual(
      (await opsOf(path("fused.onnx"))).filter((op) => op.startsWith("com.microsoft.")),
      ["com.microsoft.FusedConv", "com.microsoft.FusedConv"],
    );
    await using again = await load(path("fused.onnx"));
    assert.ok((await difference(again, m, image)) < 1e-6);
  });

  it("for ONNX Runtime from a module on another engine lowers and checks the graph first", async () => {
    await using m = await trace(new Residual().eval(), image, { engine: "interpreter" });
    await m.save(path("lowered.onnx"), { target: "onnxruntime" });
    assert.ok((await opsOf(path("lowered.onnx"))).includes("com.microsoft.FusedConv"));
  });

  it("of a file with fused operators goes back to standard ones by default", async () => {
    await using m = await trace(new Residual().eval(), image);
    await m.save(path("fused.onnx"), { target: "onnxruntime" });
    await using fused = await load(path("fused.onnx"), { engine: "interpreter" });
    await fused.save(path("standard.onnx"));
    assert.ok((await opsOf(path("standard.onnx"))).every((op) => !op.includes(".")));
    await using again = await load(path("standard.onnx"), { engine: "interpreter" });
    assert.ok((await difference(again, m, image)) < 1e-6);
  });

  it("for a release of ONNX Runtime keeps to what it reads: newer operators are written in terms of older ones", async () => {
    const x = randn([3, 4], { seed: 1 });
    await using m = await trace(new Modern(), x, { engine: "interpreter" });
    const newest = await m.save(path("newest.onnx"));
    assert.deepEqual([newest.opsets["ai.onnx"], newest.irVersion], [20, 9]);
    const at117 = await m.save(path("1.17.onnx"), { target: "onnxruntime@1.17.3" });
    assert.deepEqual([at117.opsets["ai.onnx"], at117.irVersion], [20, 9]);
    const at112 = await m.save(path("1.12.onnx"), { target: "onnxruntime@1.12" });
    assert.deepEqual([at112.opsets["ai.onnx"], at112.irVersion], [17, 8]);
    assert.ok((await opsOf(path("1.12.onnx"))).includes("LayerNormalization"));
    assert.ok(!(await opsOf(path("1.12.onnx"))).includes("Gelu"));
    const at110 = await m.save(path("1.10.onnx"), { target: "onnxruntime@1.10" });
    assert.ok((at110.opsets["ai.onnx"] as number) <= 15 && at110.irVersion <= 8);
    assert.ok(!(await opsOf(path("1.10.onnx"))).includes("LayerNormalization"));
    await using again = await load(path("1.10.onnx"));
    assert.ok((await difference(again, m, x)) < 1e-5);
  });

  it("for a release that cannot read an operator names it with its line", async () => {
    await using m = await trace((x: Tensor) => x.bitwiseNot(), tensor([1, 2], { dtype: "int32" }), { engine: "interpreter" });
    const call = () => m.save(path("old.onnx"), { target: "onnxruntime@1.10" });
    await failsWith(
      call,
      "TargetTooOld",
      /onnxruntime@1\.10.*up to opset 15/,
      /BitwiseNot .*save\.test\.ts:\d+.*needs opset 18/,
      /onnxruntime@1\.14/,
    );
    assert.ok(!(await readdir(path())).includes("old.onnx"));
  });

  it("names the targets there are", async () => {
    await using m = await trace(relu, tensor([1]), { engine: "interpreter" });
    const to = (target: string) => () => m.save(path("t.onnx"), { target });
    await failsWith(to("onnxruntime@9.1"), "UnknownTarget", /"onnxruntime@9\.1"/, /1\.10 to 1\.30/);
    await failsWith(to("onxruntime"), "UnknownTarget", /Did you mean "onnxruntime"\?/);
    await failsWith(to("openvino"), "UnknownTarget", /"portable"/);
    await failsWith(
      () => m.save(path("t.onnx"), { target: "onnxruntime@1.12", opset: 18 }),
      "InvalidArgument",
      /`opset`.*up to 17.*got 18/s,
    );
  });

  it("under another format's name is refused", async () => {
    await using m = await trace(relu, tensor([1]), { engine: "interpreter" });
    await failsWith(() => m.save(path("m.pt")), "SaveFormat", /TorchScript/, /\.onnx/);
    await failsWith(() => m.save(path("model")), "SaveFormat", /does not end in \.onnx/);
    await failsWith(() => m.save(""), "InvalidArgument", /`path`.*empty/);
    await failsWith(() => m.save(3 as never), "InvalidArgument", /`path`.*got 3/);
  });

  it("that fails leaves nothing behind, and what stood there before", async () => {
    await using m = await trace(relu, tensor([1]), { engine: "interpreter" });
    await mkdir(path("folder.onnx"));
    await failsWith(() => m.save(path("folder.onnx")), "FileNotWritable", /folder/);
    await failsWith(() => m.save(path("no/such/m.onnx")), "FileNotWritable", /does not exist/);
    await writeFile(path("kept.onnx"), "before");
    await failsWith(() => m.save(path("kept.onnx"), { target: "nobody" }), "UnknownTarget");
    assert.equal(await readFile(path("kept.onnx"), "utf8"), "before");
    assert.deepEqual(
      (await readdir(path())).filter((name) => name.startsWith(".") || name.endsWith(".tmp")),
      [],
    );
  });

  it("into a read-only folder is refused by name", async function () {
    if (process.getuid?.() === 0) return this.skip(); // root writes everywhere
    await using m = await trace(relu, tensor([1]), { engine: "interpreter" });
    await mkdir(path("locked"));
    await chmod(path("locked"), 0o500);
    await failsWith(() => m.save(path("locked/m.onnx")), "FileNotWritable", /permission/);
  });

  it("on a full disk is DiskFull", async function () {
    if (process.platform !== "linux") return this.skip(); // /dev/full is Linux's
    await using m = await trace(relu, tensor([1]), { engine: "interpreter" });
    await symlink("/dev/full", path("full.onnx"));
    await failsWith(() => m.save(path("full.onnx")), "DiskFull", /no space/);
  });

  it("gives the same bytes each time", async () => {
    await using m = await trace(new Residual().eval(), image, { engine: "interpreter" });
    await m.save(path("one.onnx"));
    await m.save(path("two.onnx"));
    assert.deepEqual(await readFile(path("one.onnx")), await readFile(path("two.onnx")));
  });

  it("goes on after close, and keeps weights apart when asked", async () => {
    const m = await trace(new Residual().eval(), image);
    await m.close();
    await m.save(path("closed.onnx"), { externalData: true });
    await using again = await load(path("closed.onnx"));
    assert.deepEqual(again.graph.inputs[0]?.name, "x");
    await m.save(path("closed-fused.onnx"), { target: "onnxruntime" });
  });
});

describe("changing the engine", () => {
  const image = randn([1, 3, 8, 8], { seed: 2 });

  it("gives a module that shares the graph, checked there, closed by itself", async () => {
    const net = new nn.Sequential(new nn.Conv2d(3, 4, 3), new nn.ReLU()).eval();
    await using m = await trace(net, image);
    const reference = await m.withEngine("interpreter");
    assert.equal(reference.engine, "interpreter");
    assert.equal(reference.graph, m.graph);
    assert.deepEqual(
      [...new Set(reference.certificate.rows.map((r) => `${r.graph} on ${r.engine}`))],
      ["traced on interpreter", "portable on interpreter"],
    );
    assert.ok((await difference(m, reference, image)) < 1e-6);
    await reference.close();
    await failsWith(() => reference.run(image), "ModuleClosed");
    await m.run(image);
  });

  it("works from a closed module, and checks the name and the options", async () => {
    const m = await trace(relu, tensor([1, -1]), { engine: "interpreter" });
    await m.close();
    await using native = await m.withEngine("onnxruntime", { threads: 1 });
    assert.deepEqual((await native.run(tensor([3, -3]))).toArray(), [3, 0]);
    assert.match(String(native.report), /lowered\s+onnxruntime/);
    await failsWith(() => m.withEngine("tpu" as never), "InvalidArgument", /`engine`.*"tpu"/);
    await failsWith(() => m.withEngine("onnxruntime", { threads: 0 }), "InvalidArgument", /`threads`.*integer from 1.*got 0/);
    await failsWith(() => m.withEngine("onnxruntime", { thread: 2 } as never), "UnknownOption", /`thread`/, /Did you mean `threads`/);
  });
});
