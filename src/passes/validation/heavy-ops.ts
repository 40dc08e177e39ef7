// The operators that own the large weights, in float64 without a copy of the weight, and with the variance of their results.
import type { Attributes } from "../../ir/schema.ts";
import { convGeometry } from "../../kernels/conv-geometry.ts";
import type { Reals } from "../../kernels/wide-dot.ts";
import { applyOp } from "../../ops/apply-op.ts";
import { windowOf, windowPads } from "../../ops/window.ts";
import { isFloat } from "../../tensor/dtype.ts";
import { Storage } from "../../tensor/storage.ts";
import { toFloat64 } from "../channel-arithmetic.ts";
import { recall, remember } from "./remembered.ts";
import { convWide, type Matrix, matmulWide } from "./wide-kernels.ts";
import { type Noise, varianceOf, type Wide, widen } from "./wide-value.ts";

/** Undefined where the general way is as good. */
export type HeavyOp = (args: readonly (Wide | undefined)[], attributes: Attributes) => Wide | undefined;

export const heavyOps: Readonly<Record<string, HeavyOp>> = { Conv: conv, MatMul: matmul, Gemm: gemm };

function conv([x, w, b]: readonly (Wide | undefined)[], attributes: Attributes): Wide | undefined {
  const [X, W] = [storageOf(x), storageOf(w)];
  if (!x || !w || !X || !W) return undefined;
  const key = JSON.stringify(attributes);
  const known = x.noise || w.noise || b?.noise ? undefined : recall(W, X, storageOf(b), key);
  if (known) return { value: known, noise: undefined };
  const window = windowOf("Conv", W.shape.slice(2), attributes as Parameters<typeof windowOf>[2]);
  const geometry = convGeometry({
    xShape: X.shape,
    wShape: W.shape,
    groups: Number(attributes.group ?? 1),
    strides: window.strides,
    dilations: window.dilations,
    pads: windowPads(window, X.shape.slice(2)),
  });
  const weight = reals(W);
  const shape = geometry.yShape;
  const tensor = (data: Float64Array<ArrayBuffer>) => Storage.of("float64", data, shape);
  const { noise } = w;
  const rounded = noise && !(noise instanceof Storage) ? noise.unit : undefined;
  const { y: sums, squares: squareSums } = convWide(geometry, reals(X), weight, rounded !== undefined);
  const y = tensor(sums);
  const perChannel = (s: Storage) => s.reshape([1, s.size, ...shape.slice(2).map(() => 1)]);
  const variances: Storage[] = [];
  if (rounded !== undefined && squareSums) variances.push(scaled(tensor(squareSums), rounded ** 2));
  if (noise instanceof Storage) variances.push(tensor(convWide(geometry, squares(X), noise.numbers() as Reals, false).y));
  const moved = varianceOf(x);
  if (moved) variances.push(tensor(convWide(geometry, moved.numbers() as Reals, squares(W), false).y));
  const bias = storageOf(b);
  const moving = b && varianceOf(b);
  if (moving) variances.push(perChannel(moving).expand(shape));
  const value = bias ? applyOp("Add", [y, perChannel(wide(bias))]) : y;
  remember(W, { x: X, bias, attributes: key, y: value });
  return { value, noise: sum(variances) };
}

function matmul([a, b]: readonly (Wide | undefined)[]): Wide | undefined {
  const [A, B] = [storageOf(a), storageOf(b)];
  if (!a || !b || !A || !B || A.rank < 2 || B.rank !== 2) return undefined;
  const rows = A.size / Math.max(1, A.shape[A.rank - 1] as number);
  return product({ ...a, value: A.contiguous().reshape([rows, A.shape[A.rank - 1] as number]) }, b, [
    ...A.shape.slice(0, -1),
    B.shape[1] as number,
  ]);
}

function gemm([a, b, c]: readonly (Wide | undefined)[], attributes: Attributes): Wide | undefined {
  const [A, B] = [storageOf(a), storageOf(b)];
  if (!a || !b || !A || !B) return undefined;
  const turned = (x: Wide, turn: boolean): Wide => {
    if (!turn) return x;
    const flip = (s: Storage) => s.transpose([1, 0]);
    return { value: flip(x.value as Storage), noise: x.noise instanceof Storage ? flip(x.noise) : x.noise };
  };
  const [left, right] = [turned(a, Boolean(attributes.transA)), turned(b, Boolean(attributes.transB))];
  const shape = [(left.value as Storage).shape[0] as number, (right.value as Storage).shape[1] as number];
  const [alpha, beta] = [Number(attributes.alpha ?? 1), Number(attributes.beta ?? 1)];
  const y = product(left, right, shape);
  const variances = y.noise instanceof Storage ? [scaled(y.noise, alpha ** 2)] : [];
  const C = storageOf(c);
  const moving = c && varianceOf(c);
  if (moving && beta !== 0) variances.push(scaled(moving, beta ** 2).expand(shape));
  const scaledProduct = scaled(y.value as Storage, alpha);
  const value = C && beta !== 0 ? applyOp("Add", [scaledProduct, scaled(wide(C), beta)]) : scaledProduct;
  return { value, noise: sum(variances) };
}

/** The product of two matrices; `shape` is that of the result. */
function product(a: Wide, b: Wide, shape: readonly number[]): Wide {
  const [A, B] = [matrix(a.value as Storage), matrix(b.value as Storage)];
  const tensor = (data: Float64Array<ArrayBuffer>) => Storage.of("float64", data, shape);
  const variances: Storage[] = [];
  const add = (noise: Noise | undefined, own: Matrix, other: Matrix, left: boolean) => {
    if (!noise) return;
    const relative = !(noise instanceof Storage);
    const mine = relative ? own : matrix(noise, own);
    const data = left ? matmulWide(mine, other, relative, true) : matmulWide(other, mine, true, relative);
    variances.push(relative ? scaled(tensor(data), noise.unit ** 2) : tensor(data));
  };
  add(a.noise, A, B, true);
  add(b.noise, B, A, false);
  return { value: tensor(matmulWide(A, B)), noise: sum(variances) };
}

/** A variance may have more axes than the matrix it belongs to. */
function matrix(s: Storage, like?: Matrix): Matrix {
  if (like && s.rank !== 2) return matrix(s.contiguous().reshape([like.rows, like.columns]));
  const plain = s.dtype === "float32" || s.dtype === "float64" ? s : (widen(s) as Storage);
  return {
    data: plain.data as unknown as Reals,
    offset: plain.offset,
    rows: plain.shape[0] as number,
    columns: plain.shape[1] as number,
    rowStride: plain.strides[0] as number,
    columnStride: plain.strides[1] as number,
  };
}

const storageOf = (x: Wide | undefined) => (x?.value instanceof Storage && isFloat(x.value.dtype) ? x.value : undefined);
const wide = (s: Storage) => widen(s) as Storage;
const reals = (s: Storage): Reals => (s.dtype === "float32" ? (s.numbers() as Float32Array) : toFloat64(s));
const squares = (s: Storage): Float64Array => toFloat64(s).map((v) => v * v);
const scaled = (s: Storage, factor: number): Storage =>
  factor === 1
    ? s
    : Storage.of(
        "float64",
        toFloat64(s).map((v) => v * factor),
        s.shape,
      );
const sum = (parts: readonly Storage[]): Storage | undefined =>
  parts.length === 0 ? undefined : parts.reduce((a, b) => applyOp("Add", [a, b]));
