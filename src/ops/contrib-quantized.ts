// Operators of the domain com.microsoft over quantised tensors: QLinearAdd, QLinearMul and their kin, each its float operator between
// DequantizeLinear and QuantizeLinear; and NhwcMaxPool.
import { ingotError } from "../errors/error.ts";
import type { Attributes, InferContext } from "../ir/schema.ts";
import { type TensorType, tensorType, type ValueType } from "../ir/type.ts";
import { type DType, dtypeInfo } from "../tensor/dtype.ts";
import { leakyRelu, sigmoid } from "./activation.ts";
import { add, mul } from "./arithmetic.ts";
import { shapeWords } from "./compose-shapes.ts";
import { building, type Composer, evaluating, withoutMissing } from "./composition.ts";
import { concat } from "./concat.ts";
import { defineOp, float, int, ints, type OpDefinition, string } from "./define.ts";
import { axisOf, broadcast, inputShape, inputType, sameAsInput } from "./infer.ts";
import { averagePool, globalAveragePool, maxPool, poolAttributes } from "./pool.ts";
import { dequantizeLinear, quantizeLinear } from "./quantize.ts";
import { softmax } from "./softmax.ts";
import { where } from "./where-clip.ts";

const bytes: readonly DType[] = ["int8", "uint8"];
const form = { since: [1], types: { T: bytes }, accuracy: "ulp" } as const;

const real = <V>(c: Composer<V>, x: V, scale: V, zero: V | undefined): V => c.apply(dequantizeLinear, [x, scale, zero]);

/** Quantises a result to the dtype of `like`, which is that of its zero point where it has one. */
const quantized = <V>(c: Composer<V>, y: V, scale: V, zero: V | undefined, like: V): V =>
  zero === undefined
    ? c.apply(quantizeLinear, [y, scale], { output_dtype: dtypeInfo(c.dtype(like)).onnx })
    : c.apply(quantizeLinear, [y, scale, zero]);

// ---- two operands ------------------------------------------------------------------------------------------------------

function composeBinary<V>(c: Composer<V>, op: OpDefinition, inputs: readonly (V | undefined)[]): V {
  const [a, aScale, aZero, b, bScale, bZero, yScale, yZero] = inputs as [V, V, V | undefined, V, V, V | undefined, V, V | undefined];
  return quantized(c, c.apply(op, [real(c, a, aScale, aZero), real(c, b, bScale, bZero)]), yScale, yZero, a);
}

function binary<const N extends string>(name: N, op: OpDefinition) {
  return defineOp(name, {
    ...form,
    inputs: [
      "A: T",
      "A_scale: float32",
      "A_zero_point?: T",
      "B: T",
      "B_scale: float32",
      "B_zero_point?: T",
      "C_scale: float32",
      "C_zero_point?: T",
    ],
    outputs: ["C: T"],
    infer: (c) => broadcast()({ ...c, inputs: [c.inputs[0], c.inputs[3]] }),
    eval: (i) =>
      composeBinary(evaluating, op, [...[i.A, i.A_scale, i.A_zero_point, i.B, i.B_scale, i.B_zero_point], ...[i.C_scale, i.C_zero_point]]),
    decompose: (g, inputs) => [composeBinary(building(g), op, inputs)],
  });
}

/** `A + B` of quantised tensors. */
export const qLinearAdd = binary("com.microsoft.QLinearAdd", add);
/** `A · B` of quantised tensors. */
export const qLinearMul = binary("com.microsoft.QLinearMul", mul);

// ---- one operand -------------------------------------------------------------------------------------------------------

const unaryInputs = ["X: T", "X_scale: float32", "X_zero_point?: T", "Y_scale: float32", "Y_zero_point?: T"] as const;

/** What is computed of real numbers, with kernels or as nodes. */
type Between = <V>(c: Composer<V>, x: V) => V;

function composeUnary<V>(c: Composer<V>, inputs: readonly (V | undefined)[], between: Between): V {
  const [x, xScale, xZero, yScale, yZero] = inputs as [V, V, V | undefined, V, V | undefined];
  return quantized(c, between(c, real(c, x, xScale, xZero)), yScale, yZero, x);
}

const sigmoidOf: Between = (c, x) => c.apply(sigmoid, [x]);

/** `sigmoid(X)` of a quantised tensor. */
export const qLinearSigmoid = defineOp("com.microsoft.QLinearSigmoid", {
  ...form,
  inputs: unaryInputs,
  outputs: ["Y: T"],
  infer: sameAsInput,
  eval: (i) => composeUnary(evaluating, [i.X, i.X_scale, i.X_zero_point, i.Y_scale, i.Y_zero_point], sigmoidOf),
  decompose: (g, inputs) => [composeUnary(building(g), inputs, sigmoidOf)],
});

const leakyReluOf =
  ({ alpha }: { readonly alpha: number }): Between =>
  (c, x) =>
    c.apply(leakyRelu, [x], { alpha });

/** LeakyRelu of a quantised tensor. */
export const qLinearLeakyRelu = defineOp("com.microsoft.QLinearLeakyRelu", {
  ...form,
  inputs: unaryInputs,
  outputs: ["Y: T"],
  attributes: { alpha: float(Math.fround(0.01)) },
  infer: sameAsInput,
  eval: (i, attributes) => composeUnary(evaluating, [i.X, i.X_scale, i.X_zero_point, i.Y_scale, i.Y_zero_point], leakyReluOf(attributes)),
  decompose: (g, inputs, attributes) => [composeUnary(building(g), inputs, leakyReluOf(attributes))],
});

/** Softmax of a quantised tensor along `axis`; before opset 13 of the default domain, over all axes from `axis` on. */
export const qLinearSoftmax = defineOp("com.microsoft.QLinearSoftmax", {
  ...form,
  inputs: ["X: T", "X_scale: float32", "x_zero_point?: T", "y_scale: float32", "y_zero_point: T"],
  outputs: ["Y: T"],
  attributes: { axis: int(-1), opset: int.required },
  infer(c) {
    const shape = inputShape(c, 0);
    if (shape) axisOf(c, c.attributes.axis as number, shape);
    return sameAsInput(c);
  },
  eval: (i, attributes) => composeUnary(evaluating, [i.X, i.X_scale, i.x_zero_point, i.y_scale, i.y_zero_point], softmaxOf(attributes)),
  decompose: (g, inputs, attributes) => [composeUnary(building(g), inputs, softmaxOf(attributes))],
});

function softmaxOf({ axis, opset }: { readonly axis: number; readonly opset: number }): Between {
  return (c, x) => {
    if (opset >= 13) return c.apply(softmax, [x], { axis });
    const { reshape, sizes } = shapeWords(c);
    const at = axis < 0 ? axis + c.rank(x) : axis;
    const rows = at === 0 ? reshape(x, 1, -1) : reshape(x, ...Array.from({ length: at }, () => 0), -1);
    return reshape(c.apply(softmax, [rows], { axis: -1 }), sizes(x, 0));
  };
}

// ---- pools -------------------------------------------------------------------------------------------------------------

/** A pool over `[N, C, ...]`, or over `[N, ..., C]` where channels come last. */
function pooled(op: OpDefinition, last: boolean, attributes: object = {}): Between {
  return (c, x) => {
    const given = withoutMissing(attributes) as Attributes;
    if (!last) return c.apply(op, [x], given);
    const { transpose } = shapeWords(c);
    const rank = c.rank(x);
    const inner = Array.from({ length: rank - 2 }, (_, i) => i);
    const first = transpose(x, 0, rank - 1, ...inner.map((i) => i + 1));
    return transpose(c.apply(op, [first], given), 0, ...inner.map((i) => i + 2), 1);
  };
}

/** The type of a pool, from the type that its float operator infers for channels in second place. */
function inferPool(c: InferContext, op: OpDefinition, last: boolean): ValueType[] {
  const { dtype, shape } = inputType(c, 0);
  const moved = shape && last ? [shape[0], shape.at(-1), ...shape.slice(1, -1)] : shape;
  const input = tensorType(dtype, moved as TensorType["shape"]);
  const y = op.infer({ ...c, inputs: [input], outputCount: 1 })[0] as TensorType;
  const back = y.shape && last ? [y.shape[0], ...y.shape.slice(2), y.shape[1]] : y.shape;
  return [tensorType(dtype, back as TensorType["shape"])];
}

const poolInputs = ["X: T", "x_scale: float32", "x_zero_point?: T", "y_scale: float32", "y_zero_point?: T"] as const;

/** The mean of each channel of a quantised tensor. */
export const qLinearGlobalAveragePool = defineOp("com.microsoft.QLinearGlobalAveragePool", {
  ...form,
  inputs: poolInputs,
  outputs: ["Y: T"],
  attributes: { channels_last: int(0) },
  infer: (c) => inferPool(c, globalAveragePool, c.attributes.channels_last === 1),
  eval: (i, { channels_last }) =>
    composeUnary(evaluating, [i.X, i.x_scale, i.x_zero_point, i.y_scale, i.y_zero_point], pooled(globalAveragePool, channels_last === 1)),
  decompose: (g, inputs, { channels_last }) => [composeUnary(building(g), inputs, pooled(globalAveragePool, channels_last === 1))],
});

/** AveragePool of a quantised tensor. */
export const qLinearAveragePool = defineOp("com.microsoft.QLinearAveragePool", {
  ...form,
  inputs: poolInputs,
  outputs: ["Y: T"],
  attributes: {
    auto_pad: string("NOTSET"),
    ceil_mode: int(0),
    channels_last: int(0),
    count_include_pad: int(0),
    kernel_shape: ints.required,
    pads: ints(),
    strides: ints(),
  },
  infer: (c) => inferPool(c, averagePool, c.attributes.channels_last === 1),
  eval: (i, { channels_last, ...attributes }) =>
    composeUnary(
      evaluating,
      [i.X, i.x_scale, i.x_zero_point, i.y_scale, i.y_zero_point],
      pooled(averagePool, channels_last === 1, attributes),
    ),
  decompose: (g, inputs, { channels_last, ...attributes }) => [
    composeUnary(building(g), inputs, pooled(averagePool, channels_last === 1, attributes)),
  ],
});

/** MaxPool of an 8-bit tensor `[N, ..., C]`, whose channels come last. */
export const nhwcMaxPool = defineOp("com.microsoft.NhwcMaxPool", {
  ...form,
  accuracy: "exact",
  inputs: ["x: T"],
  outputs: ["y: T"],
  attributes: poolAttributes,
  infer: (c) => inferPool(c, maxPool, true),
  eval: ({ x }, attributes) => pooled(maxPool, true, attributes)(evaluating, x),
  decompose: (g, [x], attributes) => (x ? [pooled(maxPool, true, attributes)(building(g), x)] : []),
});

// ---- several operands --------------------------------------------------------------------------------------------------

function composeConcat<V>(c: Composer<V>, [scale, zero, ...parts]: readonly V[], axis: number): V {
  const reals: V[] = [];
  for (let i = 0; i + 2 < parts.length; i += 3) reals.push(real(c, parts[i] as V, parts[i + 1] as V, parts[i + 2]));
  return quantized(c, c.apply(concat, reals, { axis }), scale as V, zero, zero as V);
}

/** Concatenates quantised tensors, each with a scale and zero point of its own: `(tensor, scale, zero point)` one after the other. */
export const qLinearConcat = defineOp("com.microsoft.QLinearConcat", {
  ...form,
  inputs: ["Y_scale: float32", "Y_zero_point: T", "inputs...: TV*"],
  outputs: ["Y: T"],
  types: { T: bytes, "TV*": [...bytes, "float32"] },
  attributes: { axis: int.required },
  infer(c) {
    if (c.inputs.length < 5 || c.inputs.length % 3 !== 2)
      throw ingotError("OperatorArity", {
        op: c.op,
        count: c.inputs.length,
        expected: "Y_scale, Y_zero_point and three for each tensor",
        inputs: "Y_scale, Y_zero_point, then tensor, scale and zero point of each",
      });
    const tensors = c.inputs.slice(2).filter((_, i) => i % 3 === 0);
    const y = concat.infer({ ...c, inputs: tensors })[0] as TensorType;
    return [tensorType(inputType(c, 1).dtype, y.shape)];
  },
  eval: ({ Y_scale, Y_zero_point, inputs }, { axis }) => composeConcat(evaluating, [Y_scale, Y_zero_point, ...inputs], axis),
  decompose: (g, inputs, { axis }) => [
    composeConcat(
      building(g),
      inputs.filter((v) => v !== undefined),
      axis,
    ),
  ],
});

function composeWhere<V>(c: Composer<V>, inputs: readonly V[]): V {
  const [condition, x, xScale, xZero, y, yScale, yZero, scale, zero] = inputs as [V, V, V, V, V, V, V, V, V];
  return quantized(c, c.apply(where, [condition, real(c, x, xScale, xZero), real(c, y, yScale, yZero)]), scale, zero, x);
}

/** `X` where the condition holds, else `Y`, of quantised tensors. */
export const qLinearWhere = defineOp("com.microsoft.QLinearWhere", {
  ...form,
  inputs: [
    "condition: bool",
    "X: T",
    "x_scale: float32",
    "x_zero_point: T",
    "Y: T",
    "y_scale: float32",
    "y_zero_point: T",
    "z_scale: float32",
    "z_zero_point: T",
  ],
  outputs: ["Z: T"],
  infer: (c) => where.infer({ ...c, inputs: [c.inputs[0], c.inputs[1], c.inputs[4]] }) as ValueType[],
  eval: (i) =>
    composeWhere(evaluating, [
      ...[i.condition, i.X, i.x_scale, i.x_zero_point],
      ...[i.Y, i.y_scale, i.y_zero_point, i.z_scale, i.z_zero_point],
    ]),
  decompose: (g, inputs) => [
    composeWhere(
      building(g),
      inputs.filter((v) => v !== undefined),
    ),
  ],
});
