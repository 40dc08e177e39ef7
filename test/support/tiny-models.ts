// Small ONNX models for engine tests, encoded with the onnx-proto package: an encoder that shares nothing with ours.
import onnxProto from "onnx-proto";

const { onnx } = onnxProto;

export interface TinyValue {
  readonly name: string;
  readonly dtype: number;
  /** Strings are symbolic sizes. */
  readonly shape: readonly (number | string)[];
}
export interface TinyNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, number | readonly number[]>>;
}
export interface TinyInitializer {
  readonly name: string;
  readonly dtype: number;
  readonly shape: readonly number[];
  /** Absent: the model says that the elements are external. */
  readonly bytes?: Uint8Array;
  /** The file of external elements. */
  readonly location?: string;
}

/** The bytes of a model of opset 17. */
export function tinyModel(graph: {
  readonly inputs: readonly TinyValue[];
  readonly outputs: readonly TinyValue[];
  readonly nodes: readonly TinyNode[];
  readonly initializers?: readonly TinyInitializer[];
}): Uint8Array {
  const model = onnx.ModelProto.create({
    irVersion: 8,
    opsetImport: [{ domain: "", version: 17 }],
    graph: {
      name: "tiny",
      input: graph.inputs.map(valueInfo),
      output: graph.outputs.map(valueInfo),
      node: graph.nodes.map(node),
      initializer: (graph.initializers ?? []).map(initializer),
    },
  });
  return onnx.ModelProto.encode(model).finish();
}

function valueInfo({ name, dtype, shape }: TinyValue) {
  const dim = shape.map((d) => (typeof d === "number" ? { dimValue: d } : { dimParam: d }));
  return { name, type: { tensorType: { elemType: dtype, shape: { dim } } } };
}

function node({ op, inputs, outputs, attributes }: TinyNode) {
  const attribute = Object.entries(attributes ?? {}).map(([name, v]) =>
    typeof v === "number"
      ? { name, i: v, type: onnx.AttributeProto.AttributeType.INT }
      : { name, ints: [...v], type: onnx.AttributeProto.AttributeType.INTS },
  );
  return { opType: op, name: outputs[0] ?? op, input: [...inputs], output: [...outputs], attribute };
}

function initializer({ name, dtype, shape, bytes, location = "lent.bin" }: TinyInitializer) {
  const common = { name, dataType: dtype, dims: [...shape] };
  if (bytes) return { ...common, rawData: bytes };
  return { ...common, dataLocation: 1, externalData: [{ key: "location", value: location }] };
}
