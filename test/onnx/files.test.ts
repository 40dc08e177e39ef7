import assert from "node:assert/strict";
import { chmod, mkdir, readdir, readFile, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { IngotError } from "../../src/errors/error.ts";
import { encodeToBytes } from "../../src/onnx/encode.ts";
import { exportModel } from "../../src/onnx/export.ts";
import { readGraph } from "../../src/onnx/read-file.ts";
import type { TensorProto } from "../../src/onnx/schema.ts";
import { writeModel } from "../../src/onnx/write-file.ts";
import { registry } from "../../src/ops/registry.ts";
import { runGraph } from "../../src/ops/run-graph.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { imported, model, node, value } from "../support/onnx-models.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const code =
  (expected: string, words = /./) =>
  (e: unknown) => {
    assert.ok(e instanceof IngotError, String(e));
    assert.equal(e.code, expected, e.message);
    assert.match(e.message, words);
    return true;
  };

describe("model files", () => {
  const inFolder = temporaryFolder({ eachTest: true });
  let path: string;
  beforeEach(() => {
    path = inFolder("m.onnx");
  });

  const weights = Storage.of(
    "float32",
    Float32Array.from({ length: 1000 }, (_, i) => i),
    [1000],
  );
  const addWeights = () =>
    model({
      inputs: [value("x", [1000])],
      outputs: [value("y", [1000])],
      nodes: [node("Add", ["x", "w"], ["y"])],
      initializers: { w: weights },
    });
  const run = async (file: string) => {
    const graph = await readGraph(file, registry);
    const [y] = runGraph(graph, [Storage.from("float32", new Array<number>(1000).fill(1), [1000])]);
    return (y as Storage).toNumbers().slice(0, 3);
  };

  it("are one file by default, and read back", async () => {
    await writeModel(path, exportModel(imported(addWeights())).model);
    assert.deepEqual(await readdir(inFolder()), ["m.onnx"]);
    assert.deepEqual(await run(path), [1, 2, 3]);
  });

  it("have their tensors beside them, at page boundaries, when asked", async () => {
    const two = model({ outputs: [value("y", [1000])], nodes: [node("Add", ["a", "b"], ["y"])], initializers: { a: weights, b: weights } });
    await writeModel(path, two, { externalData: true });
    assert.deepEqual((await readdir(inFolder())).sort(), ["m.onnx", "m.onnx.data"]);
    assert.ok((await stat(path)).size < 1000);
    assert.equal((await stat(`${path}.data`)).size, 4096 + 4000);
    const [y] = runGraph(await readGraph(path, registry), []);
    assert.deepEqual((y as Storage).toNumbers().slice(0, 3), [0, 2, 4]);
  });

  it("that cannot be written leave nothing behind, and what stood there before", async () => {
    const proto = addWeights();
    await assert.rejects(writeModel(inFolder("no/m.onnx"), proto), code("FileNotWritable", /folder does not exist/));
    await assert.rejects(writeModel(inFolder("m.pt"), proto), code("SaveFormat", /TorchScript/));
    await assert.rejects(writeModel(inFolder("m.txt"), proto), code("SaveFormat", /\.onnx/));
    await mkdir(path);
    await assert.rejects(writeModel(path, proto), code("FileNotWritable"));
    assert.deepEqual(await readdir(inFolder()), ["m.onnx"]);
  });

  it("on a full disk are DiskFull", async function () {
    if (process.platform !== "linux") return this.skip();
    const full = inFolder("full.onnx");
    await symlink("/dev/full", full);
    await assert.rejects(writeModel(full, addWeights()), code("DiskFull"));
  });

  it("that are missing, folders, empty or cut off are refused by name", async () => {
    await assert.rejects(readGraph(path, registry), code("FileNotFound", /m\.onnx/));
    await assert.rejects(readGraph(inFolder(), registry), code("FileNotReadable"));
    await writeFile(path, "");
    await assert.rejects(readGraph(path, registry), code("NotOnnx", /empty/));
    await writeFile(path, encodeToBytes("ModelProto", addWeights()));
    await truncate(path, 3000);
    await assert.rejects(readGraph(path, registry), code("NotOnnx", /announced|break/));
  });

  describe("with external data", () => {
    const external = (entries: Record<string, string>): TensorProto => ({
      name: "w",
      dataType: 1,
      dims: [2n],
      dataLocation: 1,
      externalData: Object.entries(entries).map(([key, v]) => ({ key, value: v })),
    });
    const write = (entries: Record<string, string>, at = path) =>
      writeFile(
        at,
        encodeToBytes(
          "ModelProto",
          model({ outputs: [value("y", [2])], nodes: [node("Neg", ["w"], ["y"])], tensors: [external(entries)] }),
        ),
      );
    const result = async (file = path) => (runGraph(await readGraph(file, registry), [])[0] as Storage).toNumbers();
    const data = new Uint8Array(Float32Array.of(9, 1, 2, 9).buffer);

    it("find it in the model's folder and below, at its place", async () => {
      await mkdir(inFolder("weights"));
      await writeFile(inFolder("weights/w.bin"), data);
      await write({ location: "weights/w.bin", offset: "4", length: "8" });
      assert.deepEqual(await result(), [-1, -2]);
      await writeFile(inFolder("w.bin"), data.subarray(4, 12));
      await write({ location: "w.bin" });
      assert.deepEqual(await result(), [-1, -2]);
    });

    it("may be in several files, each with several tensors", async () => {
      const tensor = (name: string, location: string, offset: number): TensorProto => ({
        ...external({ location, offset: String(offset), length: "8" }),
        name,
      });
      await writeFile(inFolder("a.bin"), new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer));
      await writeFile(inFolder("b.bin"), new Uint8Array(Float32Array.of(100, 200).buffer));
      const tensors = [tensor("a0", "a.bin", 0), tensor("a1", "a.bin", 8), tensor("b", "b.bin", 0)];
      const nodes = [node("Add", ["a0", "a1"], ["h"]), node("Add", ["h", "b"], ["y"])];
      await writeFile(path, encodeToBytes("ModelProto", model({ outputs: [value("y", [2])], nodes, tensors })));
      assert.deepEqual(await result(), [104, 206]);
    });

    it("never leave the folder", async () => {
      const inner = inFolder("inner");
      await mkdir(inner);
      await writeFile(inFolder("secret"), data);
      await symlink(inFolder("secret"), join(inner, "link"));
      const at = join(inner, "m.onnx");
      for (const location of ["../secret", "a/../../secret", "..\\secret", inFolder("secret"), "C:\\secret", "\\\\host\\share"]) {
        await write({ location, length: "8" }, at);
        await assert.rejects(result(at), code("OnnxExternalData", /absolute|leads out/));
      }
      await write({ location: "link", length: "8" }, at);
      await assert.rejects(result(at), code("OnnxExternalData", /link that leads out/));
    });

    it("say what is wrong with their place", async () => {
      await writeFile(inFolder("w.bin"), data);
      await mkdir(inFolder("sub"));
      const cases: [Record<string, string>, string, RegExp][] = [
        [{}, "OnnxExternalData", /in which file/],
        [{ location: "none.bin" }, "FileNotFound", /none\.bin/],
        [{ location: "sub" }, "OnnxExternalData", /not a file/],
        [{ location: "w.bin", offset: "12", length: "8" }, "OnnxExternalData", /has 16/],
        [{ location: "w.bin", offset: "-4", length: "8" }, "OnnxExternalData", /offset is "-4"/],
        [{ location: "w.bin", offset: "99999999999999999999" }, "OnnxExternalData", /offset/],
        [{ location: "w.bin", length: "4" }, "OnnxTensor", /needs 8 bytes, it has 4/],
      ];
      for (const [entries, expected, words] of cases) {
        await write(entries);
        await assert.rejects(result(), code(expected, words));
      }
    });
  });

  it("that may not be read say so", async function () {
    if (process.getuid?.() === 0) return this.skip(); // root reads everything
    await writeFile(path, encodeToBytes("ModelProto", addWeights()));
    await chmod(path, 0);
    await assert.rejects(readGraph(path, registry), code("FileNotReadable", /permission/));
  });

  it("are written the same each time", async () => {
    const bytes = async () => {
      await writeModel(path, exportModel(imported(addWeights())).model);
      return readFile(path);
    };
    assert.deepEqual(await bytes(), await bytes());
  });
});
