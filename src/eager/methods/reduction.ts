// The methods of Tensor that reduce, order and multiply.
import * as linear from "../functions/linear-algebra.ts";
import * as math from "../functions/math.ts";
import * as order from "../functions/order.ts";
import * as reduce from "../functions/reduce.ts";
import { isTensor } from "../operand.ts";
import type { Tensor } from "../tensor.ts";
import { ElementwiseMethods } from "./elementwise.ts";

/** Reductions over one axis, several or (without `dims`) all, sorting, and products of vectors and matrices. */
export abstract class ReductionMethods extends ElementwiseMethods {
  sum(this: Tensor, dims?: reduce.Dims, keepdim?: boolean): Tensor {
    return reduce.sum(this, dims, keepdim);
  }
  mean(this: Tensor, dims?: reduce.Dims, keepdim?: boolean): Tensor {
    return reduce.mean(this, dims, keepdim);
  }
  prod(this: Tensor, dims?: reduce.Dims, keepdim?: boolean): Tensor {
    return reduce.prod(this, dims, keepdim);
  }
  amax(this: Tensor, dims?: reduce.Dims, keepdim?: boolean): Tensor {
    return reduce.amax(this, dims, keepdim);
  }
  amin(this: Tensor, dims?: reduce.Dims, keepdim?: boolean): Tensor {
    return reduce.amin(this, dims, keepdim);
  }
  any(this: Tensor, dims?: reduce.Dims, keepdim?: boolean): Tensor {
    return reduce.any(this, dims, keepdim);
  }
  all(this: Tensor, dims?: reduce.Dims, keepdim?: boolean): Tensor {
    return reduce.all(this, dims, keepdim);
  }
  /** Without arguments the largest element; along `dim` the values with their indices; with a tensor the elementwise maximum. */
  max(this: Tensor): Tensor;
  max(this: Tensor, other: Tensor): Tensor;
  max(this: Tensor, dim: number, keepdim?: boolean): reduce.ValuesAndIndices;
  max(this: Tensor, arg?: number | Tensor, keepdim?: boolean): Tensor | reduce.ValuesAndIndices {
    if (arg === undefined) return reduce.amax(this);
    return isTensor(arg) ? math.maximum(this, arg) : reduce.maxAlong(this, arg, keepdim);
  }
  /** As `max`, for the smallest. */
  min(this: Tensor): Tensor;
  min(this: Tensor, other: Tensor): Tensor;
  min(this: Tensor, dim: number, keepdim?: boolean): reduce.ValuesAndIndices;
  min(this: Tensor, arg?: number | Tensor, keepdim?: boolean): Tensor | reduce.ValuesAndIndices {
    if (arg === undefined) return reduce.amin(this);
    return isTensor(arg) ? math.minimum(this, arg) : reduce.minAlong(this, arg, keepdim);
  }
  argmax(this: Tensor, dim?: number, keepdim?: boolean): Tensor {
    return reduce.argmax(this, dim, keepdim);
  }
  argmin(this: Tensor, dim?: number, keepdim?: boolean): Tensor {
    return reduce.argmin(this, dim, keepdim);
  }
  logsumexp(this: Tensor, dims?: reduce.Dims, keepdim?: boolean): Tensor {
    return reduce.logsumexp(this, dims, keepdim);
  }
  aminmax(this: Tensor, dim?: number, keepdim?: boolean): { readonly min: Tensor; readonly max: Tensor } {
    return order.aminmax(this, dim, keepdim);
  }
  /** How many elements are not zero, int64. */
  countNonzero(this: Tensor, dims?: reduce.Dims): Tensor {
    return reduce.countNonzero(this, dims);
  }
  /** (Σ|x|ᵖ)^(1/p); p = 2 by default, 0 and ±Infinity as limits. */
  norm(this: Tensor, p?: number, dims?: reduce.Dims, keepdim?: boolean): Tensor {
    return reduce.norm(this, p, dims, keepdim);
  }
  /** Variance; divides by n - correction (default 1). */
  var(this: Tensor, dims?: reduce.Dims, options?: { correction?: number; keepdim?: boolean }): Tensor {
    return reduce.variance(this, dims, options);
  }
  std(this: Tensor, dims?: reduce.Dims, options?: { correction?: number; keepdim?: boolean }): Tensor {
    return reduce.std(this, dims, options);
  }
  softmax(this: Tensor, dim: number): Tensor {
    return reduce.softmax(this, dim);
  }
  logSoftmax(this: Tensor, dim: number): Tensor {
    return reduce.logSoftmax(this, dim);
  }
  cumsum(this: Tensor, dim: number): Tensor {
    return reduce.cumsum(this, dim);
  }
  cumprod(this: Tensor, dim: number): Tensor {
    return reduce.cumprod(this, dim);
  }
  /** The k largest (or smallest) elements along `dim`, sorted; of equal elements the one with the lower index comes first. */
  topk(this: Tensor, k: number, dim?: number, largest?: boolean): reduce.ValuesAndIndices {
    return reduce.topk(this, k, dim, largest);
  }
  sort(this: Tensor, dim?: number, descending?: boolean): reduce.ValuesAndIndices {
    return reduce.sort(this, dim, descending);
  }
  /** The indices that sort along `dim`. */
  argsort(this: Tensor, dim?: number, descending?: boolean): Tensor {
    return order.argsort(this, dim, descending);
  }
  /** The distinct elements, with each element's place among them and their counts. */
  unique(this: Tensor, options?: order.UniqueOptions): order.Unique {
    return order.unique(this, options);
  }
  /** The middle of the sorted elements along `dim`, the lower one of two, with its index. */
  median(this: Tensor, dim?: number, keepdim?: boolean): reduce.ValuesAndIndices {
    return order.median(this, dim, keepdim);
  }
  matmul(this: Tensor, other: Tensor): Tensor {
    return reduce.matmul(this, other);
  }
  /** The product of two matrices. */
  mm(this: Tensor, other: Tensor): Tensor {
    return linear.mm(this, other);
  }
  /** The products of a batch of matrices. */
  bmm(this: Tensor, other: Tensor): Tensor {
    return linear.bmm(this, other);
  }
  /** A matrix times a vector. */
  mv(this: Tensor, vector: Tensor): Tensor {
    return linear.mv(this, vector);
  }
  /** The sum of products of two vectors. */
  dot(this: Tensor, other: Tensor): Tensor {
    return linear.dot(this, other);
  }
  /** All products of the elements of two vectors. */
  outer(this: Tensor, other: Tensor): Tensor {
    return linear.outer(this, other);
  }
  /** beta·this + alpha·(a·b) */
  addmm(this: Tensor, a: Tensor, b: Tensor, options?: linear.AddmmOptions): Tensor {
    return linear.addmm(this, a, b, options);
  }
  /** this + a·b for batches of matrices. */
  baddbmm(this: Tensor, a: Tensor, b: Tensor): Tensor {
    return linear.baddbmm(this, a, b);
  }
  /** The sum of the diagonal of a matrix. */
  trace(this: Tensor): Tensor {
    return linear.trace(this);
  }
}
