// Add, Sub, Mul, Div, Mod, Pow, Max, Min, Sum, Mean: arithmetic of two or more tensors with NumPy broadcasting.

import { addDims, maxDims, minDims, modDims, mulDims, subDims, unknownDim } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { type BinaryName, binaryF32, type ChannelSplit, channelsF32, numberF32, rowsF32 } from "../kernels/elementwise.ts";
import { type DType, decoder, floats, isBig, isFloat, numeric } from "../tensor/dtype.ts";
import { elementCount, type Shape, sameShape } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { defineOp, int } from "./define.ts";
import { foldDims, lowerBound, pairDims, truncDivDims } from "./dim-arithmetic.ts";
import { broadcast } from "./infer.ts";
import { addLane, divLane, maxLane, minLane, mulLane, subLane } from "./lanes-f32.ts";
import { type BinaryRule, encodeNumbers, isHalf, mapBinary, mapPairs, maxBig, minBig, widened } from "./map-elements.ts";

const binary = {
  since: [7, 13, 14],
  inputs: ["A: T", "B: T"],
  outputs: ["C: T"],
  types: { T: numeric },
  accuracy: "exact",
  infer: broadcast(),
} as const;

/** Operands of one shape, a row or a channel's numbers for all, and a number go to the flat kernels, others to the broadcast lanes. */
function arithmetic(a: Storage, b: Storage, shape: Shape, rule: BinaryRule, op: BinaryName): Storage {
  return flatly(a, b, shape, op) ?? (op === "add" || op === "mul" ? flatly(b, a, shape, op) : undefined) ?? mapBinary(a, b, shape, rule);
}

/** `a ∘ b` where `a` is dense float32 of the result's shape and `b` has some neighbouring axes of it; undefined elsewhere. */
function flatly(a: Storage, b: Storage, shape: Shape, op: BinaryName): Storage | undefined {
  if (a.dtype !== "float32" || !sameShape(a.shape, shape) || !b.isContiguous || a.size === 0) return undefined;
  if (!a.isContiguous) return b.size === 1 && (a.strides.at(-1) as number) === 1 ? numberOnRows(a, b, op) : undefined;
  const split = splitAround(b.shape, shape);
  if (!split || (b.size > 1 && split.channels * split.inner < shortest) || (split.inner > 1 && split.inner < shortest)) return undefined;
  const y = Storage.empty("float32", shape);
  const [from, by, to] = [a.dense() as Float32Array, b.dense() as Float32Array, y.dense() as Float32Array];
  if (b.size === 1) numberF32(op, from, by[0] as number, to);
  else if (b.size === a.size) binaryF32(op, from, by, to);
  else if (split.inner === 1) rowsF32(op, from, by, to);
  else channelsF32(op, from, by, split, to);
  return y;
}

/** `a ∘ b` for a number `b` and a view whose rows are dense: its copy is the result's memory. */
function numberOnRows(a: Storage, b: Storage, op: BinaryName): Storage | undefined {
  if ((a.shape.at(-1) as number) < shortest) return undefined;
  const y = a.dense() as Float32Array<ArrayBuffer>;
  numberF32(op, y, b.dense()[0] as number, y);
  return Storage.of("float32", y, a.shape);
}

/** Rows shorter than this are not worth a call each. */
const shortest = 8;

/** How `shape` splits around the axes in which `b` is not 1; undefined if `b` repeats along an axis between them. */
function splitAround(b: Shape, shape: Shape): ChannelSplit | undefined {
  const skipped = shape.length - b.length;
  const first = b.findIndex((size) => size !== 1);
  if (first < 0) return { outer: elementCount(shape), channels: 1, inner: 1 };
  const end = b.findLastIndex((size) => size !== 1) + 1;
  const axes = shape.slice(skipped + first, skipped + end);
  if (!sameShape(b.slice(first, end), axes)) return undefined;
  const [outer, inner] = [shape.slice(0, skipped + first), shape.slice(skipped + end)];
  return { outer: elementCount(outer), channels: elementCount(axes), inner: elementCount(inner) };
}

const addRule: BinaryRule = { float: (a, b) => a + b, int: (a, b) => a + b, big: (a, b) => a + b, lane: addLane };
const subRule: BinaryRule = { float: (a, b) => a - b, int: (a, b) => a - b, big: (a, b) => a - b, lane: subLane };
/** Math.imul keeps the low 32 bits, where a product of doubles would round them away. */
export const mulRule: BinaryRule = { float: (a, b) => a * b, int: Math.imul, big: (a, b) => a * b, lane: mulLane };
const divRule: BinaryRule = { float: (a, b) => a / b, int: (a, b) => a / b, big: (a, b) => (b === 0n ? 0n : a / b), lane: divLane };

export const add = defineOp("Add", {
  ...binary,
  breaking: [7],
  inferDims: pairDims(addDims),
  eval: ({ A, B }, _, c) => arithmetic(A, B, c.shape(0), addRule, "add"),
});

export const sub = defineOp("Sub", {
  ...binary,
  breaking: [7],
  inferDims: pairDims(subDims),
  eval: ({ A, B }, _, c) => arithmetic(A, B, c.shape(0), subRule, "sub"),
});

export const mul = defineOp("Mul", {
  ...binary,
  breaking: [7],
  inferDims: pairDims(mulDims),
  eval: ({ A, B }, _, c) => arithmetic(A, B, c.shape(0), mulRule, "mul"),
});

/** Integers are divided toward zero; an integer divided by zero is 0, on every platform. */
export const div = defineOp("Div", {
  ...binary,
  breaking: [7],
  inferDims: pairDims(truncDivDims),
  eval: ({ A, B }, _, c) => arithmetic(A, B, c.shape(0), divRule, "div"),
});

/** The sign of the divisor, as in Python. */
const flooredMod: BinaryRule = {
  float: (a, b) => flooredRemainder(a, b),
  int: (a, b) => (b === 0 ? 0 : flooredRemainder(a, b)),
  big: (a, b) => {
    if (b === 0n) return 0n;
    const r = a % b;
    return r !== 0n && r < 0n !== b < 0n ? r + b : r;
  },
};

/** The sign of the dividend, as C's fmod. */
const truncatedMod: BinaryRule = { float: (a, b) => a % b, int: (a, b) => (b === 0 ? 0 : a % b), big: (a, b) => (b === 0n ? 0n : a % b) };

function flooredRemainder(a: number, b: number): number {
  const r = a % b;
  return r !== 0 && r < 0 !== b < 0 ? r + b : r;
}

/** `fmod = 0`: the result has the sign of the divisor; `fmod = 1`: that of the dividend. An integer modulo zero is 0. */
export const mod = defineOp("Mod", {
  ...binary,
  since: [10, 13],
  attributes: { fmod: int(0) },
  inferDims: pairDimsOfMod,
  eval: ({ A, B }, { fmod }, c) => mapBinary(A, B, c.shape(0), fmod ? truncatedMod : flooredMod),
});

function pairDimsOfMod(c: InferContext) {
  return pairDims((a, b) => {
    if (lowerBound(b) < 1)
      return typeof a === "number" && typeof b === "number" ? (c.attributes.fmod ? truncatedMod : flooredMod).int(a, b) + 0 : unknownDim();
    return c.attributes.fmod && lowerBound(a) < 0 ? unknownDim() : modDims(a, b);
  })(c);
}

/** The base's dtype is the result's; integer powers wrap around, and a negative power of an integer is truncated toward zero (0 to a negative power is 0). */
export const pow = defineOp("Pow", {
  since: [7, 12, 13, 15],
  breaking: [7],
  inputs: ["X: T", "Y: T1"],
  outputs: ["Z: T"],
  types: { T: ["int32", "int64", ...floats], T1: numeric },
  accuracy: "ulp",
  infer: broadcast(),
  eval({ X, Y }, _, c) {
    const shape = c.shape(0);
    if (isFloat(X.dtype) || isFloat(Y.dtype)) {
      const base = asFloats(X);
      const exponent = asFloats(Y);
      if (isFloat(X.dtype)) return mapPairs(base, exponent, shape, (a: number, b: number) => power(a, b), X.dtype);
      const exact = mapPairs(base, exponent, shape, (a: number, b: number) => Math.trunc(power(a, b)), "float64");
      return Storage.from(X.dtype, Array.from(exact.numbers(), finiteOrZero), shape);
    }
    const big = mapPairs(asBigInts(X), asBigInts(Y), shape, bigPower, "int64");
    return X.dtype === "int64"
      ? big
      : Storage.of(
          "int32",
          Int32Array.from(big.dense() as BigInt64Array, (v) => Number(BigInt.asIntN(32, v))),
          shape,
        );
  },
});

/** IEEE 754's pow, which gives 1 where JavaScript's `**` gives NaN: for 1 to any power and for −1 to an infinite one. */
function power(a: number, b: number): number {
  if (a === 1 || (a === -1 && (b === Number.POSITIVE_INFINITY || b === Number.NEGATIVE_INFINITY))) return 1;
  return b === 2 ? a * a : b === 0.5 && a >= 0 && a !== Number.POSITIVE_INFINITY ? Math.sqrt(a) : a ** b;
}

function bigPower(a: bigint, b: bigint): bigint {
  if (b < 0n) return a === 1n ? 1n : a === -1n ? (b % 2n === 0n ? 1n : -1n) : 0n;
  // By squaring, cut to 64 bits at each step: an exponent of any size stays cheap.
  let result = 1n;
  for (let square = a, rest = b; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = BigInt.asIntN(64, result * square);
    square = BigInt.asIntN(64, square * square);
  }
  return result;
}

const finiteOrZero = (v: number) => (Number.isFinite(v) ? v : 0);

function asFloats(x: Storage): Storage {
  if (isHalf(x.dtype)) return widened(x);
  if (!isBig(x.dtype)) return x;
  return Storage.of("float64", Float64Array.from(x.dense() as BigInt64Array, Number), x.shape);
}

function asBigInts(x: Storage): Storage {
  return x.dtype === "int64"
    ? x
    : Storage.of("int64", BigInt64Array.from(Array.from(x.dense() as ArrayLike<number | bigint>, BigInt)), x.shape);
}

const variadic = {
  breaking: [8],
  inputs: ["data_0...: T"],
  infer: broadcast(),
} as const;

const maxRule: BinaryRule = { float: Math.max, int: Math.max, big: maxBig, lane: maxLane };
const minRule: BinaryRule = { float: Math.min, int: Math.min, big: minBig, lane: minLane };

/** NaN in any input gives NaN. */
export const max = defineOp("Max", {
  ...variadic,
  since: [8, 12, 13],
  outputs: ["max: T"],
  types: { T: numeric },
  accuracy: "exact",
  inferDims: foldDims(maxDims),
  eval: ({ data_0 }, _, c) => foldStorages(data_0, c.shape(0), maxRule),
});

/** NaN in any input gives NaN. */
export const min = defineOp("Min", {
  ...variadic,
  since: [8, 12, 13],
  outputs: ["min: T"],
  types: { T: numeric },
  accuracy: "exact",
  inferDims: foldDims(minDims),
  eval: ({ data_0 }, _, c) => foldStorages(data_0, c.shape(0), minRule),
});

export const sum = defineOp("Sum", {
  ...variadic,
  since: [8, 13],
  outputs: ["sum: T"],
  types: { T: floats },
  accuracy: "ulp",
  eval: ({ data_0 }, _, c) => total(data_0, c.shape(0), 1),
});

export const mean = defineOp("Mean", {
  ...variadic,
  since: [8, 13],
  outputs: ["mean: T"],
  types: { T: floats },
  accuracy: "ulp",
  eval: ({ data_0 }, _, c) => total(data_0, c.shape(0), data_0.length),
});

function foldStorages(inputs: readonly Storage[], shape: Shape, rule: BinaryRule): Storage {
  const [first, ...rest] = inputs as readonly [Storage, ...Storage[]];
  // No shape grows beyond the final one, and the last step reaches it: widen the first operand when there is no second.
  return rest.reduce((acc, next) => mapBinary(acc, next, shape, rule), rest.length > 0 ? first : first.expand(shape));
}

/** Sums in float64 and rounds once, so that the order of the inputs does not matter much. */
function total(inputs: readonly Storage[], shape: Shape, divisor: number): Storage {
  const dtype = (inputs[0] as Storage).dtype as DType;
  const decode = decoder(dtype);
  const sums = new Float64Array(shape.reduce((n, d) => n * d, 1));
  for (const input of inputs) {
    const dense = input.expand(shape).numbers();
    for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) + decode(dense[i] as number);
  }
  if (divisor !== 1) for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) / divisor;
  return encodeNumbers(dtype, sums, shape);
}
