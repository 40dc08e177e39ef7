// Operators that make tensors from little: Constant, ConstantOfShape, Range, EyeLike, OneHot.
import { ingotError } from "../errors/error.ts";
import { ceilDivDims, type Dim, maxDims, subDims, unknownDim } from "../ir/dim.ts";
import type { AttributeValue, InferContext } from "../ir/schema.ts";
import { tensorType } from "../ir/type.ts";
import { allDTypes, type DType, dtypeFromOnnx, dtypeInfo, encoder, isBig, isFloat, numeric } from "../tensor/dtype.ts";
import { checkShape, rowMajorStrides } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { cellsOf } from "./cells.ts";
import { anyDType, defineOp, everyDType, float, floats_, int, ints, string, strings, tensor } from "./define.ts";
import { lowerBound } from "./dim-arithmetic.ts";
import { axisOf, contentsOf, inputShape, inputType, requireRank, requireShape, unknownShape } from "./infer.ts";
import { lengthOf } from "./shape.ts";

/** The dtype that a `dtype` attribute names by its ONNX number. Throws `InvalidArgument`. */
export function dtypeOfAttribute(op: string, number: number): DType {
  const dtype = dtypeFromOnnx(number);
  if (dtype) return dtype;
  throw ingotError("InvalidArgument", {
    op,
    name: "dtype",
    expected: `one of ${allDTypes.map((d) => `${dtypeInfo(d).onnx} (${d})`).join(", ")}`,
    actual: String(number),
    hint: "The attribute holds the number of an ONNX TensorProto.DataType.",
  });
}

// ---- Constant, ConstantOfShape ---------------------------------------------------------------------------------------

type ConstantForm = "value" | "value_float" | "value_floats" | "value_int" | "value_ints" | "value_string" | "value_strings";

const constantForms: { readonly [K in ConstantForm]: (value: AttributeValue) => Storage } = {
  value: (v) => v as Storage,
  value_float: (v) => Storage.from("float32", [v as number], []),
  value_floats: (v) => list("float32", v as readonly number[]),
  value_int: (v) => Storage.from("int64", [v as number], []),
  value_ints: (v) => list("int64", v as readonly number[]),
  value_string: (v) => Storage.from("string", [v as string], []),
  value_strings: (v) => list("string", v as readonly string[]),
};

const list = (dtype: DType, values: readonly (number | string)[]) => Storage.from(dtype, values, [values.length]);

function constantStorage(attributes: { readonly [name: string]: AttributeValue | undefined }): Storage {
  const given = (Object.keys(constantForms) as ConstantForm[]).filter((name) => attributes[name] !== undefined);
  const form = given[0];
  if (form === undefined || given.length > 1)
    throw ingotError("InvalidArgument", {
      op: "Constant",
      name: "value",
      expected: `exactly one of ${Object.keys(constantForms).join(", ")}`,
      actual: given.join(" and ") || "none",
      hint: "A Constant has one value.",
    });
  return constantForms[form](attributes[form] as AttributeValue);
}

/** A tensor written into the node, in one of seven forms. */
export const constant = defineOp("Constant", {
  since: [1, 9, 11, 12, 13, 19, 21, 23, 24, 25],
  breaking: [1, 12],
  minVersion: ({ attributes }) => (attributes.value === undefined ? 12 : 1),
  inputs: [],
  outputs: ["output: T"],
  types: { T: everyDType },
  attributes: {
    value: tensor(),
    value_float: float(),
    value_floats: floats_(),
    value_int: int(),
    value_ints: ints(),
    value_string: string(),
    value_strings: strings(),
  },
  accuracy: "exact",
  infer(c) {
    const s = constantStorage(c.attributes);
    return [tensorType(s.dtype, s.shape)];
  },
  inferDims(c) {
    const s = constantStorage(c.attributes);
    const isList = (s.dtype === "int64" || s.dtype === "int32") && s.rank <= 1 && s.size <= 64;
    return isList
      ? [Array.from(s.dense() as ArrayLike<number | bigint>, (v) => (Number.isSafeInteger(Number(v)) ? Number(v) : unknownDim()))]
      : undefined;
  },
  eval: (_, attributes) => constantStorage(attributes),
});

/** A tensor of the shape that the input holds, filled with the one element of `value` (float32 zero by default). */
export const constantOfShape = defineOp("ConstantOfShape", {
  since: [9, 20, 21, 23, 24, 25],
  breaking: [9],
  inputs: ["input: T1"],
  outputs: ["output: T2"],
  types: { T1: ["int64"], T2: everyDType.filter((d) => d !== "string") },
  attributes: { value: tensor() },
  accuracy: "exact",
  infer(c) {
    const dtype = filler(c.attributes.value).dtype;
    const dims = contentsOf(c, 0);
    if (dims?.every((d) => typeof d === "number")) checkShape(c.op, dims as number[]);
    const rank = lengthOf(c, 0);
    return [tensorType(dtype, dims ?? (rank === undefined ? undefined : unknownShape(rank)))];
  },
  inferDims(c) {
    const one = filler(c.attributes.value);
    const n = c.dims(0);
    const count = n?.length === 0 ? 1 : n?.[0];
    if (!n || n.length > 1 || typeof count !== "number" || count > 64 || (one.dtype !== "int64" && one.dtype !== "int32")) return undefined;
    return [new Array<Dim>(count).fill(one.toNumbers()[0] as number)];
  },
  eval(_, { value }, context) {
    const one = filler(value);
    const y = Storage.empty(one.dtype, context.shape(0));
    cellsOf(y).fill(cellsOf(one)[0]);
    return y;
  },
});

function filler(value: AttributeValue | undefined): Storage {
  const one = value instanceof Storage ? value : Storage.from("float32", [0], [1]);
  if (one.size === 1) return one;
  throw ingotError("InvalidArgument", {
    op: "ConstantOfShape",
    name: "value",
    expected: "a tensor with one element",
    actual: `${one.size} elements`,
    hint: "The tensor is filled with a single value; use Expand to repeat more.",
  });
}

// ---- Range -----------------------------------------------------------------------------------------------------------

/** start, start + delta, … before limit: ⌈(limit − start) / delta⌉ numbers. `stash_type` is the precision for float16; here it is float64. */
export const range = defineOp("Range", {
  since: [11, 27],
  breaking: [11, 27],
  minVersion: ({ attributes }) => (Number(attributes.stash_type ?? 1) === 1 ? 11 : 27),
  inputs: ["start: T", "limit: T", "delta: T"],
  outputs: ["output: T"],
  types: { T: ["float32", "float64", "int16", "int32", "int64", "float16", "bfloat16"] },
  attributes: { stash_type: int(1) },
  accuracy: "ulp",
  infer: (c) => [tensorType(inputType(c, 0).dtype, [rangeLength(c) ?? unknownDim()])],
  inferDims(c) {
    const start = c.dims(0)?.[0];
    const delta = c.dims(2)?.[0];
    const n = rangeLength(c);
    if (typeof start !== "number" || typeof delta !== "number" || typeof n !== "number" || n > 64) return undefined;
    return [Array.from({ length: n }, (_, i) => start + i * delta)];
  },
  eval({ start, delta }, _, context) {
    const y = Storage.empty(start.dtype, context.shape(0));
    if (isBig(y.dtype)) {
      const [first, step] = [cellsOf(start)[0] as bigint, cellsOf(delta)[0] as bigint];
      const to = y.dense() as BigInt64Array;
      for (let i = 0; i < to.length; i++) to[i] = first + BigInt(i) * step;
      return y;
    }
    const [first, step] = [start.toNumbers()[0] as number, delta.toNumbers()[0] as number];
    const to = y.numbers();
    const encode = encoder(y.dtype);
    for (let i = 0; i < to.length; i++) to[i] = encode(first + i * step);
    return y;
  },
});

function rangeLength(c: InferContext): Dim | undefined {
  const [start, limit, delta] = [0, 1, 2].map((i) => c.constant(i)?.toNumbers()[0] ?? c.dims(i)?.[0]);
  if (start === undefined || limit === undefined || delta === undefined) return undefined;
  if (delta === 0)
    throw ingotError("InvalidArgument", {
      op: c.op,
      name: "delta",
      expected: "a number other than 0",
      actual: "0",
      hint: "The step of a range may be negative, but not zero.",
    });
  if (typeof start === "number" && typeof limit === "number" && typeof delta === "number")
    return Math.max(0, Math.ceil((limit - start) / delta));
  if (typeof delta !== "number" || !isWhole(start) || !isWhole(limit) || !Number.isInteger(delta)) return undefined;
  const n = delta > 0 ? ceilDivDims(subDims(limit, start), delta) : ceilDivDims(subDims(start, limit), -delta);
  return lowerBound(n) >= 0 ? n : maxDims(0, n);
}

const isWhole = (d: Dim): boolean => typeof d !== "number" || Number.isInteger(d);

// ---- EyeLike, OneHot -------------------------------------------------------------------------------------------------

/** Ones on the `k`-th diagonal of a matrix of the input's shape. */
export const eyeLike = defineOp("EyeLike", {
  since: [9, 22],
  breaking: [9],
  inputs: ["input: T1"],
  outputs: ["output: T2"],
  types: { T1: [...numeric, "bool"], T2: [...numeric, "bool"] },
  attributes: { dtype: int(), k: int(0) },
  accuracy: "exact",
  infer(c) {
    const number = c.attributes.dtype as number | undefined;
    const dtype = number === undefined ? inputType(c, 0).dtype : dtypeOfAttribute(c.op, number);
    return [tensorType(dtype, requireRank(c, 0, "input", 2))];
  },
  eval(_, { k }, context) {
    const [rows = 0, columns = 0] = context.shape(0);
    const diagonal = Array.from({ length: rows * columns }, (_value, i) => (i % columns === Math.floor(i / columns) + k ? 1 : 0));
    return Storage.from(context.dtype(0), diagonal, [rows, columns]);
  },
});

/** `values[1]` where the new dimension's index is `indices`, `values[0]` elsewhere; an index outside [−depth, depth) gives no hot place. */
export const oneHot = defineOp("OneHot", {
  since: [9, 11],
  breaking: [9, 11],
  minVersion: () => 11,
  inputs: ["indices: T1", "depth: T2", "values: T3"],
  outputs: ["output: T3"],
  types: { T1: numeric, T2: numeric, T3: anyDType },
  attributes: { axis: int(-1) },
  accuracy: "exact",
  infer(c) {
    const dtype = inputType(c, 2).dtype;
    const shape = inputShape(c, 0);
    requireShape(c, "values", inputShape(c, 2), [2], "Give the value of cold places and that of hot ones.");
    if (!shape) return [tensorType(dtype)];
    const axis = axisOf(c, c.attributes.axis as number, shape, shape.length + 1);
    const depth = c.constant(1)?.toNumbers()[0] ?? c.dims(1)?.[0] ?? unknownDim();
    if (typeof depth === "number" && depth < 0)
      throw ingotError("InvalidArgument", {
        op: c.op,
        name: "depth",
        expected: "a number from 0",
        actual: depth,
        hint: "The depth is the size of the new dimension.",
      });
    return [tensorType(dtype, [...shape.slice(0, axis), typeof depth === "number" ? Math.trunc(depth) : depth, ...shape.slice(axis)])];
  },
  eval({ indices, values }, { axis }, context) {
    const shape = context.shape(0);
    const a = axis < 0 ? axis + shape.length : axis;
    const depth = shape[a] as number;
    const step = rowMajorStrides(shape)[a] as number;
    const y = Storage.empty(values.dtype, shape);
    const [off, on] = cellsOf(values);
    const to = cellsOf(y).fill(off);
    indices.toNumbers().forEach((raw, i) => {
      const index = isFloat(indices.dtype) ? Math.trunc(raw) : raw;
      const place = index < 0 ? index + depth : index;
      if (place >= 0 && place < depth) to[Math.floor(i / step) * step * depth + place * step + (i % step)] = on;
    });
    return y;
  },
});
