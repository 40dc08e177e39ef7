// Elementwise functions: arithmetic, comparison, logic, activations' primitives, dtype conversion.

import type { OpName } from "../../ops/registry.ts";
import { checkDType, type DType, dtypeInfo, isFloat } from "../../tensor/dtype.ts";
import { dispatch } from "../interpreter.ts";
import { isTensor, operand, requireTensor, scalar, type TensorLike } from "../operand.ts";
import type { Tensor } from "../tensor.ts";

const unary =
  (op: OpName) =>
  (x: Tensor): Tensor =>
    dispatch(op, [x]);
const binary =
  (op: OpName) =>
  (a: Tensor, b: TensorLike): Tensor =>
    dispatch(op, [a, operand(b, a, op)]);

export const abs = unary("Abs");
export const acos = unary("Acos");
export const acosh = unary("Acosh");
export const asin = unary("Asin");
export const asinh = unary("Asinh");
export const atan = unary("Atan");
export const atanh = unary("Atanh");
export const ceil = unary("Ceil");
export const cos = unary("Cos");
export const cosh = unary("Cosh");
export const erf = unary("Erf");
export const exp = unary("Exp");
export const floor = unary("Floor");
export const isinf = unary("IsInf");
export const isnan = unary("IsNaN");
export const log = unary("Log");
export const neg = unary("Neg");
export const reciprocal = unary("Reciprocal");
export const relu = unary("Relu");
export const round = unary("Round");
export const sigmoid = unary("Sigmoid");
export const sign = unary("Sign");
export const sin = unary("Sin");
export const sinh = unary("Sinh");
export const sqrt = unary("Sqrt");
export const tan = unary("Tan");
export const tanh = unary("Tanh");
export const softplus = unary("Softplus");
/** x·Φ(x), exactly (through erf) or by the tanh approximation. */
export const gelu = (x: Tensor, approximate: "none" | "tanh" = "none"): Tensor => dispatch("Gelu", [x], { approximate });
export const identity = unary("Identity");

export const add = binary("Add");
export const sub = binary("Sub");
export const mul = binary("Mul");
export const maximum = binary("Max");
export const minimum = binary("Min");
export const eq = binary("Equal");
export const lt = binary("Less");
export const le = binary("LessOrEqual");
export const gt = binary("Greater");
export const ge = binary("GreaterOrEqual");
export const bitwiseAnd = binary("BitwiseAnd");
export const bitwiseOr = binary("BitwiseOr");
export const bitwiseXor = binary("BitwiseXor");

export const ne = (a: Tensor, b: TensorLike): Tensor => dispatch("Not", [eq(a, b)]);

/** True division: integers become float32 first, as in PyTorch. */
export function div(a: Tensor, b: TensorLike): Tensor {
  const x = isFloat(a.dtype) ? a : to(a, "float32");
  return dispatch("Div", [x, isTensor(b) && !isFloat(b.dtype) ? to(b, x.dtype) : operand(b, x, "div")]);
}

/** ⌊a / b⌋, in the dtype of `a`. */
export function floorDivide(a: Tensor, b: TensorLike): Tensor {
  if (isFloat(a.dtype)) return floor(div(a, b));
  const divisor = operand(b, a);
  // ONNX's integer division truncates: subtracting the remainder with the divisor's sign first makes it floor.
  return dispatch("Div", [sub(a, dispatch("Mod", [a, divisor])), divisor]);
}

/** The remainder with the sign of the divisor, as in Python. */
export function remainder(a: Tensor, b: TensorLike): Tensor {
  const divisor = operand(b, a);
  return isFloat(a.dtype) ? sub(a, mul(floor(div(a, divisor)), divisor)) : dispatch("Mod", [a, divisor]);
}

/** The remainder with the sign of the dividend, as C's fmod. */
export const fmod = (a: Tensor, b: TensorLike): Tensor => dispatch("Mod", [a, operand(b, a)], { fmod: 1 });

export const pow = (a: Tensor, b: TensorLike): Tensor => dispatch("Pow", [a, operand(b, a)]);
export const rsqrt = (x: Tensor): Tensor => reciprocal(sqrt(x));
export const square = (x: Tensor): Tensor => mul(x, x);
export const expm1 = (x: Tensor): Tensor => sub(exp(x), 1);
export const log1p = (x: Tensor): Tensor => log(add(x, 1));
export const log2 = (x: Tensor): Tensor => mul(log(x), Math.LOG2E);
export const log10 = (x: Tensor): Tensor => mul(log(x), Math.LOG10E);
export const exp2 = (x: Tensor): Tensor => exp(mul(x, Math.LN2));
/** The whole part: rounds toward zero. */
export const trunc = (x: Tensor): Tensor => (isFloat(x.dtype) ? mul(sign(x), floor(abs(x))) : x);
/** What `trunc` cuts off, with the sign of x. */
export const frac = (x: Tensor): Tensor => sub(x, trunc(x));
/** a + weight·(b − a) */
export const lerp = (a: Tensor, b: Tensor, weight: TensorLike): Tensor => add(a, mul(sub(b, a), weight));
export const isfinite = (x: Tensor): Tensor => dispatch("Not", [dispatch("Or", [isnan(x), isinf(x)])]);

const asBool = (x: Tensor) => (x.dtype === "bool" ? x : to(x, "bool"));
export const logicalNot = (x: Tensor): Tensor => dispatch("Not", [asBool(x)]);
export const logicalAnd = (a: Tensor, b: Tensor): Tensor => dispatch("And", [asBool(a), asBool(b)]);
export const logicalOr = (a: Tensor, b: Tensor): Tensor => dispatch("Or", [asBool(a), asBool(b)]);
export const logicalXor = (a: Tensor, b: Tensor): Tensor => dispatch("Xor", [asBool(a), asBool(b)]);
export const bitwiseNot = (x: Tensor): Tensor => dispatch(x.dtype === "bool" ? "Not" : "BitwiseNot", [x]);

/** Limits every element to [min, max]; either may be left out. */
export function clamp(x: Tensor, min?: number, max?: number): Tensor {
  const bound = (v: number | undefined) => (v === undefined ? undefined : scalar(v, x.dtype, "clamp"));
  return dispatch("Clip", [x, bound(min), bound(max)]);
}

/** Replaces NaN by `nan`, and infinities by `posinf` and `neginf`: by default the largest and smallest numbers of the dtype. */
export function nanToNum(x: Tensor, nan = 0, posinf?: number, neginf?: number): Tensor {
  const most = largest[x.dtype];
  if (most === undefined) return x;
  const finite = where(isnan(x), nan, x);
  const low = where(dispatch("IsInf", [finite], { detect_positive: 0 }), neginf ?? -most, finite);
  return where(dispatch("IsInf", [low], { detect_negative: 0 }), posinf ?? most, low);
}
const largest: { readonly [D in DType]?: number } = {
  float64: Number.MAX_VALUE,
  float32: (2 - 2 ** -23) * 2 ** 127,
  float16: 65504,
  bfloat16: (2 - 2 ** -7) * 2 ** 127,
};

/** Where |a − b| ≤ atol + rtol·|b|; infinities must be equal. */
export function isclose(a: Tensor, b: TensorLike, options: { readonly rtol?: number; readonly atol?: number } = {}): Tensor {
  const other = operand(b, a, "isclose");
  if (!isFloat(a.dtype)) return isclose(to(a, "float64"), to(other, "float64"), options);
  const slack = add(mul(abs(other), options.rtol ?? 1e-5), options.atol ?? 1e-8);
  return logicalOr(eq(a, other), logicalAnd(le(abs(sub(a, other)), slack), isfinite(other)));
}

/** `a` where `condition` holds, else `b`. Plain numbers take the dtype of the other branch. */
export function where(condition: Tensor, a: TensorLike, b: TensorLike): Tensor {
  const dtype = isTensor(a) ? a.dtype : isTensor(b) ? b.dtype : "float32";
  const branch = (x: TensorLike) => (isTensor(x) ? x : scalar(x, dtype, "where"));
  requireTensor("where", "condition", condition);
  return dispatch("Where", [asBool(condition), branch(a), branch(b)]);
}

export const maskedFill = (x: Tensor, mask: Tensor, value: number | bigint | boolean): Tensor =>
  where(mask, scalar(value, x.dtype, "maskedFill"), x);

/**
 * Converts elements to another dtype; the tensor itself when it has that dtype already. Floats are cut off toward zero and limited to the
 * range of an integer dtype, NaN becomes 0; integers keep their low bits (wrap around). Throws `UnknownDType`.
 */
export function to(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : dispatch("Cast", [x], { to: dtypeInfo(checkDType(dtype)).onnx });
}
