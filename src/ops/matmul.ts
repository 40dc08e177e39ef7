// MatMul and Gemm: matrix products of every dtype. float32 (and float16, bfloat16 through it) use the fast kernel; float64 and integers
// the reference loops. Strided views (a transposed weight) go to the kernels as they are, without a copy.

import { ingotError } from "../errors/error.ts";
import { type Dim, dimEquals } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { type TensorType, tensorType, type ValueType } from "../ir/type.ts";
import { matmulF32 } from "../kernels/matmul.ts";
import { type BatchStart, matmulBatchF32 } from "../kernels/matmul-batch.ts";
import { type MatmulLayout, matmulInt32, matmulInt64, matmulReference } from "../kernels/reference/matmul.ts";
import { type BigArray, type DType, floats, isBig, isFloat, type NumberArray } from "../tensor/dtype.ts";
import { elementCount, formatShape } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { eachLane, planLanes } from "./broadcast-lanes.ts";
import { defineOp, float, int } from "./define.ts";
import { broadcastDims, inputShape, inputType, requireRank } from "./infer.ts";
import { addLane } from "./lanes-f32.ts";
import { encodeNumbers, isHalf, runLaneF32, widened } from "./map-elements.ts";

const matrixTypes: readonly DType[] = [...floats, "int32", "int64", "uint32", "uint64"];

/** `[..., m, k] · [..., k, n]`; leading axes broadcast, a vector is a row on the left and a column on the right. */
export const matmul = defineOp("MatMul", {
  since: [1, 9, 13],
  inputs: ["A: T", "B: T"],
  outputs: ["Y: T"],
  types: { T: matrixTypes },
  accuracy: "approximate",
  infer: inferMatMul,
  eval: ({ A, B }, _, c) => productOf(A, B, c.shape(0)),
  flops: ([a], [y]) => 2 * elementCount((y as TensorType).shape as number[]) * (a?.shape?.at(-1) as number),
});

/** The inference of MatMul, which MatMulInteger shares. */
export function inferMatMul(c: InferContext): ValueType[] {
  const a = requireRank(c, 0, "A", 1, Number.POSITIVE_INFINITY);
  const b = requireRank(c, 1, "B", 1, Number.POSITIVE_INFINITY);
  const { dtype } = inputType(c, 0);
  if (!a || !b) return [tensorType(dtype)];
  const rows = a.slice(-2, -1);
  const columns = b.length === 1 ? [] : b.slice(-1);
  requireEqual(c, a.at(-1) as Dim, (b.length === 1 ? b[0] : b.at(-2)) as Dim);
  return [tensorType(dtype, [...broadcastDims(c.op, a.slice(0, -2), b.slice(0, -2)), ...rows, ...columns])];
}

function requireEqual(c: InferContext, k: Dim, other: Dim): void {
  if (typeof k !== "number" || typeof other !== "number" || dimEquals(k, other)) return;
  throw ingotError("ShapeMismatch", {
    op: c.op,
    what: c.inputs.length > 1 ? "B" : "the input",
    actual: formatShape((inputShape(c, 1) ?? []).map(String)),
    expected: `${k} rows, because A has shape ${formatShape((inputShape(c, 0) ?? []).map(String))}`,
    hint: "The last dimension of A and the second to last of B are summed over and must be equal; transpose one of them.",
  });
}

/** The product of the last two axes of `a` and `b`, batched over the leading ones, in their dtype; `shape` is that of the result. */
export function productOf(a: Storage, b: Storage, shape: readonly number[]): Storage {
  if (isHalf(a.dtype)) return encodeNumbers(a.dtype, productOf(widened(a), widened(b), shape).dense() as Float32Array<ArrayBuffer>, shape);
  const left = a.rank === 1 ? a.reshape([1, a.size]) : a;
  const right = b.rank === 1 ? b.reshape([b.size, 1]) : b;
  const layout = sizesOf(left, right);
  const { m, n, k } = layout;
  const y = Storage.empty(a.dtype, shape);
  const c = y.dense();
  const batch = shape.slice(0, shape.length - (a.rank > 1 ? 1 : 0) - (b.rank > 1 ? 1 : 0));
  // One weight for the whole batch and a dense left side: the batch is more rows of a single product.
  if (right.rank === 2 && left.rank > 2 && left.isContiguous) {
    multiply(
      a.dtype,
      { ...layout, m: elementCount(left.shape.slice(0, -1)), aRowStride: k, aColStride: 1 },
      left,
      left.offset,
      right,
      right.offset,
      c,
      0,
    );
    return y;
  }
  const lanes = planLanes(batch, [leading(left), leading(right)]);
  const [sa, sb] = lanes.steps as [number, number];
  const each: BatchStart[] = [];
  eachLane(lanes, (at, starts) => {
    for (let i = 0; i < lanes.count; i++)
      each.push({ aOffset: (starts[0] as number) + i * sa, bOffset: (starts[1] as number) + i * sb, cOffset: (at + i) * m * n });
  });
  if (a.dtype === "float32")
    matmulBatchF32({ ...layout, a: left.data as Float32Array, b: right.data as Float32Array, c: c as Float32Array }, each);
  else for (const { aOffset, bOffset, cOffset } of each) multiply(a.dtype, layout, left, aOffset, right, bOffset, c, cOffset);
  return y;
}

/** The batch axes alone, at the same strides: where each matrix starts. */
function leading(x: Storage): Storage {
  return Storage.strided(x.dtype, x.data, x.shape.slice(0, -2), x.strides.slice(0, -2), x.offset);
}

type Sizes = Required<Pick<MatmulLayout<unknown, unknown>, "m" | "n" | "k" | "aRowStride" | "aColStride" | "bRowStride" | "bColStride">>;

/** Of the last two axes, which both must have. */
function sizesOf(left: Storage, right: Storage): Sizes {
  return {
    m: left.shape.at(-2) as number,
    n: right.shape.at(-1) as number,
    k: left.shape.at(-1) as number,
    aRowStride: left.strides.at(-2) as number,
    aColStride: left.strides.at(-1) as number,
    bRowStride: right.strides.at(-2) as number,
    bColStride: right.strides.at(-1) as number,
  };
}

function multiply(
  dtype: DType,
  sizes: Sizes,
  a: Storage,
  aOffset: number,
  b: Storage,
  bOffset: number,
  c: Storage["data"],
  cOffset: number,
): void {
  const at = { ...sizes, aOffset, bOffset, cOffset };
  if (dtype === "float32") matmulF32({ ...at, a: a.data as Float32Array, b: b.data as Float32Array, c: c as Float32Array });
  else if (isBig(dtype)) matmulInt64({ ...at, a: a.data as BigArray, b: b.data as BigArray, c: c as BigArray });
  else
    (isFloat(dtype) ? matmulReference : matmulInt32)({ ...at, a: a.data as Float64Array, b: b.data as Float64Array, c: c as Float64Array });
}

/** `Y = alpha · A' · B' + beta · C`, where `'` transposes when asked, and C broadcasts to the result. */
export const gemm = defineOp("Gemm", {
  since: [7, 9, 11, 13],
  breaking: [11],
  inputs: ["A: T", "B: T", "C?: T"],
  outputs: ["Y: T"],
  types: { T: matrixTypes },
  attributes: { alpha: float(1), beta: float(1), transA: int(0), transB: int(0) },
  accuracy: "approximate",
  infer: inferGemm,
  eval({ A, B, C }, attributes, c) {
    if (!isHalf(A.dtype)) return generalProduct(A, B, C, attributes, c.shape(0));
    const wide = generalProduct(widened(A), widened(B), C && widened(C), attributes, c.shape(0));
    return encodeNumbers(A.dtype, wide.dense() as Float32Array<ArrayBuffer>, c.shape(0));
  },
  flops: ([a], [y]) => {
    // A holds m·k elements whichever way it lies.
    const [m = 0, n = 0] = (y as TensorType).shape as number[];
    return m === 0 ? 0 : 2 * n * elementCount((a as TensorType).shape as number[]);
  },
});

function inferGemm(c: InferContext): ValueType[] {
  const a = requireRank(c, 0, "A", 2);
  const b = requireRank(c, 1, "B", 2);
  const { dtype } = inputType(c, 0);
  const { transA, transB } = c.attributes;
  const [m, k] = a ? (transA ? [a[1], a[0]] : [a[0], a[1]]) : [];
  const [l, n] = b ? (transB ? [b[1], b[0]] : [b[0], b[1]]) : [];
  if (k !== undefined && l !== undefined) requireEqual(c, k, l);
  if (m === undefined || n === undefined) return [tensorType(dtype)];
  const bias = c.inputs[2] && inputShape(c, 2);
  if (
    bias &&
    (bias.length > 2 ||
      // A symbol may turn out to be the number: only two different numbers contradict each other.
      broadcastDims(c.op, [m, n], bias).some((d, i) => typeof d === "number" && typeof [m, n][i] === "number" && d !== [m, n][i]))
  )
    throw ingotError("ShapeMismatch", {
      op: c.op,
      what: "C",
      actual: formatShape(bias.map(String)),
      expected: `a shape that broadcasts to ${formatShape([String(m), String(n)])}`,
      hint: "C is added to the product: a scalar, a row [N], a column [M, 1] or the whole [M, N].",
    });
  return [tensorType(dtype, [m, n])];
}

interface GemmAttributes {
  readonly alpha: number;
  readonly beta: number;
  readonly transA: number;
  readonly transB: number;
}

function generalProduct(
  A: Storage,
  B: Storage,
  C: Storage | undefined,
  { alpha, beta, transA, transB }: GemmAttributes,
  shape: readonly number[],
): Storage {
  const [left, right] = [transA ? A.transpose([1, 0]) : A, transB ? B.transpose([1, 0]) : B];
  if (C && A.dtype === "float32" && alpha === 1 && beta === 1 && C.size === shape[1] && C.shape.at(-1) === shape[1])
    return productAndRow(left, right, C, shape);
  const product = productOf(left, right, shape);
  const bias = beta === 0 ? undefined : C?.expand(shape);
  if (isBig(product.dtype)) scaleBig(product.dense() as BigArray, alpha, bias?.dense() as BigArray | undefined, beta);
  else if (bias && alpha === 1 && beta === 1 && product.dtype === "float32") runLaneF32(product, bias, addLane, product);
  else if (bias || alpha !== 1) scale(product.numbers(), alpha, bias?.numbers(), beta);
  return product;
}

/** float32 `a · b + row`, the sum in the pass that writes the product. */
function productAndRow(a: Storage, b: Storage, row: Storage, shape: readonly number[]): Storage {
  const y = Storage.empty("float32", shape);
  const [left, right] = [a.data as Float32Array, b.data as Float32Array];
  const starts = { aOffset: a.offset, bOffset: b.offset };
  matmulF32({ ...sizesOf(a, b), ...starts, a: left, b: right, c: y.dense() as Float32Array, columnBias: row.dense() as Float32Array });
  return y;
}

/** `y = alpha · y + beta · bias`, in place; integers are truncated. */
function scale(y: NumberArray, alpha: number, bias: NumberArray | undefined, beta: number): void {
  for (let i = 0; i < y.length; i++) y[i] = alpha * (y[i] as number) + (bias ? beta * (bias[i] as number) : 0);
}

function scaleBig(y: BigArray, alpha: number, bias: BigArray | undefined, beta: number): void {
  const whole = Number.isInteger(alpha) && Number.isInteger(beta);
  for (let i = 0; i < y.length; i++) {
    const p = y[i] as bigint;
    const q = bias?.[i] ?? 0n;
    y[i] = whole ? BigInt(alpha) * p + BigInt(beta) * q : BigInt(Math.trunc(alpha * Number(p) + beta * Number(q)));
  }
}
