// The methods of Tensor that work element by element. Each calls the function of its name; `this` is always a Tensor, which inherits from
// this class and those beside it.
import type { DType } from "../../tensor/dtype.ts";
import { type AllcloseOptions, allclose, equal } from "../allclose.ts";
import * as math from "../functions/math.ts";
import type { TensorLike } from "../operand.ts";
import type { Tensor } from "../tensor.ts";

/** Arithmetic, comparison, logic, dtype conversion. A number, bigint or boolean as operand takes the tensor's dtype. */
export abstract class ElementwiseMethods {
  abs(this: Tensor): Tensor {
    return math.abs(this);
  }
  acos(this: Tensor): Tensor {
    return math.acos(this);
  }
  acosh(this: Tensor): Tensor {
    return math.acosh(this);
  }
  asin(this: Tensor): Tensor {
    return math.asin(this);
  }
  asinh(this: Tensor): Tensor {
    return math.asinh(this);
  }
  atan(this: Tensor): Tensor {
    return math.atan(this);
  }
  atanh(this: Tensor): Tensor {
    return math.atanh(this);
  }
  ceil(this: Tensor): Tensor {
    return math.ceil(this);
  }
  cos(this: Tensor): Tensor {
    return math.cos(this);
  }
  cosh(this: Tensor): Tensor {
    return math.cosh(this);
  }
  erf(this: Tensor): Tensor {
    return math.erf(this);
  }
  exp(this: Tensor): Tensor {
    return math.exp(this);
  }
  expm1(this: Tensor): Tensor {
    return math.expm1(this);
  }
  floor(this: Tensor): Tensor {
    return math.floor(this);
  }
  isfinite(this: Tensor): Tensor {
    return math.isfinite(this);
  }
  isinf(this: Tensor): Tensor {
    return math.isinf(this);
  }
  isnan(this: Tensor): Tensor {
    return math.isnan(this);
  }
  log(this: Tensor): Tensor {
    return math.log(this);
  }
  log10(this: Tensor): Tensor {
    return math.log10(this);
  }
  log1p(this: Tensor): Tensor {
    return math.log1p(this);
  }
  log2(this: Tensor): Tensor {
    return math.log2(this);
  }
  neg(this: Tensor): Tensor {
    return math.neg(this);
  }
  reciprocal(this: Tensor): Tensor {
    return math.reciprocal(this);
  }
  relu(this: Tensor): Tensor {
    return math.relu(this);
  }
  round(this: Tensor): Tensor {
    return math.round(this);
  }
  rsqrt(this: Tensor): Tensor {
    return math.rsqrt(this);
  }
  sigmoid(this: Tensor): Tensor {
    return math.sigmoid(this);
  }
  sign(this: Tensor): Tensor {
    return math.sign(this);
  }
  sin(this: Tensor): Tensor {
    return math.sin(this);
  }
  sinh(this: Tensor): Tensor {
    return math.sinh(this);
  }
  sqrt(this: Tensor): Tensor {
    return math.sqrt(this);
  }
  square(this: Tensor): Tensor {
    return math.square(this);
  }
  tan(this: Tensor): Tensor {
    return math.tan(this);
  }
  tanh(this: Tensor): Tensor {
    return math.tanh(this);
  }
  softplus(this: Tensor): Tensor {
    return math.softplus(this);
  }
  gelu(this: Tensor, approximate?: "none" | "tanh"): Tensor {
    return math.gelu(this, approximate);
  }
  exp2(this: Tensor): Tensor {
    return math.exp2(this);
  }
  /** Rounds toward zero. */
  trunc(this: Tensor): Tensor {
    return math.trunc(this);
  }
  /** What `trunc` cuts off. */
  frac(this: Tensor): Tensor {
    return math.frac(this);
  }
  /** Replaces NaN by `nan` (0) and infinities by `posinf` and `neginf` (the ends of the dtype's range). */
  nanToNum(this: Tensor, nan?: number, posinf?: number, neginf?: number): Tensor {
    return math.nanToNum(this, nan, posinf, neginf);
  }
  logicalNot(this: Tensor): Tensor {
    return math.logicalNot(this);
  }
  bitwiseNot(this: Tensor): Tensor {
    return math.bitwiseNot(this);
  }
  add(this: Tensor, other: TensorLike): Tensor {
    return math.add(this, other);
  }
  sub(this: Tensor, other: TensorLike): Tensor {
    return math.sub(this, other);
  }
  mul(this: Tensor, other: TensorLike): Tensor {
    return math.mul(this, other);
  }
  div(this: Tensor, other: TensorLike): Tensor {
    return math.div(this, other);
  }
  floorDivide(this: Tensor, other: TensorLike): Tensor {
    return math.floorDivide(this, other);
  }
  remainder(this: Tensor, other: TensorLike): Tensor {
    return math.remainder(this, other);
  }
  fmod(this: Tensor, other: TensorLike): Tensor {
    return math.fmod(this, other);
  }
  pow(this: Tensor, other: TensorLike): Tensor {
    return math.pow(this, other);
  }
  maximum(this: Tensor, other: TensorLike): Tensor {
    return math.maximum(this, other);
  }
  minimum(this: Tensor, other: TensorLike): Tensor {
    return math.minimum(this, other);
  }
  eq(this: Tensor, other: TensorLike): Tensor {
    return math.eq(this, other);
  }
  ne(this: Tensor, other: TensorLike): Tensor {
    return math.ne(this, other);
  }
  lt(this: Tensor, other: TensorLike): Tensor {
    return math.lt(this, other);
  }
  le(this: Tensor, other: TensorLike): Tensor {
    return math.le(this, other);
  }
  gt(this: Tensor, other: TensorLike): Tensor {
    return math.gt(this, other);
  }
  ge(this: Tensor, other: TensorLike): Tensor {
    return math.ge(this, other);
  }
  /** Where |this − other| ≤ atol + rtol·|other|. */
  isclose(this: Tensor, other: TensorLike, options?: { readonly rtol?: number; readonly atol?: number }): Tensor {
    return math.isclose(this, other, options);
  }
  /** True when all elements are close to those of `other`, which has the same shape. Reads the elements. */
  allclose(this: Tensor, other: Tensor, options?: AllcloseOptions): boolean {
    return allclose(this, other, options);
  }
  /** True when shape, dtype and all elements are those of `other`. Reads the elements. */
  equal(this: Tensor, other: Tensor): boolean {
    return equal(this, other);
  }
  bitwiseAnd(this: Tensor, other: TensorLike): Tensor {
    return math.bitwiseAnd(this, other);
  }
  bitwiseOr(this: Tensor, other: TensorLike): Tensor {
    return math.bitwiseOr(this, other);
  }
  bitwiseXor(this: Tensor, other: TensorLike): Tensor {
    return math.bitwiseXor(this, other);
  }
  logicalAnd(this: Tensor, other: Tensor): Tensor {
    return math.logicalAnd(this, other);
  }
  logicalOr(this: Tensor, other: Tensor): Tensor {
    return math.logicalOr(this, other);
  }
  logicalXor(this: Tensor, other: Tensor): Tensor {
    return math.logicalXor(this, other);
  }
  /** Limits every element to [min, max]; either may be left out. */
  clamp(this: Tensor, min?: number, max?: number): Tensor {
    return math.clamp(this, min, max);
  }
  clampMin(this: Tensor, min: number): Tensor {
    return math.clamp(this, min);
  }
  clampMax(this: Tensor, max: number): Tensor {
    return math.clamp(this, undefined, max);
  }
  /** this + weight·(end − this) */
  lerp(this: Tensor, end: Tensor, weight: TensorLike): Tensor {
    return math.lerp(this, end, weight);
  }
  /** `this` where `condition` holds, else `other`. */
  where(this: Tensor, condition: Tensor, other: TensorLike): Tensor {
    return math.where(condition, this, other);
  }
  maskedFill(this: Tensor, mask: Tensor, value: number | bigint | boolean): Tensor {
    return math.maskedFill(this, mask, value);
  }
  /** Converts to another dtype; the tensor itself when it has that dtype already. */
  to(this: Tensor, dtype: DType): Tensor {
    return math.to(this, dtype);
  }
  float(this: Tensor): Tensor {
    return this.to("float32");
  }
  double(this: Tensor): Tensor {
    return this.to("float64");
  }
  half(this: Tensor): Tensor {
    return this.to("float16");
  }
  int(this: Tensor): Tensor {
    return this.to("int32");
  }
  long(this: Tensor): Tensor {
    return this.to("int64");
  }
  bool(this: Tensor): Tensor {
    return this.to("bool");
  }
}
