// ONNX's messages as one table: for each field its number on the wire and its kind. It covers IR version 13 and onnx-data's messages.
// The TypeScript types of all messages follow from it. What a file holds beyond the table is kept as it is (`unknown`).

/**
 * Kinds of fields: `int64` is a bigint; `size` is an int64 that has to be a safe integer, as a number; any other name is a message.
 * `repeated` gives an array; `packed` gives a typed array (the elements of tensors).
 */
export const schema = {
  AttributeProto: {
    name: [1, "string"],
    f: [2, "float"],
    i: [3, "int64"],
    s: [4, "bytes"],
    t: [5, "TensorProto"],
    g: [6, "GraphProto"],
    floats: [7, "float", "repeated"],
    ints: [8, "int64", "repeated"],
    strings: [9, "bytes", "repeated"],
    tensors: [10, "TensorProto", "repeated"],
    graphs: [11, "GraphProto", "repeated"],
    docString: [13, "string"],
    tp: [14, "TypeProto"],
    typeProtos: [15, "TypeProto", "repeated"],
    type: [20, "int32"],
    refAttrName: [21, "string"],
    sparseTensor: [22, "SparseTensorProto"],
    sparseTensors: [23, "SparseTensorProto", "repeated"],
  },
  ValueInfoProto: {
    name: [1, "string"],
    type: [2, "TypeProto"],
    docString: [3, "string"],
    metadataProps: [4, "StringStringEntryProto", "repeated"],
  },
  NodeProto: {
    input: [1, "string", "repeated"],
    output: [2, "string", "repeated"],
    name: [3, "string"],
    opType: [4, "string"],
    attribute: [5, "AttributeProto", "repeated"],
    docString: [6, "string"],
    domain: [7, "string"],
    overload: [8, "string"],
    metadataProps: [9, "StringStringEntryProto", "repeated"],
    deviceConfigurations: [10, "NodeDeviceConfigurationProto", "repeated"],
  },
  IntIntListEntryProto: { key: [1, "int64"], value: [2, "int64", "repeated"] },
  NodeDeviceConfigurationProto: {
    configurationId: [1, "string"],
    shardingSpec: [2, "ShardingSpecProto", "repeated"],
    pipelineStage: [3, "int32"],
  },
  ShardingSpecProto: {
    tensorName: [1, "string"],
    device: [2, "int64", "repeated"],
    indexToDeviceGroupMap: [3, "IntIntListEntryProto", "repeated"],
    shardedDim: [4, "ShardedDimProto", "repeated"],
  },
  ShardedDimProto: { axis: [1, "int64"], simpleSharding: [2, "SimpleShardedDimProto", "repeated"] },
  SimpleShardedDimProto: { dimValue: [1, "int64"], dimParam: [2, "string"], numShards: [3, "int64"] },
  TrainingInfoProto: {
    initialization: [1, "GraphProto"],
    algorithm: [2, "GraphProto"],
    initializationBinding: [3, "StringStringEntryProto", "repeated"],
    updateBinding: [4, "StringStringEntryProto", "repeated"],
  },
  ModelProto: {
    irVersion: [1, "size"],
    producerName: [2, "string"],
    producerVersion: [3, "string"],
    domain: [4, "string"],
    modelVersion: [5, "int64"],
    docString: [6, "string"],
    graph: [7, "GraphProto"],
    opsetImport: [8, "OperatorSetIdProto", "repeated"],
    metadataProps: [14, "StringStringEntryProto", "repeated"],
    trainingInfo: [20, "TrainingInfoProto", "repeated"],
    functions: [25, "FunctionProto", "repeated"],
    configuration: [26, "DeviceConfigurationProto", "repeated"],
  },
  DeviceConfigurationProto: { name: [1, "string"], numDevices: [2, "int32"], device: [3, "string", "repeated"] },
  StringStringEntryProto: { key: [1, "string"], value: [2, "string"] },
  TensorAnnotation: { tensorName: [1, "string"], quantParameterTensorNames: [2, "StringStringEntryProto", "repeated"] },
  GraphProto: {
    node: [1, "NodeProto", "repeated"],
    name: [2, "string"],
    initializer: [5, "TensorProto", "repeated"],
    docString: [10, "string"],
    input: [11, "ValueInfoProto", "repeated"],
    output: [12, "ValueInfoProto", "repeated"],
    valueInfo: [13, "ValueInfoProto", "repeated"],
    quantizationAnnotation: [14, "TensorAnnotation", "repeated"],
    sparseInitializer: [15, "SparseTensorProto", "repeated"],
    metadataProps: [16, "StringStringEntryProto", "repeated"],
  },
  TensorProto: {
    dims: [1, "int64", "repeated"],
    dataType: [2, "int32"],
    segment: [3, "TensorSegment"],
    floatData: [4, "float", "packed"],
    int32Data: [5, "int32", "packed"],
    stringData: [6, "bytes", "repeated"],
    int64Data: [7, "int64", "packed"],
    name: [8, "string"],
    rawData: [9, "bytes"],
    doubleData: [10, "double", "packed"],
    uint64Data: [11, "uint64", "packed"],
    docString: [12, "string"],
    externalData: [13, "StringStringEntryProto", "repeated"],
    dataLocation: [14, "int32"],
    metadataProps: [16, "StringStringEntryProto", "repeated"],
  },
  TensorSegment: { begin: [1, "int64"], end: [2, "int64"] },
  SparseTensorProto: { values: [1, "TensorProto"], indices: [2, "TensorProto"], dims: [3, "int64", "repeated"] },
  TensorShapeProto: { dim: [1, "Dimension", "repeated"] },
  Dimension: { dimValue: [1, "int64"], dimParam: [2, "string"], denotation: [3, "string"] },
  TypeProto: {
    tensorType: [1, "TensorTypeProto"],
    sequenceType: [4, "SequenceTypeProto"],
    mapType: [5, "MapTypeProto"],
    denotation: [6, "string"],
    opaqueType: [7, "OpaqueTypeProto"],
    sparseTensorType: [8, "TensorTypeProto"],
    optionalType: [9, "SequenceTypeProto"],
  },
  TensorTypeProto: { elemType: [1, "int32"], shape: [2, "TensorShapeProto"] },
  SequenceTypeProto: { elemType: [1, "TypeProto"] },
  MapTypeProto: { keyType: [1, "int32"], valueType: [2, "TypeProto"] },
  OpaqueTypeProto: { domain: [1, "string"], name: [2, "string"] },
  OperatorSetIdProto: { domain: [1, "string"], version: [2, "size"] },
  FunctionProto: {
    name: [1, "string"],
    input: [4, "string", "repeated"],
    output: [5, "string", "repeated"],
    attribute: [6, "string", "repeated"],
    node: [7, "NodeProto", "repeated"],
    docString: [8, "string"],
    opsetImport: [9, "OperatorSetIdProto", "repeated"],
    domain: [10, "string"],
    attributeProto: [11, "AttributeProto", "repeated"],
    valueInfo: [12, "ValueInfoProto", "repeated"],
    overload: [13, "string"],
    metadataProps: [14, "StringStringEntryProto", "repeated"],
  },
  SequenceProto: {
    name: [1, "string"],
    elemType: [2, "int32"],
    tensorValues: [3, "TensorProto", "repeated"],
    sparseTensorValues: [4, "SparseTensorProto", "repeated"],
    sequenceValues: [5, "SequenceProto", "repeated"],
    mapValues: [6, "MapProto", "repeated"],
    optionalValues: [7, "OptionalProto", "repeated"],
  },
  MapProto: {
    name: [1, "string"],
    keyType: [2, "int32"],
    keys: [3, "int64", "repeated"],
    stringKeys: [4, "bytes", "repeated"],
    values: [5, "SequenceProto"],
  },
  OptionalProto: {
    name: [1, "string"],
    elemType: [2, "int32"],
    tensorValue: [3, "TensorProto"],
    sparseTensorValue: [4, "SparseTensorProto"],
    sequenceValue: [5, "SequenceProto"],
    mapValue: [6, "MapProto"],
    optionalValue: [7, "OptionalProto"],
  },
} as const satisfies Record<string, Record<string, Field>>;

export type MessageName = keyof typeof schema;
export type ScalarKind = "int32" | "int64" | "size" | "uint64" | "float" | "double" | "string" | "bytes";
export type Field = readonly [number: number, kind: string] | readonly [number: number, kind: string, label: "repeated" | "packed"];

interface Scalars {
  readonly int32: number;
  readonly int64: bigint;
  readonly size: number;
  readonly uint64: bigint;
  readonly float: number;
  readonly double: number;
  readonly string: string;
  readonly bytes: Uint8Array;
}
interface PackedArrays {
  readonly int32: Int32Array<ArrayBuffer>;
  readonly int64: BigInt64Array<ArrayBuffer>;
  readonly uint64: BigUint64Array<ArrayBuffer>;
  readonly float: Float32Array<ArrayBuffer>;
  readonly double: Float64Array<ArrayBuffer>;
}

type One<K> = K extends keyof Scalars ? Scalars[K] : K extends MessageName ? Message<K> : never;
type FieldType<F> = F extends readonly [number, infer K, "repeated"]
  ? readonly One<K>[]
  : F extends readonly [number, infer K, "packed"]
    ? K extends keyof PackedArrays
      ? PackedArrays[K]
      : never
    : F extends readonly [number, infer K]
      ? One<K>
      : never;

/** A decoded message, or one to be encoded: fields that are absent on the wire are absent here. */
export type Message<M extends MessageName> = { readonly [F in keyof (typeof schema)[M]]?: FieldType<(typeof schema)[M][F]> | undefined } & {
  /** Fields that the table does not have, each with its tag, as they stood on the wire. */
  readonly unknown?: readonly Uint8Array[] | undefined;
};

export type ModelProto = Message<"ModelProto">;
export type GraphProto = Message<"GraphProto">;
export type NodeProto = Message<"NodeProto">;
export type AttributeProto = Message<"AttributeProto">;
export type TensorProto = Message<"TensorProto">;
export type TypeProto = Message<"TypeProto">;
export type ValueInfoProto = Message<"ValueInfoProto">;
export type FunctionProto = Message<"FunctionProto">;

/** AttributeProto.type */
export const attributeTypes = {
  undefined: 0,
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
  tensors: 9,
  graphs: 10,
  sparseTensor: 11,
  sparseTensors: 12,
  type: 13,
  types: 14,
} as const;

/** One field as the reader and the writer use it. */
export interface FieldPlan {
  readonly name: string;
  readonly number: number;
  readonly kind: ScalarKind | MessageName;
  readonly label: "one" | "repeated" | "packed";
}

/** The fields of a message, by number. */
export function fieldPlans(message: MessageName): ReadonlyMap<number, FieldPlan> {
  return plans.get(message) as ReadonlyMap<number, FieldPlan>;
}

const plans = new Map<string, ReadonlyMap<number, FieldPlan>>();
for (const [message, fields] of Object.entries<Record<string, Field>>(schema)) {
  const rows = Object.entries(fields).map(
    ([name, [number, kind, label]]): FieldPlan => ({ name, number, kind: kind as FieldPlan["kind"], label: label ?? "one" }),
  );
  plans.set(message, new Map(rows.sort((a, b) => a.number - b.number).map((plan) => [plan.number, plan])));
}

/** True for fields that hold messages. */
export function isMessageKind(kind: FieldPlan["kind"]): kind is MessageName {
  return Object.hasOwn(schema, kind);
}
