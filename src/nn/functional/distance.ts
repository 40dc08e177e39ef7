// Lengths and angles of vectors.
import { clamp, div, mul, sqrt } from "../../eager/functions/math.ts";
import { norm, sum } from "../../eager/functions/reduce.ts";
import type { Tensor } from "../../eager/tensor.ts";

/** Divides vectors along `dim` by their p-norm (at least eps). */
export function normalize(x: Tensor, options: { readonly p?: number; readonly dim?: number; readonly eps?: number } = {}): Tensor {
  const { p = 2, dim = 1, eps = 1e-12 } = options;
  return div(x, clamp(norm(x, p, dim, true), eps));
}

/** x·y / max(|x|·|y|, eps) along `dim`. */
export function cosineSimilarity(x: Tensor, y: Tensor, options: { readonly dim?: number; readonly eps?: number } = {}): Tensor {
  const { dim = 1, eps = 1e-8 } = options;
  const lengths = mul(sum(mul(x, x), dim), sum(mul(y, y), dim));
  return div(sum(mul(x, y), dim), clamp(sqrt(lengths), eps));
}
