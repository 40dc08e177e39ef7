// Activation functions. Those that ONNX has as an operator dispatch it; the others are short compositions.
import { clamp, gelu, gt, mul, neg, softplus as plainSoftplus, relu, sigmoid, sub, tanh, where } from "../../eager/functions/math.ts";
import { logSoftmax, softmax } from "../../eager/functions/reduce.ts";
import { chunk } from "../../eager/functions/shape.ts";
import { dispatch } from "../../eager/interpreter.ts";
import type { Tensor } from "../../eager/tensor.ts";
import { unfit } from "../options.ts";

export { gelu, logSoftmax, relu, sigmoid, softmax, tanh };

/** min(max(x, 0), 6) */
export const relu6 = (x: Tensor): Tensor => clamp(x, 0, 6);
/** min(max(x, min), max) */
export const hardtanh = (x: Tensor, min = -1, max = 1): Tensor => clamp(x, min, max);
/** x where x ≥ 0, else slope·x */
export const leakyRelu = (x: Tensor, negativeSlope = 0.01): Tensor => dispatch("LeakyRelu", [x], { alpha: negativeSlope });
/** As leakyRelu with a learned slope: weight [1] or one per channel of [N, C, ...]. */
export function prelu(x: Tensor, weight: Tensor): Tensor {
  const perChannel = weight.numel() > 1 && x.rank > 2;
  return dispatch("PRelu", [x, perChannel ? weight.reshape([weight.numel(), ...new Array<number>(x.rank - 2).fill(1)]) : weight]);
}
/** x where x > 0, else alpha·(eˣ − 1) */
export const elu = (x: Tensor, alpha = 1): Tensor => dispatch("Elu", [x], { alpha });
/** G. Klambauer and others, 2017: an elu whose constants keep mean 0 and variance 1. */
export const selu = (x: Tensor): Tensor => dispatch("Selu", [x]);
/** x·sigmoid(x), also called swish */
export const silu = (x: Tensor): Tensor => mul(x, sigmoid(x));
/** x·tanh(softplus(x)) */
export const mish = (x: Tensor): Tensor => dispatch("Mish", [x]);
/** x·min(max(x/6 + 1/2, 0), 1) */
export const hardswish = (x: Tensor): Tensor => dispatch("HardSwish", [x]);
/** min(max(x/6 + 1/2, 0), 1) */
export const hardsigmoid = (x: Tensor): Tensor => dispatch("HardSigmoid", [x], { alpha: 1 / 6, beta: 0.5 });
/** log(1 + e^(beta·x)) / beta, and x itself where beta·x > threshold (20). */
export function softplus(x: Tensor, beta = 1, threshold = 20): Tensor {
  if (beta === 1 && threshold === 20) return plainSoftplus(x);
  const scaled = mul(x, beta);
  return where(gt(scaled, threshold), x, plainSoftplus(scaled).div(beta));
}
/** a·sigmoid(b) for the two halves a, b of x along `dim`. Throws `InvalidArgument` for an odd size. */
export function glu(x: Tensor, dim = -1): Tensor {
  const size = x.size(dim);
  if (size % 2 !== 0) throw unfit("glu", "dim", "an axis of even size", `${dim}, of size ${size}`);
  const [a, b] = chunk(x, 2, dim) as [Tensor, Tensor];
  return mul(a, sigmoid(b));
}
/** x / (1 + |x|) */
export const softsign = (x: Tensor): Tensor => dispatch("Softsign", [x]);
/** log(sigmoid(x)), also where sigmoid(x) is too small for a float. */
export const logsigmoid = (x: Tensor): Tensor => neg(plainSoftplus(neg(x)));
/** max(x, 0) + min(0, alpha·(e^(x/alpha) − 1)) */
export const celu = (x: Tensor, alpha = 1): Tensor => dispatch("Celu", [x], { alpha });
/** softmax(−x): small elements get the large shares. */
export const softmin = (x: Tensor, dim: number): Tensor => softmax(neg(x), dim);
/** x − tanh(x) */
export const tanhshrink = (x: Tensor): Tensor => sub(x, tanh(x));
/** x where |x| > lambda, else 0 */
export const hardshrink = (x: Tensor, lambda = 0.5): Tensor => dispatch("Shrink", [x], { lambd: lambda });
/** x moved by lambda towards 0, and 0 where |x| ≤ lambda */
export const softshrink = (x: Tensor, lambda = 0.5): Tensor => dispatch("Shrink", [x], { lambd: lambda, bias: lambda });
/** x where x > threshold, else value */
export const threshold = (x: Tensor, limit: number, value: number): Tensor => where(gt(x, limit), x, value);
