// What a file says beyond what it computes survives import, copies of the graph, and export.
import assert from "node:assert/strict";
import type { Node, Value } from "../../src/ir/graph.ts";
import { cloneGraph } from "../../src/ir/traverse.ts";
import { decodeModel } from "../../src/onnx/decode.ts";
import { encodeToBytes } from "../../src/onnx/encode.ts";
import { exportModel } from "../../src/onnx/export.ts";
import { attributeTypes, type GraphProto, type ModelProto } from "../../src/onnx/schema.ts";
import { storageToTensor } from "../../src/onnx/tensor-proto.ts";
import { runPasses } from "../../src/passes/manager.ts";
import { deadCode } from "../../src/passes/rules/dead-code.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { float32, imported, model, node, value } from "../support/onnx-models.ts";

/** Field 999 of whatever message it is in, a varint: no version of ONNX has it. */
const unknown = (number: number) => [Uint8Array.of(0xb8, 0x3e, number)];
const entry = (text: string) => [{ key: "origin", value: text }];
const said = (text: string, number: number) => ({ docString: text, metadataProps: entry(text), unknown: unknown(number) });

const branch: GraphProto = {
  name: "branch",
  node: [{ ...node("Abs", ["h"], ["b"]), ...said("inner node", 1) }],
  output: [{ ...value("b", [2]), ...said("inner output", 2) }],
  ...said("inner graph", 3),
};
const other: GraphProto = { name: "other", node: [node("Neg", ["h"], ["o"])], output: [value("o", [2])] };
const full: ModelProto = {
  ...model({
    inputs: [{ ...value("x", [2]), ...said("input", 4) }, value("c", [], 9)],
    outputs: [{ ...value("y", [2]), ...said("output", 5) }],
    nodes: [
      { ...node("Add", ["x", "w"], ["h"]), ...said("node", 6) },
      node("If", ["c"], ["y"], { then_branch: branch, else_branch: other }),
    ],
    tensors: [{ ...storageToTensor(float32([2], 1, 2), "w"), ...said("tensor", 7) }],
  }),
  docString: "model",
  domain: "com.example",
  modelVersion: 7n,
  metadataProps: entry("model"),
  unknown: unknown(8),
};
const annotatedGraph = { ...full.graph, valueInfo: [{ ...value("h", [2]), ...said("inner value", 9) }], ...said("graph", 10) };
const file: ModelProto = { ...full, graph: annotatedGraph };

type Said = { readonly docString?: string | undefined; readonly metadataProps?: unknown; readonly unknown?: unknown };
const pick = ({ docString, metadataProps, unknown: rest }: Said = {}) => ({
  docString,
  metadataProps,
  unknown: rest && structuredClone(rest),
});

/** Everything that is said in a model, by place. */
function sayings(written: ModelProto) {
  const graph = written.graph as GraphProto;
  const inner = graph.node?.find((n) => n.opType === "If")?.attribute?.find((a) => a.name === "then_branch")?.g as GraphProto;
  return {
    model: { ...pick(written), domain: written.domain, version: written.modelVersion },
    graph: pick(graph),
    input: pick(graph.input?.[0]),
    output: pick(graph.output?.[0]),
    node: pick(graph.node?.[0]),
    tensor: pick(graph.initializer?.[0]),
    inner: pick(graph.valueInfo?.find((v) => v.name === "h")),
    innerGraph: pick(inner),
    innerNode: pick(inner.node?.[0]),
    innerOutput: pick(inner.output?.[0]),
  };
}

const reread = (proto: ModelProto) => decodeModel(encodeToBytes("ModelProto", proto), "m.onnx");

describe("what a file says beyond what it computes", () => {
  const expected = sayings(reread(file));

  it("is in the test's own file", () => {
    assert.equal(expected.innerNode.docString, "inner node");
    assert.equal(expected.inner.docString, "inner value");
    assert.equal(Object.values(expected).filter((place) => place.unknown !== undefined).length, 10);
  });

  it("survives import and export: doc strings, metadata and unknown fields, in sub-graphs too", () => {
    const written = reread(exportModel(imported(file)).model);
    assert.deepEqual(sayings(written), expected);
    assert.deepEqual(sayings(reread(exportModel(imported(written)).model)), expected);
  });

  it("goes along with a copy of the graph", () => {
    assert.deepEqual(sayings(reread(exportModel(cloneGraph(imported(file)).graph).model)), expected);
  });

  it("stands beside where a node comes from", () => {
    const metadataProps = [...entry("tool"), { key: "scope", value: "layer1" }];
    const proto = model({
      inputs: [value("x", [2])],
      outputs: [value("y", [2])],
      nodes: [{ ...node("Abs", ["x"], ["y"]), metadataProps }],
    });
    const graph = imported(proto);
    assert.deepEqual(graph.firstNode?.provenance, [{ source: undefined, scope: "layer1" }]);
    const written = exportModel(graph).model.graph?.node?.[0]?.metadataProps ?? [];
    assert.deepEqual(
      new Map(written.map(({ key, value: v }) => [key, v])),
      new Map([
        ["origin", "tool"],
        ["scope", "layer1"],
      ]),
    );
  });

  it("goes from a Constant, its tensor and its value to the initializer that stands for it", () => {
    const constant = {
      ...node("Constant", [], ["k"]),
      ...said("constant", 11),
      attribute: [
        {
          name: "value",
          type: attributeTypes.tensor,
          t: {
            ...storageToTensor(float32([2], 1, 2), "t"),
            metadataProps: [...entry("tensor"), { key: "unit", value: "mm" }],
            unknown: unknown(12),
          },
        },
      ],
    };
    const proto = model({ inputs: [value("x", [2])], outputs: [value("y", [2])], nodes: [constant, node("Add", ["x", "k"], ["y"])] });
    const infos = {
      ...proto,
      graph: { ...proto.graph, valueInfo: [{ ...value("k", [2]), metadataProps: [{ key: "last", value: "1" }] }] },
    };
    const written = reread(exportModel(imported(infos)).model);
    const [k] = written.graph?.initializer ?? [];
    assert.deepEqual([k?.name, k?.docString], ["k", "constant"]);
    assert.deepEqual(
      k?.metadataProps?.map((e) => [e.key, e.value]),
      [
        ["origin", "constant"],
        ["unit", "mm"],
        ["last", "1"],
      ],
    );
    // The tensor's unknown field, not the node's.
    assert.deepEqual(structuredClone(k?.unknown), unknown(12));
  });
});

describe("what a file says about how tensors were quantised", () => {
  const annotation = (tensorName: string, scale: string, zero: string) => ({
    tensorName,
    quantParameterTensorNames: [
      { key: "SCALE_TENSOR", value: scale },
      { key: "ZERO_POINT_TENSOR", value: zero },
    ],
  });
  const base = model({
    inputs: [value("x", [2])],
    outputs: [value("y", [2])],
    nodes: [node("Abs", ["x"], ["h"]), node("Exp", ["x"], ["s"]), node("Add", ["h", "s"], ["y"])],
    tensors: [
      storageToTensor(float32([], 0.5), "h_scale"),
      storageToTensor(Storage.from("uint8", [3], []), "h_zero"),
      storageToTensor(Storage.from("uint8", [0], []), "x_zero"),
    ],
  });
  // The scale of x is computed; the last is about nothing.
  const quantizationAnnotation = [
    annotation("x", "s", "x_zero"),
    annotation("h", "h_scale", "h_zero"),
    annotation("gone", "h_scale", "h_zero"),
  ];
  const file: ModelProto = { ...base, graph: { ...base.graph, quantizationAnnotation } };
  const told = (written: ModelProto) => structuredClone(written.graph?.quantizationAnnotation);
  const expected = quantizationAnnotation.slice(0, 2);

  it("survives import, copies and export", () => {
    const graph = imported(reread(file));
    assert.deepEqual(told(reread(exportModel(graph).model)), expected);
    assert.deepEqual(told(reread(exportModel(cloneGraph(graph).graph).model)), expected);
    assert.deepEqual(told(reread(exportModel(graph, { maxOpset: 13 }).model)), expected);
  });

  it("keeps its parameters where a pass drops constants that no node reads, under names that are free", () => {
    const graph = imported(reread(file));
    runPasses(graph, [deadCode]);
    assert.equal(graph.initializers.size, 0);
    (graph.firstNode as Node).output.name = "h_scale";
    const written = reread(exportModel(graph).model);
    const [x, h] = written.graph?.quantizationAnnotation ?? [];
    assert.deepEqual(structuredClone(x), expected[0]);
    assert.equal(h?.tensorName, "h_scale_1");
    assert.deepEqual(
      h?.quantParameterTensorNames?.map((p) => p.value),
      ["h_scale", "h_zero"],
    );
    assert.equal(graph.initializers.size, 0);
    assert.deepEqual(
      written.graph?.initializer?.map((t) => t.name),
      ["x_zero", "h_scale", "h_zero"],
    );
  });

  it("goes with the value that it is about", () => {
    const graph = imported(reread(file));
    const h = (graph.firstNode as Node).output;
    h.replaceAllUsesWith(graph.inputs[0] as Value);
    runPasses(graph, [deadCode]);
    assert.deepEqual(told(reread(exportModel(graph).model)), expected.slice(0, 1));
  });

  it("is the same in sub-graphs, with parameters of the graph around", () => {
    const body: GraphProto = {
      name: "then",
      node: [node("Abs", ["x"], ["b"])],
      output: [value("b", [2])],
      quantizationAnnotation: [annotation("b", "h_scale", "b_zero")],
      initializer: [storageToTensor(Storage.from("uint8", [7], []), "b_zero")],
    };
    const proto = model({
      inputs: [value("x", [2]), value("c", [], 9)],
      outputs: [value("y", [2])],
      nodes: [node("If", ["c"], ["y"], { then_branch: body, else_branch: { ...body, name: "else" } })],
      tensors: [storageToTensor(float32([], 0.5), "h_scale")],
    });
    const written = reread(exportModel(imported(reread(proto))).model);
    const inner = written.graph?.node?.[0]?.attribute?.find((a) => a.name === "then_branch")?.g;
    assert.deepEqual(structuredClone(inner?.quantizationAnnotation), [annotation("b", "h_scale", "b_zero")]);
    assert.deepEqual(
      inner?.initializer?.map((t) => t.name),
      ["b_zero"],
    );
  });
});
