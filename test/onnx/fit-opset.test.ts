import assert from "node:assert/strict";
import { OrtSession } from "../../src/engines/onnxruntime/session.ts";
import { IngotError } from "../../src/errors/error.ts";
import { symbol } from "../../src/ir/dim.ts";
import { Graph, type Value } from "../../src/ir/graph.ts";
import type { Attributes } from "../../src/ir/schema.ts";
import { tensorType } from "../../src/ir/type.ts";
import { verifyGraph } from "../../src/ir/verify.ts";
import { decodeModel } from "../../src/onnx/decode.ts";
import { encodeToBytes } from "../../src/onnx/encode.ts";
import { type ExportOptions, exportModel } from "../../src/onnx/export.ts";
import { importModel } from "../../src/onnx/import.ts";
import { registry } from "../../src/ops/registry.ts";
import { runGraph } from "../../src/ops/run-graph.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { int64 } from "../support/onnx-models.ts";

/** One operator on `x: float32[batch, 4, 3]`. */
function oneNode(op: string, constants: readonly Storage[] = [], attributes: Attributes = {}, line = 1): Graph {
  const graph = new Graph(registry, "net");
  const x = graph.addInput("x", tensorType("float32", [symbol("batch"), 4, 3]));
  const inputs = [x, ...constants.map((c, i) => graph.addInitializer(c, `c${i}`))];
  const provenance = [{ source: { file: "model.ts", line, column: 5 } }];
  graph.setOutputs([graph.add(op, inputs, attributes, { provenance, names: ["y"] }).output], ["y"]);
  return graph;
}

const defaultOpset = (graph: Graph, options: ExportOptions) => Number(exportModel(graph, options).model.opsetImport?.[0]?.version);
const bytesAt = (graph: Graph, options: ExportOptions) => encodeToBytes("ModelProto", exportModel(graph, options).model);
const x = Storage.from(
  "float32",
  Array.from({ length: 24 }, (_, i) => ((i * 7) % 24) / 4 - 3),
  [2, 4, 3],
);
const ones = (n: number) => Storage.from("float32", new Array<number>(n).fill(1.5), [n]);

/** Newer operator, the opset it came with, and an older one that it must fit. */
const cases: readonly (readonly [op: string, since: number, max: number, constants: readonly Storage[], attributes: Attributes])[] = [
  ["Gelu", 20, 13, [], {}],
  ["Gelu", 20, 13, [], { approximate: "tanh" }],
  ["HardSwish", 14, 13, [], {}],
  ["Mish", 18, 13, [], {}],
  ["Swish", 24, 13, [], { alpha: 0.5 }],
  ["CastLike", 15, 13, [int64([1], 0)], {}],
  ["LayerNormalization", 17, 13, [ones(3)], {}],
  ["LayerNormalization", 17, 13, [ones(3), ones(3)], { axis: 2 }],
  ["RMSNormalization", 23, 13, [ones(3)], {}],
  ["GroupNormalization", 21, 13, [ones(4), ones(4)], { num_groups: 2 }],
  ["ReduceMean", 18, 13, [int64([2], 1, -1)], { keepdims: 0 }],
  ["ReduceMax", 18, 13, [], {}],
  ["ReduceSum", 13, 11, [int64([1], 1)], {}],
  ["Unsqueeze", 13, 11, [int64([2], 0, -1)], {}],
  ["Shape", 15, 13, [], { start: 1, end: -1 }],
];

describe("writing for an older opset", () => {
  for (const [op, since, max, constants, attributes] of cases)
    it(`says ${op}-${since}${attributes.axis || attributes.approximate ? " with attributes" : ""} at opset ${max}; it computes the same, here and in ONNX Runtime`, async () => {
      const graph = oneNode(op, constants, attributes);
      assert.equal(defaultOpset(graph, {}), since);
      const bytes = bytesAt(graph, { maxOpset: max });
      const back = importModel(decodeModel(bytes, "m"), { schemas: registry, file: "m" });
      assert.ok(defaultOpset(graph, { maxOpset: max }) <= max);
      verifyGraph(back);
      const expected = numbers(runGraph(graph, [x])[0]);
      close(numbers(runGraph(back, [x])[0]), expected);
      const session = await OrtSession.create(bytes, { intraOpThreads: 1 });
      const [y] = await session.run(new Map([["x", { dtype: 1, shape: x.shape, data: x.dense() as Float32Array }]]));
      assert.ok(y && "data" in y);
      close(Array.from(y.data as unknown as ArrayLike<number | bigint>, Number), expected);
      await session.close();
    });

  it("leaves the graph itself as it is", () => {
    const graph = oneNode("Gelu");
    const before = String(graph);
    bytesAt(graph, { maxOpset: 13 });
    assert.equal(String(graph), before);
  });

  it("does so inside the bodies of If and Loop, and keeps the place of each node", () => {
    const graph = new Graph(registry, "net");
    const x = graph.addInput("x", tensorType("float32", [2]));
    const branch = (op: string) => {
      const body = new Graph(registry, "body", graph);
      const provenance = [{ source: { file: "model.ts", line: 7, column: 3 } }];
      body.setOutputs([body.add(op, [body.add("Neg", [x]).output], {}, { provenance }).output], ["y"]);
      return body;
    };
    const yes = graph.addInput("yes", tensorType("bool", []));
    const attributes = { then_branch: branch("HardSwish"), else_branch: branch("Gelu") };
    graph.setOutputs([graph.add("If", [yes], attributes).output], ["y"]);
    const { model } = exportModel(graph, { maxOpset: 13 });
    assert.equal(model.opsetImport?.[0]?.version, 11); // of If
    const nodes = model.graph?.node?.[0]?.attribute?.flatMap((a) => a.g?.node ?? []) ?? [];
    assert.ok(!nodes.some((n) => n.opType === "Gelu" || n.opType === "HardSwish"));
    for (const n of nodes) if (n.opType !== "Neg") assert.equal(n.metadataProps?.[0]?.value, "model.ts:7:3", n.opType);
  });

  it("keeps the constant of an axes attribute when somebody else reads it", () => {
    const graph = new Graph(registry, "net");
    const axes = graph.addInitializer(int64([1], 1), "axes");
    const input = graph.addInput("x", tensorType("float32", [2, 3]));
    const reduce = (op: string): Value => graph.add(op, [input, axes]).output;
    const names = (max: number) => exportModel(graph, { maxOpset: max }).model.graph?.initializer?.map((t) => t.name);
    const mean = reduce("ReduceMean");
    graph.setOutputs([mean, reduce("ReduceSum")], ["a", "b"]);
    assert.deepEqual(names(17), []); // opset 11 says both
    graph.setOutputs([graph.add("Softmax", [mean]).output, reduce("ReduceSum")], ["a", "b"]);
    assert.deepEqual(names(17), ["axes"]); // Softmax needs 13, and ReduceSum-13 reads it
  });

  it("names all nodes that no older opset can say, their lines, and the lowest opset that would do", () => {
    const graph = new Graph(registry, "net");
    const input = graph.addInput("x", tensorType("int32", [2, 2]));
    const at = (line: number) => ({ provenance: [{ source: { file: "model.ts", line, column: 5 }, scope: "mask" }] });
    const flipped = graph.add("BitwiseNot", [input], {}, { ...at(12), names: ["flipped"] }).output;
    graph.setOutputs([graph.add("Trilu", [flipped], {}, at(13)).output], ["y"]);
    assert.throws(
      () => exportModel(graph, { maxOpset: 13 }),
      (error) => {
        assert.ok(error instanceof IngotError && error.code === "OpsetTooLow" && error.name === "UnsupportedOpError");
        assert.match(error.message, /opset 13 of ONNX: 2 of its nodes need a newer one \(BitwiseNot, Trilu\)/);
        assert.match(error.message, /BitwiseNot `flipped` at mask \(model\.ts:12:5\) needs opset 18/);
        assert.match(error.message, /Trilu at mask \(model\.ts:13:5\) needs opset 14/);
        assert.match(error.message, /Opset 18 is the lowest/);
        return true;
      },
    );
    assert.equal(defaultOpset(graph, { maxOpset: 18 }), 18);
  });

  it("takes a version of the format for the opset that came with it", () => {
    const graph = oneNode("Gelu");
    const { model } = exportModel(graph, { maxIrVersion: 7 }); // opset 14
    assert.ok(Number(model.irVersion) <= 7 && Number(model.opsetImport?.[0]?.version) <= 14);
    assert.equal(exportModel(graph, { maxIrVersion: 13 }).model.opsetImport?.[0]?.version, 20);
    assert.equal(exportModel(graph, { maxOpset: 13, opset: 17 }).model.opsetImport?.[0]?.version, 13);
    for (const options of [{ maxOpset: 6 }, { maxIrVersion: 3 }])
      assert.throws(
        () => exportModel(graph, options),
        (e) => e instanceof IngotError && e.code === "InvalidArgument",
      );
  });
});

function numbers(value: unknown): number[] {
  assert.ok(value instanceof Storage);
  return Array.from(value.dense() as ArrayLike<number | bigint>, Number);
}

function close(actual: readonly number[], expected: readonly number[]): void {
  assert.equal(actual.length, expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  actual.forEach((a, i) => {
    assert.ok(Math.abs(a - (expected[i] as number)) <= 1e-5 * largest, `${a} is not ${expected[i]} at ${i}`);
  });
}
