// Values of the float64 evaluation: the elements, and the variance that the rounding of constants gives each of them.
import type { RuntimeValue } from "../../ops/runtime-value.ts";
import { type DType, isFloat } from "../../tensor/dtype.ts";
import { Storage } from "../../tensor/storage.ts";
import { toFloat64 } from "../channel-arithmetic.ts";

/** A value in float64 (other dtypes as they are), with the variance of each element. */
export interface Wide {
  readonly value: RuntimeValue;
  readonly noise: Noise | undefined;
}

/** A variance for each element; or `unit`: a constant each of whose elements v has the variance (unit · v)². */
export type Noise = Storage | { readonly unit: number };

/** The largest relative error of rounding to a dtype. */
export const roundingUnit: Partial<Readonly<Record<DType, number>>> = {
  float64: 2 ** -53,
  float32: 2 ** -24,
  float16: 2 ** -11,
  bfloat16: 2 ** -8,
};

/** Floats as float64; other values as they are. */
export function widen(value: RuntimeValue): RuntimeValue {
  if (!(value instanceof Storage) || !isFloat(value.dtype) || value.dtype === "float64") return value;
  return Storage.of("float64", toFloat64(value), value.shape);
}

/** The variance of each element. */
export function varianceOf({ value, noise }: Wide): Storage | undefined {
  if (!noise || noise instanceof Storage) return noise;
  const storage = value as Storage;
  return Storage.of(
    "float64",
    Float64Array.from(toFloat64(storage), (v) => (noise.unit * v) ** 2),
    storage.shape,
  );
}
