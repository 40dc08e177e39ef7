// From which opset on an operator takes a dtype, where that is later than the operator itself: a graph that adds int8 tensors needs opset
// 14, though Add is as old as ONNX. Facts from the operator schemas of ONNX 1.22 (opsets 1 to 27), default domain.
import type { Node } from "../ir/graph.ts";
import type { OpSchema } from "../ir/schema.ts";
import type { ValueType } from "../ir/type.ts";
import { opsetOfDType } from "../ir/versions.ts";
import { type DType, float8s, integers } from "../tensor/dtype.ts";

/** What most operators on any type took before bfloat16 came. */
const ordinary: readonly DType[] = ["float16", "float32", "float64", ...integers, "bool", "string"];

/** The opset at which operators took bfloat16; those that are not listed took it when they were made. */
const bfloat16Since: readonly (readonly [opset: number, operators: string])[] = [
  [
    13,
    "Abs Add ArgMax ArgMin Cast Ceil Clip Concat Constant DepthToSpace Div Dropout Equal Erf Exp Expand Flatten Floor Gather GatherElements GatherND Gemm Greater Hardmax Identity IsNaN LRN Less Log LogSoftmax MatMul Max Mean MeanVarianceNormalization Min Mod Mul Neg NonZero Pad Pow Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape Resize ScatterElements ScatterND Shape Sigmoid Sign Size Slice Softmax SoftmaxCrossEntropyLoss SpaceToDepth Split Sqrt Squeeze Sub Sum Tanh Tile Transpose Unsqueeze",
  ],
  [14, "BatchNormalization CumSum"],
  [15, "Pow"],
  [16, "GreaterOrEqual If LeakyRelu LessOrEqual Loop PRelu Scan Where"],
  [19, "DequantizeLinear QuantizeLinear"],
  [20, "ConstantOfShape IsInf"],
  [21, "QLinearMatMul"],
  [
    22,
    "Acos Acosh Asin Asinh Atan Atanh AveragePool Bernoulli Conv ConvTranspose Cos Cosh DeformConv Det Dropout Elu EyeLike GRU GlobalAveragePool GlobalLpPool GlobalMaxPool GridSample HardSigmoid HardSwish InstanceNormalization LSTM LpNormalization LpPool MaxPool MaxRoiPool MaxUnpool Mish Multinomial NegativeLogLikelihoodLoss RNN RandomNormal RandomNormalLike RandomUniform RandomUniformLike RoiAlign Round Selu Sin Sinh Softplus Softsign Tan ThresholdedRelu",
  ],
  [24, "SplitToSequence TopK"],
  [27, "Range"],
];

/** Inputs and outputs by position: `i0` is the first input, `o0` the first output; a variadic parameter goes under its first position. */
interface Row {
  readonly opset: number;
  readonly dtypes: readonly DType[];
  readonly at: string;
}

const row = (opset: number, at: string, ...dtypes: DType[]): Row => ({ opset, dtypes, at });

/** The other dtypes that came later. */
const laterDTypes: Readonly<Record<string, readonly Row[]>> = {
  Abs: [row(6, "i0 o0", ...integers)],
  Add: [row(6, "i0 i1 o0", "int32", "int64", "uint32", "uint64"), row(14, "i0 i1 o0", "int8", "int16", "uint8", "uint16")],
  Cast: [row(9, "i0 o0", "string")],
  Clip: [row(12, "i0 i1 i2 o0", ...integers)],
  Concat: [row(4, "i0 o0", ...integers, "bool", "string")],
  Constant: [row(9, "o0", ...integers, "bool", "string")],
  CumSum: [row(14, "i0 o0", "float16")],
  DequantizeLinear: [row(19, "i1 o0", "float16"), row(21, "i0 i2", "int16", "uint16")],
  Div: [row(6, "i0 i1 o0", "int32", "int64", "uint32", "uint64"), row(14, "i0 i1 o0", "int8", "int16", "uint8", "uint16")],
  Dropout: [row(10, "o1", "bool")],
  Equal: [
    row(11, "i0 i1", "float16", "float32", "float64", "int8", "int16", "uint8", "uint16", "uint32", "uint64"),
    row(19, "i0 i1", "string"),
  ],
  Flatten: [row(9, "i0 o0", ...integers, "bool", "string")],
  Gemm: [row(9, "i0 i1 i2 o0", "int32", "int64", "uint32", "uint64")],
  Greater: [row(9, "i0 i1", ...integers)],
  IsInf: [row(20, "i0", "float16")],
  Less: [row(9, "i0 i1", ...integers)],
  MatMul: [row(9, "i0 i1 o0", "int32", "int64", "uint32", "uint64")],
  Max: [row(12, "i0 o0", ...integers)],
  MaxPool: [row(12, "i0 o0", "int8", "uint8")],
  Min: [row(12, "i0 o0", ...integers)],
  Mul: [row(6, "i0 i1 o0", "int32", "int64", "uint32", "uint64"), row(14, "i0 i1 o0", "int8", "int16", "uint8", "uint16")],
  Neg: [row(6, "i0 o0", "int8", "int16", "int32", "int64")],
  OptionalGetElement: [row(18, "i0", ...ordinary)],
  OptionalHasElement: [row(18, "i0", ...ordinary)],
  PRelu: [row(9, "i0 i1 o0", "int32", "int64", "uint32", "uint64")],
  Pad: [row(11, "i0 o0", ...integers), row(13, "i0 i2 o0", "bool", "string")],
  Pow: [row(12, "i1", "int8", "int16", "uint8", "uint16", "uint32", "uint64"), row(12, "i0 i1 o0", "int32", "int64")],
  QLinearMatMul: [row(21, "i1 i4 i6", "float16")],
  QuantizeLinear: [row(19, "i0 i1", "float16"), row(19, "i1", "int32"), row(21, "i2 o0", "int16", "uint16")],
  Range: [row(27, "i0 i1 i2 o0", "float16")],
  ReduceMax: [row(12, "i0 o0", "int8", "uint8"), row(20, "i0 o0", "bool")],
  ReduceMin: [row(12, "i0 o0", "int8", "uint8"), row(20, "i0 o0", "bool")],
  Relu: [row(14, "i0 o0", "int8", "int16", "int32", "int64")],
  Reshape: [row(5, "i0 o0", ...integers, "bool", "string")],
  Resize: [row(11, "i1", "float16", "float64")],
  Scan: [row(9, "i0", "float16", "float32", "float64", "int8", "int16", "int32", "uint8", "uint16", "uint32", "uint64", "bool", "string")],
  Split: [row(2, "i0 o0", ...integers, "bool", "string"), row(13, "i1", "int64")],
  Sub: [row(6, "i0 i1 o0", "int32", "int64", "uint32", "uint64"), row(14, "i0 i1 o0", "int8", "int16", "uint8", "uint16")],
  Tile: [row(6, "i0 o0", "int8", "int16", "int32", "uint8", "uint16", "uint32", "uint64", "bool", "string"), row(6, "i0 i1 o0", "int64")],
  TopK: [row(11, "i0 o0", ...integers)],
};

/** From which opset on operators that take tensors take sequences and optionals too. */
const containersSince: Readonly<Record<string, { readonly sequence: number; readonly optional: number }>> = {
  Identity: { sequence: 14, optional: 16 },
  If: { sequence: 13, optional: 16 },
  Loop: { sequence: 13, optional: 16 },
  OptionalGetElement: { sequence: 18, optional: 15 },
  OptionalHasElement: { sequence: 18, optional: 15 },
};

/** The lowest opset whose Identity takes such a value. */
export function opsetOfIdentity({ kind }: ValueType): number {
  return kind === "sequence" || kind === "optional" ? (containersSince.Identity?.[kind] ?? 1) : 1;
}

/** Operators that took 8-bit floats later than ONNX got them. */
const float8Since: Readonly<Record<string, number>> = {
  ConstantOfShape: 20,
  Dropout: 22,
  Flatten: 21,
  IsInf: 20,
  IsNaN: 20,
  Pad: 21,
  QLinearMatMul: 21,
  Squeeze: 21,
  Transpose: 21,
  Unsqueeze: 21,
};

const bfloat16Opset = new Map(
  bfloat16Since.flatMap(([opset, operators]) => operators.split(" ").map((op): [string, number] => [op, opset])),
);

/** The lowest opset of its domain at which a node can be written as it stands: its operator in this form, with these dtypes. */
export function opsetOf(node: Node, schema: OpSchema | undefined): number {
  if (!schema) return 1;
  const use = { attributes: node.attributes, inputCount: node.inputs.length, outputCount: node.outputs.length };
  const form = schema.minVersion?.(use) ?? schema.since[schema.since.length - 1] ?? 1;
  return schema.domain === "" ? Math.max(form, opsetForDTypes(node)) : form;
}

/** The lowest opset of the default domain at which an operator takes the dtypes that the node gives it. */
export function opsetForDTypes(node: Node): number {
  const values = new Map<string, DType>();
  node.inputs.forEach((v, i) => {
    if (v?.type.kind === "tensor") values.set(`i${i}`, v.type.dtype);
  });
  node.outputs.forEach((v, i) => {
    if (v.type.kind === "tensor") values.set(`o${i}`, v.type.dtype);
  });
  let opset = [...values.values()].includes("bfloat16") ? (bfloat16Opset.get(node.op) ?? 1) : 1;
  for (const dtype of values.values()) {
    opset = Math.max(opset, opsetOfDType(dtype));
    if (float8s.includes(dtype)) opset = Math.max(opset, float8Since[node.op] ?? 1);
  }
  for (const { opset: since, dtypes, at } of laterDTypes[node.op] ?? [])
    if (at.split(" ").some((place) => dtypes.includes(values.get(place) ?? "float32") && values.has(place))) opset = Math.max(opset, since);
  const containers = containersSince[node.op];
  const reads = node.op === "OptionalGetElement" ? node.inputs : [...node.inputs, ...node.outputs];
  for (const v of reads)
    if (containers && (v?.type.kind === "sequence" || v?.type.kind === "optional")) opset = Math.max(opset, containers[v.type.kind]);
  return opset;
}
