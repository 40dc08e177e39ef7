// Products of quantised tensors: MatMulInteger and ConvInteger give their int32 sums, QLinearConv and QLinearMatMul quantise those again. The sums are exact;
// a result is `round(sum · scales) + zero point`, halves to even, in the precision of the scales.
import { ingotError } from "../errors/error.ts";
import type { Dim } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType, type ValueType } from "../ir/type.ts";
import { type DType, decoder, encoder, float8s, isFloat } from "../tensor/dtype.ts";
import { formatShape } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { eachLane, planLanes } from "./broadcast-lanes.ts";
import { convert } from "./cast.ts";
import { type ConvAttributes, convAttributes, convFlops, convolve, inferConv } from "./conv.ts";
import { defineOp } from "./define.ts";
import { inputShape, inputType } from "./infer.ts";
import { mapPairs, widened } from "./map-elements.ts";
import { inferMatMul, productOf } from "./matmul.ts";
import { quantizing } from "./quantize.ts";

const bytes: readonly DType[] = ["int8", "uint8"];

/** `x − zero` without wrapping: integers in int32, 8-bit floats in float32. */
function centred(x: Storage, zero: Storage | undefined): Storage {
  const dtype = isFloat(x.dtype) ? "float32" : "int32";
  return zero ? mapPairs<number, number>(x, zero, x.shape, (v, z) => v - z, dtype) : convert(x, dtype);
}

/** One number per channel of W, the first axis, or one for all: as a tensor that broadcasts with W. */
const perChannel = (s: Storage, rank: number): Storage => (s.size === 1 ? s.reshape([]) : s.reshape([s.size, ...ones(rank - 1)]));
/** One number per row, or one for all. Tensors of more dimensions say themselves how they broadcast. */
const perRow = (s: Storage): Storage => (s.rank === 1 ? s.reshape(s.size === 1 ? [] : [s.size, 1]) : s);
const ones = (n: number): number[] => new Array<number>(n).fill(1);

/** The int32 sums of a convolution of integers; float64 holds them exactly on the way. */
function convolveIntegers(x: Storage, w: Storage, attributes: ConvAttributes, shape: readonly number[]): Storage {
  return convert(convolve(convert(x, "float64"), convert(w, "float64"), undefined, attributes, shape), "int32");
}

/** Sums to the dtype of `zero`: each times `a · b / y`, where the scales broadcast to the sums, rounded once per step in their dtype. */
function requantize(sums: Storage, [a, b, y]: readonly [a: Storage, b: Storage, y: Storage], zero: Storage): Storage {
  const result = Storage.empty(zero.dtype, sums.shape);
  const to = result.numbers();
  const inScale = (v: number) => decoder(a.dtype)(encoder(a.dtype)(v));
  const inPrecision = a.dtype === "float32" ? Math.fround : inScale;
  const quantize = quantizing(zero.dtype);
  const operands = [sums, widened(a), widened(b), widened(y), widened(zero)];
  const data = operands.map((s) => s.data as Float64Array);
  const lanes = planLanes(sums.shape, operands);
  const value = (k: number, starts: readonly number[], i: number) =>
    (data[k] as Float64Array)[(starts[k] as number) + i * (lanes.steps[k] as number)] as number;
  eachLane(lanes, (at, starts) => {
    for (let i = 0; i < lanes.count; i++) {
      const scale = inPrecision(inPrecision(value(1, starts, i) * value(2, starts, i)) / value(3, starts, i));
      to[at + i] = quantize(Math.fround(value(0, starts, i) * scale), value(4, starts, i));
    }
  });
  return result;
}

/** The product of 8-bit matrices less their zero points, in int32. Zero points: one number, one per row of A, one per column of B. */
export const matMulInteger = defineOp("MatMulInteger", {
  since: [10],
  inputs: ["A: T1", "B: T2", "a_zero_point?: T1", "b_zero_point?: T2"],
  outputs: ["Y: int32"],
  types: { T1: bytes, T2: bytes },
  accuracy: "exact",
  infer(c): ValueType[] {
    requireAlong(c, 2, "a_zero_point", 0, -2);
    requireAlong(c, 3, "b_zero_point", 1, -1);
    return inferMatMul(c).map((t) => (t.kind === "tensor" ? tensorType("int32", t.shape) : t));
  },
  eval: ({ A, B, a_zero_point, b_zero_point }, _, c) =>
    productOf(centred(A, a_zero_point && perRow(a_zero_point)), centred(B, b_zero_point), c.shape(0)),
});

/** The convolution of 8-bit integers less their zero points, in int32; `w_zero_point` is one number, or one per output channel. */
export const convInteger = defineOp("ConvInteger", {
  since: [10],
  inputs: ["x: T1", "w: T2", "x_zero_point?: T1", "w_zero_point?: T2"],
  outputs: ["y: int32"],
  types: { T1: bytes, T2: bytes },
  attributes: convAttributes,
  accuracy: "exact",
  infer(c) {
    requireParameter(c, 2, "x_zero_point", 1);
    requireParameter(c, 3, "w_zero_point", inputShape(c, 1)?.[0]);
    return inferSums(c, 0, 1, undefined, "int32");
  },
  flops: ([x, w], outputs) => convFlops([x, w], outputs),
  eval({ x, w, x_zero_point, w_zero_point }, attributes, c) {
    const zero = w_zero_point && perChannel(w_zero_point, w.rank);
    return convolveIntegers(centred(x, x_zero_point?.reshape([])), centred(w, zero), attributes, c.shape(0));
  },
});

/** A convolution of quantised tensors; padding is the zero point. The scale and zero point of `w` are one, or one per output channel. */
export const qLinearConv = defineOp("QLinearConv", {
  since: [10],
  inputs: [
    "x: T1",
    "x_scale: float32",
    "x_zero_point: T1",
    "w: T2",
    "w_scale: float32",
    "w_zero_point: T2",
    "y_scale: float32",
    "y_zero_point: T3",
    "B?: int32",
  ],
  outputs: ["y: T3"],
  types: { T1: bytes, T2: bytes, T3: bytes },
  attributes: convAttributes,
  accuracy: "ulp",
  infer(c) {
    const channels = inputShape(c, 3)?.[0];
    for (const [i, name] of [
      [1, "x_scale"],
      [2, "x_zero_point"],
      [6, "y_scale"],
      [7, "y_zero_point"],
    ] as const)
      requireParameter(c, i, name, 1);
    requireParameter(c, 4, "w_scale", channels);
    requireParameter(c, 5, "w_zero_point", channels);
    return inferSums(c, 0, 3, 8, inputType(c, 7).dtype);
  },
  flops: (inputs, outputs) => convFlops([inputs[0], inputs[3], inputs[8]], outputs),
  eval({ x, x_scale, x_zero_point, w, w_scale, w_zero_point, y_scale, y_zero_point, B }, attributes, c) {
    const zero = perChannel(w_zero_point, w.rank);
    const sums = convolveIntegers(centred(x, x_zero_point.reshape([])), centred(w, zero), attributes, c.shape(0));
    const channel = (s: Storage) => perChannel(s, sums.rank - 1);
    const biased = B ? mapPairs<number, number>(sums, channel(B), sums.shape, (s, b) => s + b, "int32") : sums;
    return requantize(biased, [x_scale.reshape([]), channel(w_scale), y_scale.reshape([])], y_zero_point.reshape([]));
  },
});

/** A matrix product of quantised tensors. Parameters of `a` and `y` are one number or one per row, those of `b` one per column. */
export const qLinearMatMul = defineOp("QLinearMatMul", {
  since: [10, 21],
  breaking: [10],
  inputs: ["a: T1", "a_scale: TS", "a_zero_point: T1", "b: T2", "b_scale: TS", "b_zero_point: T2", "y_scale: TS", "y_zero_point: T3"],
  outputs: ["y: T3"],
  types: {
    TS: ["float32", "float16", "bfloat16"],
    T1: [...bytes, ...float8s],
    T2: [...bytes, ...float8s],
    T3: [...bytes, ...float8s],
  },
  accuracy: "ulp",
  infer(c) {
    for (const [i, name] of ["a_scale", "a_zero_point"].entries()) requireAlong(c, i + 1, name, 0, -2);
    for (const [i, name] of ["b_scale", "b_zero_point"].entries()) requireAlong(c, i + 4, name, 3, -1);
    for (const [i, name] of ["y_scale", "y_zero_point"].entries()) requireAlong(c, i + 6, name, 0, -2);
    const product = inferMatMul({ ...c, inputs: [c.inputs[0], c.inputs[3]] })[0] as ValueType;
    return [tensorType(inputType(c, 7).dtype, product.kind === "tensor" ? product.shape : undefined)];
  },
  eval({ a, a_scale, a_zero_point, b, b_scale, b_zero_point, y_scale, y_zero_point }, _, c) {
    const [left, right] = [centred(a, perRow(a_zero_point)), centred(b, b_zero_point)];
    const same = left.dtype === right.dtype;
    const product = same ? productOf(left, right, c.shape(0)) : productOf(convert(left, "float32"), convert(right, "float32"), c.shape(0));
    // A vector on the left leaves no axis of rows.
    const row = (s: Storage) => (a.rank === 1 && s.size === 1 ? s.reshape([]) : perRow(s));
    return requantize(product, [row(a_scale), b_scale, row(y_scale)], row(y_zero_point));
  },
});

/** The type of a convolution of inputs `x` and `w`, in `dtype`. */
function inferSums(c: InferContext, x: number, w: number, bias: number | undefined, dtype: DType): ValueType[] {
  const inputs = [c.inputs[x], c.inputs[w], bias === undefined ? undefined : c.inputs[bias]];
  return inferConv({ ...c, inputs }).map((type) => (type.kind === "tensor" ? tensorType(dtype, type.shape) : type));
}

/** A parameter of a matrix product is one number, or one per row or column of an input; or it broadcasts along that axis. */
function requireAlong(c: InferContext, i: number, name: string, matrix: number, axis: -1 | -2): void {
  const of = inputShape(c, matrix);
  const shape = c.inputs[i] && inputShape(c, i);
  if (!of || !shape) return;
  if (shape.length <= 1) {
    requireParameter(c, i, name, of.length === 1 ? 1 : of.at(axis));
    return;
  }
  const expected = of.map((d, k) => (k === of.length + axis ? d : k >= of.length - 2 ? 1 : d));
  const fits = (d: Dim, k: number) => typeof d !== "number" || d === 1 || typeof expected[k] !== "number" || d === expected[k];
  if (shape.length === of.length && shape.every(fits)) return;
  throw ingotError("ShapeMismatch", {
    op: c.op,
    what: name,
    actual: formatShape(shape.map(String)),
    expected: formatShape(expected.map(String)),
    hint: "Parameters are one number, one per row of a and y, or one per column of b.",
  });
}

/** A parameter is one number, or a list of `count` of them. Throws `ShapeMismatch`. */
function requireParameter(c: InferContext, i: number, name: string, count: unknown): void {
  const shape = c.inputs[i] && inputShape(c, i);
  if (!shape || shape.length === 0) return;
  const [size] = shape;
  if (shape.length === 1 && (typeof size !== "number" || size === 1 || typeof count !== "number" || size === count)) return;
  throw ingotError("ShapeMismatch", {
    op: c.op,
    what: name,
    actual: formatShape(shape.map(String)),
    expected: count === 1 ? "[] or [1]" : `[], [1] or [${String(count)}]`,
    hint: "Weights may have one scale and zero point per output channel, matrices one per row or column.",
  });
}
