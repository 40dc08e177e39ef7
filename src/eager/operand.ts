// Turns what users write as operands (numbers, booleans, lists of sizes) into tensors of the right dtype.
import { ingotError } from "../errors/error.ts";
import { type DType, isFloat } from "../tensor/dtype.ts";
import { Storage } from "../tensor/storage.ts";
import { currentInterpreter } from "./interpreter.ts";
import type { Tensor } from "./tensor.ts";

/** A tensor, or a plain value that takes the other operand's dtype. */
export type TensorLike = Tensor | number | bigint | boolean;

export function isTensor(x: unknown): x is Tensor {
  return typeof x === "object" && x !== null && "isIngotTensor" in x;
}

/** A scalar constant. Throws `InvalidArgument` for a fraction in an integer dtype. */
export function scalar(value: number | bigint | boolean, dtype: DType): Tensor {
  if (typeof value === "number" && !isFloat(dtype) && dtype !== "bool" && !Number.isInteger(value))
    throw ingotError("InvalidArgument", {
      op: "tensor",
      name: "value",
      expected: `an integer, because the other operand is ${dtype}`,
      actual: String(value),
      hint: 'Convert the tensor first: x.to("float32").',
    });
  return currentInterpreter().constant(Storage.from(dtype, [value], []));
}

/** The operand itself, or a constant of `like`'s dtype. */
export function operand(x: TensorLike, like: Tensor): Tensor {
  return isTensor(x) ? x : scalar(x, like.dtype);
}

/** A one-dimensional int64 constant: shapes, axes, repeats. */
export function int64s(values: readonly number[]): Tensor {
  return currentInterpreter().constant(Storage.from("int64", values, [values.length]));
}
