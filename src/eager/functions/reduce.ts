// Reductions, softmax, sorting and products of matrices, under PyTorch's names.
import { ingotError } from "../../errors/error.ts";
import type { OpName } from "../../ops/registry.ts";
import { isFloat } from "../../tensor/dtype.ts";
import { formatShape, normalizeAxes, normalizeAxis } from "../../tensor/shape.ts";
import { dispatch, dispatchAll } from "../interpreter.ts";
import { int64s, requireTensor } from "../operand.ts";
import { withTemporaries } from "../temporaries.ts";
import type { Tensor } from "../tensor.ts";
import { abs, add, div, mul, ne, pow, sqrt, sub, to } from "./math.ts";
import { reshape } from "./shape.ts";

/** One axis, several, or (left out) all. */
export type Dims = number | readonly number[] | undefined;

/** The result of a reduction that also knows where: shapes as the reduced tensor's, indices int64. */
export interface ValuesAndIndices {
  readonly values: Tensor;
  readonly indices: Tensor;
}

function reduce(op: OpName, x: Tensor, dims: Dims, keepdim: boolean): Tensor {
  const axes = dims === undefined ? undefined : int64s(normalizeAxes(op, typeof dims === "number" ? [dims] : dims, x.shape));
  return dispatch(op, [x, axes], { keepdims: keepdim ? 1 : 0 });
}

/** Sums and products of integers and booleans are int64, as in PyTorch: those of small integers soon leave their range. */
const countable = (x: Tensor) => (isFloat(x.dtype) || x.dtype === "int64" || x.dtype === "uint64" ? x : to(x, "int64"));

/** Throws `DTypeMismatch` for integers, whose mean would be cut off to an integer. */
function requireFloat(op: string, x: Tensor): Tensor {
  requireTensor(op, "input", x);
  if (isFloat(x.dtype)) return x;
  throw ingotError("DTypeMismatch", { op, what: "the tensor", actual: x.dtype, expected: "a floating-point dtype", convert: "float32" });
}
export const sum = (x: Tensor, dims?: Dims, keepdim = false): Tensor => reduce("ReduceSum", countable(x), dims, keepdim);
export const mean = (x: Tensor, dims?: Dims, keepdim = false): Tensor => reduce("ReduceMean", requireFloat("mean", x), dims, keepdim);
export const prod = (x: Tensor, dims?: Dims, keepdim = false): Tensor => reduce("ReduceProd", countable(x), dims, keepdim);
export const amax = (x: Tensor, dims?: Dims, keepdim = false): Tensor => reduce("ReduceMax", x, dims, keepdim);
export const amin = (x: Tensor, dims?: Dims, keepdim = false): Tensor => reduce("ReduceMin", x, dims, keepdim);
export const logsumexp = (x: Tensor, dims?: Dims, keepdim = false): Tensor => reduce("ReduceLogSumExp", x, dims, keepdim);
export const any = (x: Tensor, dims?: Dims, keepdim = false): Tensor =>
  to(reduce("ReduceMax", to(to(x, "bool"), "int32"), dims, keepdim), "bool");
export const all = (x: Tensor, dims?: Dims, keepdim = false): Tensor =>
  to(reduce("ReduceMin", to(to(x, "bool"), "int32"), dims, keepdim), "bool");

/** The p-norm (Σ|x|ᵖ)^(1/p); for p = Infinity the largest |x|, for -Infinity the smallest, for 0 the count of elements that are not 0. */
export function norm(x: Tensor, p = 2, dims?: Dims, keepdim = false): Tensor {
  requireFloat("norm", x);
  if (p === 1 || p === 2) return reduce(p === 1 ? "ReduceL1" : "ReduceL2", x, dims, keepdim);
  if (p === Number.POSITIVE_INFINITY) return amax(abs(x), dims, keepdim);
  if (p === Number.NEGATIVE_INFINITY) return amin(abs(x), dims, keepdim);
  if (p === 0) return sum(to(ne(x, 0), x.dtype), dims, keepdim);
  return pow(sum(pow(abs(x), p), dims, keepdim), 1 / p);
}

/** How many elements are not zero, int64. */
export const countNonzero = (x: Tensor, dims?: Dims): Tensor => sum(to(x, "bool"), dims);

/** Variance; divides by n − correction (default 1, as PyTorch). */
export function variance(x: Tensor, dims?: Dims, options: { correction?: number; keepdim?: boolean } = {}): Tensor {
  requireFloat("var", x);
  const axes = normalizeAxes("var", typeof dims === "number" ? [dims] : dims, x.shape);
  const count = axes.reduce((n, a) => n * (x.shape[a] as number), 1);
  const centred = sub(x, mean(x, axes, true));
  return div(sum(mul(centred, centred), axes, options.keepdim ?? false), count - (options.correction ?? 1));
}
export const std = (x: Tensor, dims?: Dims, options: { correction?: number; keepdim?: boolean } = {}): Tensor =>
  sqrt(variance(x, dims, options));

function argReduce(op: "ArgMax" | "ArgMin", x: Tensor, dim: number | undefined, keepdim: boolean): Tensor {
  if (dim === undefined) return dispatch(op, [dispatch("Reshape", [x, int64s([-1])])], { axis: 0, keepdims: 0 });
  return dispatch(op, [x], { axis: normalizeAxis(op, dim, x.shape), keepdims: keepdim ? 1 : 0 });
}
export const argmax = (x: Tensor, dim?: number, keepdim = false): Tensor => argReduce("ArgMax", x, dim, keepdim);
export const argmin = (x: Tensor, dim?: number, keepdim = false): Tensor => argReduce("ArgMin", x, dim, keepdim);

export const maxAlong = (x: Tensor, dim: number, keepdim = false): ValuesAndIndices => ({
  values: amax(x, dim, keepdim),
  indices: argmax(x, dim, keepdim),
});
export const minAlong = (x: Tensor, dim: number, keepdim = false): ValuesAndIndices => ({
  values: amin(x, dim, keepdim),
  indices: argmin(x, dim, keepdim),
});

export const softmax = (x: Tensor, dim: number): Tensor => dispatch("Softmax", [x], { axis: normalizeAxis("softmax", dim, x.shape) });
export const logSoftmax = (x: Tensor, dim: number): Tensor =>
  dispatch("LogSoftmax", [x], { axis: normalizeAxis("logSoftmax", dim, x.shape) });

/** Running sum along an axis. */
export const cumsum = (x: Tensor, dim: number): Tensor => {
  const axis = normalizeAxis("cumsum", dim, x.shape);
  return dispatch("CumSum", [countable(x), dispatch("Squeeze", [int64s([axis])])]);
};

/** Running product along an axis. */
export const cumprod = (x: Tensor, dim: number): Tensor => {
  const axis = normalizeAxis("cumprod", dim, x.shape);
  return dispatch("CumProd", [countable(x), dispatch("Squeeze", [int64s([axis])])]);
};

/**
 * The k largest (or smallest) elements along `dim`, sorted; of equal elements the one with the lower index comes first.
 * @example topk(logits, 5).indices
 */
export function topk(x: Tensor, k: number, dim = -1, largest = true): ValuesAndIndices {
  requireTensor("topk", "input", x);
  const axis = normalizeAxis("topk", dim, x.shape);
  const size = x.shape[axis] as number;
  if (!Number.isInteger(k) || k < 0 || k > size)
    throw ingotError("InvalidArgument", {
      op: "topk",
      name: "k",
      expected: `an integer from 0 to ${size}, the size of dimension ${axis}`,
      actual: String(k),
      hint: `The tensor has shape ${formatShape(x.shape)}; pick another dim, or a smaller k.`,
    });
  const [values, indices] = dispatchAll("TopK", [x, int64s([k])], { axis, largest: largest ? 1 : 0 }, 2);
  return { values: values as Tensor, indices: indices as Tensor };
}

/** All elements along `dim` in order. */
export function sort(x: Tensor, dim = -1, descending = false): ValuesAndIndices {
  return topk(x, x.shape[normalizeAxis("sort", dim, x.shape)] as number, dim, descending);
}

/** Matrix product with NumPy's batching; 1-D operands as vectors. */
export const matmul = (a: Tensor, b: Tensor): Tensor => dispatch("MatMul", [a, b]);

/**
 * Sum of products over named axes.
 * @example einsum("bij,bjk->bik", a, b)
 */
export const einsum = (equation: string, ...operands: readonly Tensor[]): Tensor => dispatch("Einsum", operands, { equation });

/** x·Wᵀ + b for x [..., in], weight [out, in], bias [out]. */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  if (x.rank === 2) return dispatch("Gemm", [x, weight, bias], { transB: 1 });
  const multiply = () => dispatch("MatMul", [x, dispatch("Transpose", [weight], { perm: [1, 0] })]);
  if (!bias) return multiply();
  return withTemporaries((own) => {
    // One pass less over the result, and the same bits. Recorded, a product and a sum say more to whoever reads the graph.
    if (own && isDenseLinear(x, weight, bias)) {
      const rows = dispatch("Gemm", [reshape(x, [-1, x.shape.at(-1) as number]), weight, bias], { transB: 1 });
      return reshape(rows, [...x.shape.slice(0, -1), weight.shape[0] as number]);
    }
    const product = multiply();
    const sum = add(product, bias);
    // Nobody else has seen it: the next product goes there.
    own?.giveBack(product, sum);
    return sum;
  });
}

/** Whether all is float32 (half precision would round once less), with something to sum, and of shapes that fit; what does not has its own error. */
function isDenseLinear(x: Tensor, weight: Tensor, bias: Tensor): boolean {
  const [out, features] = weight.shape;
  const isFloat32 = [x, weight, bias].every((t) => t.dtype === "float32");
  const fits = weight.rank === 2 && x.shape.at(-1) === features && bias.rank === 1 && bias.shape[0] === out;
  return isFloat32 && fits && x.rank > 2 && x.numel() > 0;
}

export const isFloating = (x: Tensor): boolean => isFloat(x.dtype);
