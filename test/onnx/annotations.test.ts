// What a file says beyond what it computes survives import, copies of the graph, and export.
import assert from "node:assert/strict";
import { cloneGraph } from "../../src/ir/traverse.ts";
import { decodeModel } from "../../src/onnx/decode.ts";
import { encodeToBytes } from "../../src/onnx/encode.ts";
import { exportModel } from "../../src/onnx/export.ts";
import type { GraphProto, ModelProto } from "../../src/onnx/schema.ts";
import { storageToTensor } from "../../src/onnx/tensor-proto.ts";
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
});
