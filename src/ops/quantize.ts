// Affine quantisation to integers of 2 to 16 bits and floats of 4 and 8, whole tensors, along an axis or in blocks.
import { ingotError } from "../errors/error.ts";
import type { Dim } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType } from "../ir/type.ts";
import { type DType, decoder, dtypeFromOnnx, dtypeInfo, encoder, float8s, type NumberArray } from "../tensor/dtype.ts";
import { formatShape, normalizeAxis } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { defineOp, int, type OpUse } from "./define.ts";
import { inputShape, inputType, requireAtLeast, requireShape } from "./infer.ts";
import { decodedNumbers, encodeNumbers, isHalf, widened } from "./map-elements.ts";
import { splitAt } from "./softmax.ts";
import { roundHalfToEven } from "./unary-math.ts";

const ranges: Partial<Record<DType, readonly [low: number, high: number]>> = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65535],
  int16: [-32768, 32767],
  uint4: [0, 15],
  int4: [-8, 7],
  uint2: [0, 3],
  int2: [-2, 1],
};
const quantizedTypes: readonly DType[] = [...(Object.keys(ranges) as DType[]), ...float8s, "float4e2m1"];
const floatTypes: readonly DType[] = ["float32", "float16", "bfloat16"];

const layout = { axis: int(1), block_size: int(0), output_dtype: int(0) } as const;
const since = [10, 13, 19, 21, 23, 24, 25];
const quantizeForm = ({ attributes: { precision, block_size, output_dtype, saturate } }: OpUse) =>
  precision !== undefined ? 23 : block_size || output_dtype ? 21 : saturate !== undefined ? 19 : 13;
const dequantizeForm = ({ attributes: { block_size, output_dtype } }: OpUse) => (output_dtype ? 23 : block_size ? 21 : 13);

/** `round(x / y_scale) + y_zero_point`, halves to even, cut to the range of the result; rounded to its own numbers where that is a float. */
export const quantizeLinear = defineOp("QuantizeLinear", {
  since,
  breaking: [10, 13, 21],
  minVersion: quantizeForm,
  inputs: ["x: T1", "y_scale: T2", "y_zero_point?: T3"],
  outputs: ["y: T3"],
  types: { T1: [...floatTypes, "int32"], T2: [...floatTypes, "int32", "float8e8m0"], T3: quantizedTypes },
  attributes: { ...layout, precision: int(0), saturate: int(1) },
  accuracy: "exact",
  infer(c) {
    checkParameters(c);
    return [tensorType(c.inputs[2] ? inputType(c, 2).dtype : quantizedOf(c), inputShape(c, 0))];
  },
  eval({ x, y_scale, y_zero_point }, attributes, c) {
    const y = Storage.empty(c.dtype(0), x.shape);
    // The quotient is rounded in the precision of the scale before it is rounded to an integer: near ties that decides.
    const asked = dtypeFromOnnx(attributes.precision);
    const inPrecision = roundingTo(asked ?? (floatTypes.includes(y_scale.dtype) ? y_scale.dtype : "float32"));
    const round = quantizing(c.dtype(0), attributes.saturate !== 0);
    const to = y.numbers();
    eachParameter(x, y_scale, y_zero_point, attributes, (v, scale, zero, at) => {
      to[at] = round(inPrecision(v / scale), zero);
    });
    return y;
  },
});

/** From a quotient and a zero point to what a tensor of `dtype` holds. */
export function quantizing(dtype: DType, saturate = true): (quotient: number, zero: number) => number {
  const range = ranges[dtype];
  if (!range) {
    const encode = encoder(dtype, { saturate });
    return (quotient, zero) => encode(quotient + zero);
  }
  const [low, high] = range;
  return (quotient, zero) => {
    const q = roundHalfToEven(quotient) + zero;
    return Number.isNaN(q) ? 0 : Math.min(high, Math.max(low, q));
  };
}

/** `(x − x_zero_point) · x_scale` */
export const dequantizeLinear = defineOp("DequantizeLinear", {
  since,
  breaking: [10, 13, 21],
  minVersion: dequantizeForm,
  inputs: ["x: T1", "x_scale: T2", "x_zero_point?: T1"],
  outputs: ["y: T3"],
  types: { T1: [...quantizedTypes, "int32"], T2: [...floatTypes, "float8e8m0"], T3: floatTypes },
  attributes: layout,
  accuracy: "ulp",
  infer(c) {
    checkParameters(c);
    return [tensorType(dequantizedOf(c), inputShape(c, 0))];
  },
  eval({ x, x_scale, x_zero_point }, attributes, c) {
    const values = new Float64Array(x.size);
    eachParameter(x, x_scale, x_zero_point, attributes, (v, scale, zero, at) => {
      values[at] = (v - zero) * scale;
    });
    return encodeNumbers(c.dtype(0), values, x.shape);
  },
});

const quantizedOf = (c: InferContext): DType =>
  outputDType(c, "uint8", quantizedTypes, "Without a zero point it says what to quantise to; uint8 by default.");

const dequantizedOf = (c: InferContext): DType =>
  outputDType(c, inputType(c, 1).dtype, floatTypes, "By default the result has the dtype of the scale; powers of two need one named.");

/** The dtype that `output_dtype` names, or else `usual`. Throws `InvalidArgument`. */
function outputDType(c: InferContext, usual: DType, allowed: readonly DType[], hint: string): DType {
  const number = c.attributes.output_dtype as number;
  const dtype = number === 0 ? usual : dtypeFromOnnx(number);
  if (dtype && allowed.includes(dtype)) return dtype;
  const expected = `the ONNX number of a dtype (${allowed.map((d) => `${dtypeInfo(d).onnx} ${d}`).join(", ")})`;
  throw ingotError("InvalidArgument", { op: c.op, name: "output_dtype", expected, actual: number, hint });
}

interface Layout {
  readonly axis: number;
  readonly block_size: number;
}

/** Calls `visit` with each value of `x` and the scale and zero point that apply to it. */
function eachParameter(
  x: Storage,
  scale: Storage,
  zero: Storage | undefined,
  { axis, block_size }: Layout,
  visit: (value: number, scale: number, zero: number, at: number) => void,
): void {
  const values = widened(x).numbers();
  const scales = widened(scale).numbers();
  const zeros: NumberArray = zero ? decodedNumbers(zero) : new Int32Array(scales.length);
  if (scale.size === 1 && block_size === 0) {
    const [s, z] = [scales[0] as number, zeros[0] as number];
    for (let at = 0; at < values.length; at++) visit(values[at] as number, s, z, at);
    return;
  }
  const { n, inner } = splitAt(x.shape, normalizeAxis("QuantizeLinear", axis, x.shape));
  const blocks = block_size > 0 ? Math.ceil(n / block_size) : 0;
  for (let at = 0; at < values.length; at++) {
    const i = Math.floor(at / inner) % n;
    const p = blocks === 0 ? i : (Math.floor(at / (inner * n)) * blocks + Math.floor(i / block_size)) * inner + (at % inner);
    visit(values[at] as number, scales[p] as number, zeros[p] as number, at);
  }
}

/** A scale is one number, one per entry of the axis, or one per block: then it has the shape of x but for the axis. */
function checkParameters(c: InferContext): void {
  const x = inputShape(c, 0);
  const scale = inputShape(c, 1);
  requireAtLeast(c, "block_size", 0, "It is how many entries of the axis share a scale; 0 for all.");
  const zero = c.inputs[2] && inputShape(c, 2);
  // A scalar may be written either way.
  const single = (shape: readonly Dim[]) => shape.length === 0 || (shape.length === 1 && shape[0] === 1);
  if (scale && zero && !(single(scale) && single(zero)))
    requireShape(c, "the zero point", zero, scale, "There is one zero point for each scale.");
  if (!x?.every((d) => typeof d === "number") || !scale?.every((d) => typeof d === "number")) return;
  const sizes = x as readonly number[];
  const given = scale as readonly number[];
  const block = c.attributes.block_size as number;
  if (block === 0 && (given.length === 0 || (given.length === 1 && given[0] === 1))) return;
  const axis = normalizeAxis(c.op, c.attributes.axis as number, sizes);
  const expected = block > 0 ? sizes.map((d, i) => (i === axis ? Math.ceil(d / block) : d)) : [sizes[axis] as number];
  if (given.length === expected.length && given.every((d, i) => d === expected[i])) return;
  throw ingotError("ShapeMismatch", {
    op: c.op,
    what: "the scale",
    actual: formatShape(given),
    expected: `[] or ${formatShape(expected)}, for x of shape ${formatShape(sizes)} along axis ${axis}`,
    hint: "Scales are one number, one per entry of the axis, or one per block of block_size entries.",
  });
}

function roundingTo(dtype: DType): (value: number) => number {
  if (!isHalf(dtype)) return dtype === "float32" ? Math.fround : (v) => v;
  const encode = encoder(dtype);
  const decode = decoder(dtype);
  return (v) => decode(encode(v));
}

/** Quantises to uint8 with a scale and zero point that make the range of x, 0 included, fit. */
export const dynamicQuantizeLinear = defineOp("DynamicQuantizeLinear", {
  since: [11],
  inputs: ["x: float32"],
  outputs: ["y: uint8", "y_scale: float32", "y_zero_point: uint8"],
  accuracy: "exact",
  infer: (c) => [tensorType("uint8", inputShape(c, 0)), tensorType("float32", []), tensorType("uint8", [])],
  eval({ x }) {
    const values = x.numbers();
    let low = 0;
    let high = 0;
    for (let i = 0; i < values.length; i++) {
      low = Math.min(low, values[i] as number);
      high = Math.max(high, values[i] as number);
    }
    // All zeros have no range: any scale does.
    const scale = high === low ? 1 : Math.fround(Math.fround(high - low) / 255);
    const cut = (v: number) => Math.min(255, Math.max(0, v));
    const zero = cut(roundHalfToEven(Math.fround(-low / scale)));
    const y = Storage.empty("uint8", x.shape);
    const to = y.numbers();
    for (let i = 0; i < values.length; i++) to[i] = cut(roundHalfToEven(Math.fround((values[i] as number) / scale)) + zero);
    return [y, Storage.from("float32", [scale], []), Storage.from("uint8", [zero], [])];
  },
});
