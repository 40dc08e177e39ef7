import assert from "node:assert/strict";
import onnxProto from "onnx-proto";
import { symbol, unknownDim } from "../../src/ir/dim.ts";
import { Graph } from "../../src/ir/graph.ts";
import { tensorType } from "../../src/ir/type.ts";
import { decodeModel } from "../../src/onnx/decode.ts";
import { encodeToBytes } from "../../src/onnx/encode.ts";
import { exportModel } from "../../src/onnx/export.ts";
import { importModel } from "../../src/onnx/import.ts";
import { registry } from "../../src/ops/registry.ts";
import { runGraph } from "../../src/ops/run-graph.ts";
import { allDTypes, type DType, dtypeInfo } from "../../src/tensor/dtype.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { float32, int64 } from "../support/onnx-models.ts";

const { onnx } = onnxProto;
/** What another reader of ONNX sees. */
const seen = (graph: Graph) =>
  onnx.ModelProto.toObject(onnx.ModelProto.decode(encodeToBytes("ModelProto", exportModel(graph).model)), { longs: Number });
const opsetOf = (graph: Graph) => exportModel(graph).model.opsetImport?.find((o) => o.domain === "")?.version;

describe("exporting a graph", () => {
  it("writes names, types, symbolic sizes, attributes and constants as other readers see them", () => {
    const graph = new Graph(registry, "net");
    const x = graph.addInput("x", tensorType("float32", [symbol("batch"), 2]));
    const w = graph.addInitializer(float32([2, 3], 1, 2, 3, 4, 5, 6), "fc.weight");
    const h = graph.add("MatMul", [x, w]).output;
    graph.setOutputs([graph.add("LeakyRelu", [h], { alpha: 0.5 }).output], ["y"]);
    const model = seen(graph);
    assert.equal(model.graph.name, "net");
    assert.equal(model.producerName, "ingot");
    assert.deepEqual(model.graph.input[0].type.tensorType, { elemType: 1, shape: { dim: [{ dimParam: "batch" }, { dimValue: 2 }] } });
    assert.deepEqual(model.graph.output[0].type.tensorType.shape.dim, [{ dimParam: "batch" }, { dimValue: 3 }]);
    assert.deepEqual(
      model.graph.initializer.map((t: { name: string; dims: number[] }) => [t.name, t.dims]),
      [["fc.weight", [2, 3]]],
    );
    assert.deepEqual(
      model.graph.node.map((n: { opType: string; input: string[] }) => [n.opType, n.input]),
      [
        ["MatMul", ["x", "fc.weight"]],
        ["LeakyRelu", ["matmul"]],
      ],
    );
    const [alpha] = model.graph.node[1].attribute;
    assert.deepEqual([alpha.name, alpha.f, alpha.type], ["alpha", 0.5, 1]);
  });

  it("writes every kind of attribute and every dtype so that onnx-proto reads it, and writes the same again", () => {
    const graph = new Graph(registry, "all");
    const x = graph.addInput("x", tensorType("float32", [1, 2, 4, 4]));
    const yes = graph.addInput("yes", tensorType("bool", []));
    const w = graph.addInitializer(Storage.from("float32", new Array<number>(36).fill(0.5), [2, 2, 3, 3]), "w");
    const conv = graph.add("Conv", [x, w], { auto_pad: "SAME_UPPER", dilations: [1, 1], group: 1 }).output;
    const branch = (alpha: number) => {
      const body = new Graph(registry, `branch${alpha}`, graph);
      body.setOutputs([body.add("LeakyRelu", [conv], { alpha }).output], ["b"]);
      return body;
    };
    const chosen = graph.add("If", [yes], { then_branch: branch(0.5), else_branch: branch(0.25) }).output;
    const constants = [
      graph.add("Constant", [], { value_floats: [1, 2.5] }).output,
      graph.add("Constant", [], { value_strings: ["a", "größer"] }).output,
      graph.add("Constant", [], { value: int64([2], 7, -7) }).output,
    ];
    const known = allDTypes.filter((dtype) => dtypeInfo(dtype).onnx <= 16);
    const held = known.map((dtype) => graph.addInitializer(Storage.from(dtype, [1, 0, 1], [3]), `held_${dtype}`));
    graph.setOutputs([chosen, ...constants, ...held]);
    const bytes = encodeToBytes("ModelProto", exportModel(graph).model);
    const rewritten = onnx.ModelProto.encode(onnx.ModelProto.decode(bytes)).finish();
    assert.deepEqual(decodeModel(rewritten, "m"), decodeModel(bytes, "m"));
    const Type = onnx.AttributeProto.AttributeType;
    const kinds = onnx.ModelProto.decode(bytes).graph?.node?.flatMap((n) => n.attribute?.map((a) => a.type) ?? []);
    for (const kind of [Type.STRING, Type.INTS, Type.GRAPH, Type.FLOATS, Type.STRINGS, Type.TENSOR]) assert.ok(kinds?.includes(kind));
    assert.equal(onnx.ModelProto.decode(bytes).graph?.initializer?.length, known.length + 1);
    const back = importModel(decodeModel(bytes, "m"), { schemas: registry, file: "m" });
    const inputs = [
      Storage.from(
        "float32",
        Array.from({ length: 32 }, (_, i) => i - 16),
        [1, 2, 4, 4],
      ),
      Storage.from("bool", [0], []),
    ];
    const values = (g: Graph) => runGraph(g, inputs).map((v) => v instanceof Storage && [v.dtype, v.shape, v.dense()]);
    assert.deepEqual(values(back), values(graph));
  });

  it("writes the same bytes again after reading them, outputs that are constants included", () => {
    const graph = new Graph(registry, "net");
    const c = graph.addInitializer(float32([2], 1, 2), "c");
    graph.setOutputs([c, graph.add("Identity", [c]).output], ["first", "second"]);
    const bytes = encodeToBytes("ModelProto", exportModel(graph).model);
    const again = importModel(decodeModel(bytes, "m.onnx"), { schemas: registry, file: "m.onnx" });
    assert.deepEqual(encodeToBytes("ModelProto", exportModel(again).model), bytes);
  });

  it("shares the memory of constants", () => {
    const graph = new Graph(registry);
    const data = new Float32Array(10_000);
    graph.setOutputs([graph.add("Neg", [graph.addInitializer(Storage.of("float32", data, [10_000]), "w")]).output], ["y"]);
    assert.equal(exportModel(graph).model.graph?.initializer?.[0]?.rawData?.buffer, data.buffer);
  });

  it("asks for no newer opset than operators, their use and their dtypes need", () => {
    const unary = (op: string, dtype: DType) => {
      const graph = new Graph(registry);
      graph.setOutputs([graph.add(op, [graph.addInput("x", tensorType(dtype, [2]))]).output], ["y"]);
      return opsetOf(graph);
    };
    assert.equal(unary("Relu", "float32"), 7); // Relu has had its form since 6, but runtimes take no opset below 7
    assert.equal(unary("Relu", "int64"), 14);
    assert.equal(unary("Relu", "bfloat16"), 13);
    assert.equal(unary("Softmax", "float32"), 13);
    assert.equal(unary("Identity", "float8e5m2"), 19);
    assert.equal(unary("Transpose", "float8e5m2"), 21);
    assert.equal(unary("Transpose", "int4"), 21);
    assert.equal(unary("Identity", "float4e2m1"), 23);
    assert.equal(unary("Identity", "float8e8m0"), 24);
    assert.equal(unary("Identity", "uint2"), 25);
    const graph = new Graph(registry);
    graph.setOutputs([graph.add("Relu", [graph.addInput("x", tensorType("float32", [2]))]).output], ["y"]);
    assert.equal(exportModel(graph, { opset: 17 }).model.opsetImport?.[0]?.version, 17);
    assert.equal(exportModel(graph, { opset: 17 }).model.irVersion, 8);
  });

  it("imports another domain only when it is used", () => {
    const graph = new Graph(registry);
    const x = graph.addInput("x", tensorType("float32", [2]));
    const relu = graph.add("Relu", [x]).output;
    graph.setOutputs([relu], ["y"]);
    assert.deepEqual(
      exportModel(graph).model.opsetImport?.map((o) => o.domain),
      [""],
    );
    graph.setOutputs([graph.add("com.microsoft.Gelu", [relu]).output], ["y"]);
    assert.deepEqual(
      exportModel(graph)
        .model.opsetImport?.map((o) => o.domain)
        .sort(),
      ["", "com.microsoft"],
    );
  });

  it("ties an output that is an input, a constant or another output by an Identity", () => {
    const graph = new Graph(registry);
    const x = graph.addInput("x", tensorType("float32", [1]));
    const y = graph.add("Neg", [x]).output;
    graph.setOutputs([y, y, x, graph.addInitializer(float32([1], 5), "c")], ["a", "b", "same", "five"]);
    const model = exportModel(graph).model;
    assert.deepEqual(
      model.graph?.output?.map((o) => o.name),
      ["a", "b", "same", "five"],
    );
    const ops = (model.graph?.node ?? []).map((n) => n.opType);
    assert.deepEqual(ops, ["Neg", "Identity", "Identity", "Identity"]);
  });

  it("writes both slots of a Loop that has a count and nothing else, as ONNX Runtime wants them", () => {
    const graph = new Graph(registry);
    const body = new Graph(registry, "body", graph);
    const i = body.addInput("i", tensorType("int64", []));
    const going = body.addInput("going", tensorType("bool", []));
    body.setOutputs([body.add("Identity", [going]).output, body.add("Neg", [i]).output], ["on", "turn"]);
    const count = graph.addInput("count", tensorType("int64", []));
    graph.setOutputs(graph.add("Loop", [count], { body }, { outputCount: 1 }).outputs, ["turns"]);
    assert.deepEqual(exportModel(graph).model.graph?.node?.[0]?.input, ["count", ""]);
  });

  it("does not leak names of unknown sizes, so that bytes are the same each time", () => {
    const bytes = () => {
      const graph = new Graph(registry);
      const x = graph.addInput("x", tensorType("float32", [unknownDim(), 2]));
      graph.setOutputs([graph.add("Flatten", [x], { axis: 0 }).output], ["y"]);
      return encodeToBytes("ModelProto", exportModel(graph).model);
    };
    assert.deepEqual(bytes(), bytes());
    assert.ok(!Buffer.from(bytes()).includes("unk__"));
  });

  it("keeps provenance and metadata through a file", () => {
    const graph = new Graph(registry);
    graph.metadata.set("ingot.certificate", "{}");
    const provenance = [{ source: { file: "a:b.ts", line: 3, column: 7 }, scope: "layer1.0" }, { scope: "layer1.1" }];
    graph.setOutputs([graph.add("Relu", [graph.addInput("x", tensorType("float32", [1]))], {}, { provenance }).output], ["y"]);
    const back = importModel(decodeModel(encodeToBytes("ModelProto", exportModel(graph).model), "m"), { schemas: registry, file: "m" });
    assert.deepEqual([...back.metadata], [["ingot.certificate", "{}"]]);
    assert.deepEqual([...back.nodes()][0]?.provenance, [provenance[0], { source: undefined, scope: "layer1.1" }]);
  });

  it("hands large constants over apart from the model when asked", () => {
    const graph = new Graph(registry);
    const big = graph.addInitializer(Storage.of("float32", new Float32Array(1000), [1000]), "big");
    const shape = graph.addInitializer(int64([1], 1000), "shape");
    graph.setOutputs([graph.add("Reshape", [big, shape]).output], ["y"]);
    const { model, lent } = exportModel(graph, { lend: (s) => s.byteSize > 100 });
    assert.deepEqual([...lent.keys()], ["big"]);
    assert.equal(lent.get("big"), big.storage);
    assert.deepEqual(
      model.graph?.initializer?.map((t) => [t.name, t.dataLocation, t.rawData?.length]),
      [
        ["big", 1, undefined],
        ["shape", undefined, 8],
      ],
    );
  });
});
