// Models that take, hold or give sequences, optionals and maps.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { type EngineName, load, type NestedArray, Tensor, tensor, trace, verifyCertificate, verifyFiles } from "../../src/index.ts";
import { Graph } from "../../src/ir/graph.ts";
import { tensorType, type ValueType } from "../../src/ir/type.ts";
import { encodeToBytes } from "../../src/onnx/encode.ts";
import { exportModel } from "../../src/onnx/export.ts";
import { registry } from "../../src/ops/registry.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { onnxruntime } from "../support/on-onnxruntime.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const anyRows: ValueType = { kind: "sequence", element: tensorType("float32") };
const scores: ValueType = { kind: "map", key: "string", value: tensorType("float32", []) };

describe("a loaded model with containers", () => {
  const inFolder = temporaryFolder();

  function write(build: (graph: Graph) => void, name = "m.onnx"): string {
    const graph = new Graph(registry, "containers");
    build(graph);
    const path = inFolder(name);
    writeFileSync(path, encodeToBytes("ModelProto", exportModel(graph).model));
    return path;
  }
  /** Tensors as nested arrays, in whatever they stand. */
  const plain = (value: unknown): unknown => {
    if (value instanceof Tensor) return value.toArray() satisfies NestedArray | number;
    return Array.isArray(value) ? value.map(plain) : value;
  };

  const zipMap = (attributes: object) =>
    write((graph) => {
      const x = graph.addInput("x", tensorType("float32", [2, 2]));
      graph.setOutputs([graph.add("ai.onnx.ml.ZipMap", [x], { ...attributes }).output], ["scores"]);
    });
  const reversed = () =>
    write((graph) => {
      const xs = graph.addInput("xs", anyRows);
      const at = (i: number) => graph.add("SequenceAt", [xs, graph.addInitializer(Storage.from("int64", [i], []))]).output;
      graph.setOutputs([graph.add("SequenceConstruct", [at(-1), at(0)]).output], ["ys"]);
    });
  const vectorizer = () =>
    write((graph) => {
      const m = graph.addInput("m", scores);
      graph.setOutputs([graph.add("ai.onnx.ml.DictVectorizer", [m], { string_vocabulary: ["a", "b", "z"] }).output], ["row"]);
    });
  const orDefault = () =>
    write((graph) => {
      const type = tensorType("float32", [2]);
      const x = graph.addInput("x", { kind: "optional", element: type });
      const branch = (name: string, build: (g: Graph) => void) => {
        const g = new Graph(registry, name, graph);
        build(g);
        return g;
      };
      const given = graph.add("OptionalHasElement", [x]).output;
      const then = branch("given", (g) => g.setOutputs([g.add("OptionalGetElement", [x]).output]));
      const otherwise = branch("absent", (g) =>
        g.setOutputs([g.add("Identity", [g.addInitializer(Storage.from("float32", [7, 8], [2]))]).output]),
      );
      graph.setOutputs([graph.add("If", [given], { then_branch: then, else_branch: otherwise }).output], ["y"]);
    });

  it("runs what keeps them inside", async () => {
    const path = write((graph) => {
      const x = graph.addInput("x", tensorType("float32", [2, 3]));
      const parts = graph.add("SplitToSequence", [x], { keepdims: 0 }).output;
      graph.setOutputs([graph.add("ConcatFromSequence", [parts], { axis: 1, new_axis: 1 }).output], ["y"]);
    });
    await using module = await load(path, { engine: "interpreter" });
    const y = await module.run(
      tensor([
        [1, 2, 3],
        [4, 5, 6],
      ]),
    );
    assert.deepEqual(plain(y), [
      [1, 4],
      [2, 5],
      [3, 6],
    ]);
  });

  const engines: readonly EngineName[] = ["interpreter", "onnxruntime"];
  for (const engine of engines)
    describe(`on ${engine}`, () => {
      before(async function () {
        if (engine === "onnxruntime" && !(await onnxruntime())) this.skip();
      });

      it("gives the maps of a ZipMap, by the words or the numbers of the classes", async () => {
        const x = tensor([
          [0.25, 0.75],
          [1, 0],
        ]);
        await using words = await load(zipMap({ classlabels_strings: ["dog", "cat"] }), { engine });
        assert.deepEqual(await words.run(x), [
          new Map([
            ["dog", 0.25],
            ["cat", 0.75],
          ]),
          new Map([
            ["dog", 1],
            ["cat", 0],
          ]),
        ]);
        await using numbers = await load(zipMap({ classlabels_int64s: [7, -1] }), { engine });
        assert.deepEqual(await numbers.run(x), [
          new Map([
            [7, 0.25],
            [-1, 0.75],
          ]),
          new Map([
            [7, 1],
            [-1, 0],
          ]),
        ]);
      });

      it("takes and gives a sequence as an array, whose tensors may differ in size", async () => {
        await using module = await load(reversed(), { engine });
        const ys = await module.run([[tensor([1, 2]), tensor([9]), tensor([3, 4, 5])]]);
        assert.deepEqual(plain(ys), [
          [3, 4, 5],
          [1, 2],
        ]);
        assert.deepEqual(plain(module.forward([tensor([1]), tensor([2])])), [[2], [1]]);
      });

      it("takes a map as a Map", async () => {
        await using module = await load(vectorizer(), { engine });
        const given = new Map([
          ["z", 3],
          ["a", 1],
          ["unknown", 5],
        ]);
        assert.deepEqual(plain(await module.run(given)), [[1, 0, 3]]);
      });

      it("takes an optional that is there as what it holds", async () => {
        await using module = await load(orDefault(), { engine });
        assert.deepEqual(plain(await module.run(tensor([1, 2]))), [1, 2]);
      });

      it("gives null for an optional that holds nothing, and else what it holds", async () => {
        const optional = (type: object, inputs: (graph: Graph) => Parameters<Graph["add"]>[1]) =>
          write((graph) => graph.setOutputs([graph.add("Optional", inputs(graph), { ...type }).output], ["y"]));
        const here = optional({}, (graph) => [graph.addInput("x", tensorType("float32", [2]))]);
        await using present = await load(here, { engine });
        assert.deepEqual(plain(await present.run(tensor([1, 2]))), [1, 2]);
        await using absent = await load(
          optional({ type: tensorType("float32", [2]) }, () => []),
          { engine },
        );
        assert.equal(await absent.run([]), null);
      });

      it("is saved with a certificate that is replayed, and loads again", async () => {
        for (const path of [zipMap({ classlabels_strings: ["dog", "cat"] }), reversed(), vectorizer(), orDefault()]) {
          await using module = await load(path, { engine });
          const saved = inFolder("saved.onnx");
          await module.save(saved);
          const { ok, rows } = await verifyCertificate(saved, { engines: [engine] });
          assert.ok(ok, JSON.stringify(rows));
          const { ok: same, rows: compared } = await verifyFiles(path, saved, { engines: [engine] });
          assert.ok(same, JSON.stringify(compared));
          await using again = await load(saved, { engine });
          assert.deepEqual(again.signature, module.signature);
        }
      });
    });

  it("takes an absent optional on the interpreter; ONNX Runtime says which input it cannot be given", async () => {
    await using module = await load(orDefault(), { engine: "interpreter" });
    assert.deepEqual(plain(await module.run(null as never)), [7, 8]);
    assert.deepEqual(plain(await module.run([undefined])), [7, 8]);
    assert.deepEqual(plain(await module.run([])), [7, 8]);
    if (!(await onnxruntime())) return;
    await using other = await module.withEngine("onnxruntime");
    await assert.rejects(other.run([null]), { code: "EngineUnsupportedValue", summary: /input `x`: .* an absent optional/ });
  });

  it("is checked with its optionals absent too, where it can do without and the engine can be told so", async function () {
    if (!(await onnxruntime())) return this.skip();
    const absent = "random, optionals absent";
    await using module = await load(orDefault(), { engine: "onnxruntime" });
    const checked = (m: typeof module) => m.certificate.rows.filter((r) => r.case === absent).map((r) => r.engine);
    assert.deepEqual(checked(module), ["interpreter"]);
    assert.match(String(module.report), /note: the case "random, optionals absent" was not checked on onnxruntime: .* \(input x\)/);
    await using own = await load(orDefault(), { engine: "interpreter" });
    assert.deepEqual(checked(own), ["interpreter"]);
    assert.ok(!own.certificate.failedCheckIgnored);
    await using moved = await own.withEngine("onnxruntime");
    assert.ok(!moved.certificate.failedCheckIgnored);
    assert.match(String(moved.report), /was not checked on onnxruntime/);
    const needed = write((graph) => {
      const x = graph.addInput("x", { kind: "optional", element: tensorType("float32", [2]) });
      graph.setOutputs([graph.add("OptionalGetElement", [x]).output], ["y"]);
    });
    await using strict = await load(needed, { engine: "interpreter" });
    assert.deepEqual(checked(strict), []);
  });

  it("says which entry of an argument is wrong, and what it should be", async () => {
    await using sequence = await load(reversed(), { engine: "interpreter" });
    const wrong = async (inputs: unknown, code: string, summary: RegExp) => assert.rejects(sequence.run(inputs), { code, summary });
    await wrong([tensor([1]), tensor([2])], "InputCount", /takes 1 argument \(xs\), got 2/);
    await wrong([tensor([1])], "InputKind", /input xs of containers .* expected an array, with one entry per value of the sequence/);
    await wrong([[tensor([1]), 5]], "InputKind", /input xs\.1 of containers is .*, expected a tensor/);
    await wrong([[tensor([1]), tensor([1], { dtype: "int64" })]], "InputDType", /input xs\.1 of containers is int64, expected float32/);
    await using map = await load(vectorizer(), { engine: "interpreter" });
    await assert.rejects(map.run([{ a: 1 }]), { code: "InputKind", summary: /expected a Map from string to float32/ });
    await assert.rejects(map.run(new Map([[1, 1]]) as never), {
      code: "InputKind",
      summary: /input m, key of containers is .* expected string/,
    });
    await assert.rejects(map.run(new Map([["a", "b"]]) as never), {
      code: "InputKind",
      summary: /input m\.a of containers is .* expected float32/,
    });
  });

  it("takes a sequence of no tensors on both engines", async () => {
    const path = write((graph) => {
      const xs = graph.addInput("xs", anyRows);
      graph.setOutputs([graph.add("SequenceLength", [xs]).output], ["n"]);
    });
    await using module = await load(path);
    const one = tensor([1]);
    for (const [xs, n] of [
      [[], 0],
      [[one, one], 2],
      [[], 0],
    ] as const)
      assert.equal(((await module.run([xs])) as Tensor).item(), n);
    await using interpreter = await module.withEngine("interpreter");
    assert.equal(((await interpreter.run([[]])) as Tensor).item(), 0);
  });

  it("cannot be part of a recording, which names the value", async () => {
    await using module = await load(zipMap({ classlabels_strings: ["dog", "cat"] }), { engine: "interpreter" });
    const model = (x: Tensor) => {
      module.forward(x);
      return x.neg();
    };
    await assert.rejects(
      trace(
        model,
        tensor([
          [1, 2],
          [3, 4],
        ]),
      ),
      {
        code: "ContainerNotTraceable",
        summary: /its output scores is of type seq\(map\(string,float\)\)/,
      },
    );
  });

  it("has no form as code where an operator takes or gives something else than tensors", async () => {
    await using module = await load(reversed(), { engine: "interpreter" });
    assert.throws(() => module.code, { code: "CodeNotExpressible", summary: /SequenceAt cannot be written as code: .* type seq\(float/ });
  });

  it("is compared value by value: a map with another number, or a sequence with another length, differs", async () => {
    const one = zipMap({ classlabels_strings: ["dog", "cat"] });
    const [first, second] = [inFolder("a.onnx"), inFolder("b.onnx")];
    const variant = (path: string, labels: readonly string[], rowCount: number) =>
      write((graph) => {
        const x = graph.addInput("x", tensorType("float32", [2, 2]));
        const part = graph.add("Slice", [x, ...[0, rowCount].map((n) => graph.addInitializer(Storage.from("int64", [n], [1])))]).output;
        graph.setOutputs([graph.add("ai.onnx.ml.ZipMap", [part], { classlabels_strings: labels }).output], ["scores"]);
      }, path.split("/").at(-1));
    variant(first, ["cat", "dog"], 2);
    variant(second, ["dog", "cat"], 1);
    const problem = async (other: string) =>
      (await verifyFiles(zipMap({ classlabels_strings: ["dog", "cat"] }), other, { engines: ["interpreter"], runs: 1 })).rows[0]?.problem;
    assert.match((await problem(first)) ?? "", /^scores\.0\.values: error/);
    assert.match((await problem(second)) ?? "", /^scores\.length: element 0 is 1, expected 2/);
    assert.equal(await problem(one), undefined);
  });
});
