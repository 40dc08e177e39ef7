// Small models as messages, for tests of import and export.

import type { Graph } from "../../src/ir/graph.ts";
import { encodeToBytes } from "../../src/onnx/encode.ts";
import { graphFromBytes } from "../../src/onnx/read-file.ts";
import {
  type AttributeProto,
  attributeTypes,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from "../../src/onnx/schema.ts";
import { storageToTensor } from "../../src/onnx/tensor-proto.ts";
import { registry } from "../../src/ops/registry.ts";
import { runGraph } from "../../src/ops/run-graph.ts";
import { Storage } from "../../src/tensor/storage.ts";

type Plain = bigint | number | string | readonly bigint[] | readonly number[] | readonly string[] | Storage | GraphProto;

/** An attribute: bigints are ints, numbers are floats. */
export function attribute(name: string, value: Plain): AttributeProto {
  if (typeof value === "bigint") return { name, type: attributeTypes.int, i: value };
  if (typeof value === "number") return { name, type: attributeTypes.float, f: value };
  if (typeof value === "string") return { name, type: attributeTypes.string, s: Buffer.from(value) };
  if (value instanceof Storage) return { name, type: attributeTypes.tensor, t: storageToTensor(value) };
  if (!Array.isArray(value)) return { name, type: attributeTypes.graph, g: value as GraphProto };
  if (typeof value[0] === "bigint") return { name, type: attributeTypes.ints, ints: value as bigint[] };
  if (typeof value[0] === "string") return { name, type: attributeTypes.strings, strings: (value as string[]).map((s) => Buffer.from(s)) };
  return { name, type: attributeTypes.floats, floats: value as number[] };
}

/** `node("Add", ["a", "b"], ["c"])` */
export function node(
  opType: string,
  input: readonly string[],
  output: readonly string[],
  attributes: Readonly<Record<string, Plain>> = {},
  domain?: string,
): NodeProto {
  return { opType, input, output, attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)), domain };
}

/** `value("x", ["n", 2])`: float32 unless told otherwise. */
export function value(name: string, shape: readonly (number | string)[], elemType = 1): ValueInfoProto {
  const dim = shape.map((d) => (typeof d === "number" ? { dimValue: BigInt(d) } : { dimParam: d }));
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}

export const float32 = (shape: number[], ...values: number[]) => Storage.from("float32", values, shape);
export const int64 = (shape: number[], ...values: number[]) => Storage.from("int64", values, shape);

export interface ModelParts {
  readonly inputs?: readonly ValueInfoProto[];
  readonly outputs: readonly ValueInfoProto[];
  readonly nodes: readonly NodeProto[];
  readonly initializers?: Readonly<Record<string, Storage>>;
  readonly tensors?: readonly TensorProto[];
  readonly opset?: number;
  readonly irVersion?: number;
}

export function model(
  { inputs = [], outputs, nodes, initializers = {}, tensors = [], opset = 17, irVersion = 8 }: ModelParts,
  more: ModelProto = {},
): ModelProto {
  const initializer = [...Object.entries(initializers).map(([name, storage]) => storageToTensor(storage, name)), ...tensors];
  return {
    irVersion,
    opsetImport: [{ domain: "", version: opset }],
    graph: { name: "g", input: inputs, output: outputs, node: nodes, initializer },
    ...more,
  };
}

/** Imports through bytes, as a file would be. */
export function imported(proto: ModelProto): Graph {
  return graphFromBytes(encodeToBytes("ModelProto", proto), registry, "m.onnx");
}

/** Runs an imported model; gives shapes and plain numbers. */
export function evaluate(proto: ModelProto, ...inputs: Storage[]): { shape: readonly number[]; values: number[] }[] {
  return runGraph(imported(proto), inputs).map((output) => {
    const storage = output as Storage;
    return { shape: storage.shape, values: storage.toNumbers() };
  });
}
