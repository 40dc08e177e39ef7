// Elementwise functions: arithmetic, comparison, logic, activations' primitives, dtype conversion.

import type { OpName } from "../../ops/registry.ts";
import { type DType, isFloat } from "../../tensor/dtype.ts";
import { dispatch } from "../interpreter.ts";
import { isTensor, operand, scalar, type TensorLike } from "../operand.ts";
import type { Tensor } from "../tensor.ts";

const unary =
  (op: OpName) =>
  (x: Tensor): Tensor =>
    dispatch(op, [x]);
const binary =
  (op: OpName) =>
  (a: Tensor, b: TensorLike): Tensor =>
    dispatch(op, [a, operand(b, a)]);

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
  return dispatch("Div", [x, isTensor(b) && !isFloat(b.dtype) ? to(b, x.dtype) : operand(b, x)]);
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
export const isfinite = (x: Tensor): Tensor => dispatch("Not", [dispatch("Or", [isnan(x), isinf(x)])]);

const asBool = (x: Tensor) => (x.dtype === "bool" ? x : to(x, "bool"));
export const logicalNot = (x: Tensor): Tensor => dispatch("Not", [asBool(x)]);
export const logicalAnd = (a: Tensor, b: Tensor): Tensor => dispatch("And", [asBool(a), asBool(b)]);
export const logicalOr = (a: Tensor, b: Tensor): Tensor => dispatch("Or", [asBool(a), asBool(b)]);
export const logicalXor = (a: Tensor, b: Tensor): Tensor => dispatch("Xor", [asBool(a), asBool(b)]);
export const bitwiseNot = (x: Tensor): Tensor => dispatch(x.dtype === "bool" ? "Not" : "BitwiseNot", [x]);

/** Limits every element to [min, max]; either may be left out. */
export function clamp(x: Tensor, min?: number, max?: number): Tensor {
  const bound = (v: number | undefined) => (v === undefined ? undefined : scalar(v, x.dtype));
  return dispatch("Clip", [x, bound(min), bound(max)]);
}

/** `a` where `condition` holds, else `b`. Plain numbers take the dtype of the other branch. */
export function where(condition: Tensor, a: TensorLike, b: TensorLike): Tensor {
  const dtype = isTensor(a) ? a.dtype : isTensor(b) ? b.dtype : "float32";
  const branch = (x: TensorLike) => (isTensor(x) ? x : scalar(x, dtype));
  return dispatch("Where", [asBool(condition), branch(a), branch(b)]);
}

export const maskedFill = (x: Tensor, mask: Tensor, value: number): Tensor => where(mask, scalar(value, x.dtype), x);

/** Converts elements to another dtype; the tensor itself when it has that dtype already. */
export function to(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : dispatch("Cast", [x], { to: x.onnxNumber(dtype) });
}
