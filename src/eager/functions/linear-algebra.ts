// Products of vectors and matrices under PyTorch's names, each a short composition of MatMul and friends.
import { ingotError } from "../../errors/error.ts";
import { formatShape, normalizeAxis } from "../../tensor/shape.ts";
import { arange } from "../create.ts";
import { dispatch } from "../interpreter.ts";
import { rankMismatch, requireTensor } from "../operand.ts";
import type { Tensor } from "../tensor.ts";
import { add, eq, mul, where } from "./math.ts";
import { sum } from "./reduce.ts";
import { pad, reshape, unsqueeze } from "./shape.ts";

function requireRank(op: string, what: string, x: Tensor, rank: number): void {
  requireTensor(op, what, x);
  if (x.rank !== rank) throw rankMismatch(op, what, x.shape, String(rank));
}

/** The product of two matrices, [n, k] and [k, m]. */
export function mm(a: Tensor, b: Tensor): Tensor {
  requireRank("mm", "the first matrix", a, 2);
  requireRank("mm", "the second matrix", b, 2);
  return dispatch("MatMul", [a, b]);
}

/** The products of a batch of matrices, [b, n, k] and [b, k, m]. */
export function bmm(a: Tensor, b: Tensor): Tensor {
  requireRank("bmm", "the first batch", a, 3);
  requireRank("bmm", "the second batch", b, 3);
  if (a.shape[0] !== b.shape[0])
    throw ingotError("ShapeMismatch", {
      op: "bmm",
      what: "the second batch",
      actual: formatShape(b.shape),
      expected: `${a.shape[0]} matrices, as the first has (${formatShape(a.shape)})`,
      hint: "Use matmul to broadcast one matrix over a batch.",
    });
  return dispatch("MatMul", [a, b]);
}

/** A matrix [n, k] times a vector [k]. */
export function mv(a: Tensor, x: Tensor): Tensor {
  requireRank("mv", "the matrix", a, 2);
  requireRank("mv", "the vector", x, 1);
  return dispatch("MatMul", [a, x]);
}

/** The sum of products of two vectors; a scalar. */
export function dot(a: Tensor, b: Tensor): Tensor {
  requireRank("dot", "the first vector", a, 1);
  requireRank("dot", "the second vector", b, 1);
  return dispatch("MatMul", [a, b]);
}

/** All products of the elements of two vectors, [n, m]. */
export function outer(a: Tensor, b: Tensor): Tensor {
  requireRank("outer", "the first vector", a, 1);
  requireRank("outer", "the second vector", b, 1);
  return mul(unsqueeze(a, 1), unsqueeze(b, 0));
}

export interface AddmmOptions {
  /** Factor of the tensor that is added; 1 by default. */
  readonly beta?: number;
  /** Factor of the product; 1 by default. */
  readonly alpha?: number;
}

/** beta·c + alpha·(a·b) for matrices a [n, k], b [k, m] and c that broadcasts to [n, m]. */
export function addmm(c: Tensor, a: Tensor, b: Tensor, options: AddmmOptions = {}): Tensor {
  requireTensor("addmm", "the tensor that is added", c);
  requireRank("addmm", "the first matrix", a, 2);
  requireRank("addmm", "the second matrix", b, 2);
  return dispatch("Gemm", [a, b, c], { alpha: options.alpha ?? 1, beta: options.beta ?? 1 });
}

/** c + a·b for batches of matrices. */
export const baddbmm = (c: Tensor, a: Tensor, b: Tensor): Tensor => add(bmm(a, b), c);

/** Where a matrix [n, n] has its diagonal: bool. */
function onDiagonal(n: number, offset: number): Tensor {
  return eq(unsqueeze(arange(n), 1).add(offset), unsqueeze(arange(n), 0));
}

/** The elements of dim0 and dim1 at which both indices are equal (after `offset` in dim1), as the last axis. */
export function diagonal(x: Tensor, offset = 0, dim0 = 0, dim1 = 1): Tensor {
  const a = normalizeAxis("diagonal", dim0, x.shape);
  const b = normalizeAxis("diagonal", dim1, x.shape);
  if (a === b)
    throw ingotError("InvalidArgument", {
      op: "diagonal",
      name: "dim1",
      expected: "another axis than dim0",
      actual: String(dim1),
      hint: "A diagonal needs two axes.",
    });
  const rest = x.shape.map((_, i) => i).filter((i) => i !== a && i !== b);
  const moved = dispatch("Transpose", [x], { perm: [...rest, a, b] });
  const [n, m] = [x.shape[a] as number, x.shape[b] as number];
  const length = Math.max(0, offset >= 0 ? Math.min(n, m - offset) : Math.min(n + offset, m));
  const flat = reshape(moved, [...rest.map((i) => x.shape[i] as number), n * m]);
  // Along the flattened matrix, the diagonal takes every (m + 1)th element.
  const start = offset >= 0 ? offset : -offset * m;
  return dispatch("Gather", [flat, add(mul(arange(length), m + 1), start)], { axis: rest.length });
}

/** A vector as the diagonal of a matrix of zeros, or the diagonal of a matrix as a vector. */
export function diag(x: Tensor, offset = 0): Tensor {
  requireTensor("diag", "input", x);
  if (x.rank === 2) return diagonal(x, offset);
  requireRank("diag", "input", x, 1);
  const n = (x.shape[0] as number) + Math.abs(offset);
  const column = unsqueeze(pad(x, [Math.max(0, -offset), Math.max(0, offset)]), 1);
  return where(onDiagonal(n, offset), column, 0);
}

/** The sum of the diagonal of a matrix. */
export function trace(x: Tensor): Tensor {
  requireRank("trace", "input", x, 2);
  return sum(diagonal(x));
}
