// Activation functions. Those that ONNX has as an operator dispatch it; the others are short compositions.
import { clamp, gt, mul, softplus as plainSoftplus, relu, sigmoid, tanh, where } from "../../eager/functions/math.ts";
import { logSoftmax, softmax } from "../../eager/functions/reduce.ts";
import { dispatch } from "../../eager/interpreter.ts";
import type { Tensor } from "../../eager/tensor.ts";

export { logSoftmax, relu, sigmoid, softmax, tanh };

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
/** x·Φ(x), exactly (through erf) or by the tanh approximation. */
export const gelu = (x: Tensor, approximate: "none" | "tanh" = "none"): Tensor => dispatch("Gelu", [x], { approximate });
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
