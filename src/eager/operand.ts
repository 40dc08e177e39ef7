// Turns what users write as operands (numbers, booleans, lists of sizes) into tensors of the right dtype.
import { describeValue } from "../errors/describe-value.ts";
import { ingotError } from "../errors/error.ts";
import type { DType } from "../tensor/dtype.ts";
import { checkElements } from "../tensor/elements.ts";
import { formatShape, type Shape } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { currentInterpreter } from "./interpreter.ts";
import type { Tensor } from "./tensor.ts";

/** A tensor, or a plain value that takes the other operand's dtype. */
export type TensorLike = Tensor | number | bigint | boolean;

export function isTensor(x: unknown): x is Tensor {
  return typeof x === "object" && x !== null && "isIngotTensor" in x;
}

/** A scalar constant. Throws `InvalidArgument` for what is no number, for a fraction in an integer dtype, and beyond the dtype's range. */
export function scalar(value: number | bigint | boolean, dtype: DType, op = "tensor"): Tensor {
  checkElements(op, "value", dtype, [value], true);
  return currentInterpreter().constant(Storage.from(dtype, [value], []));
}

/** The operand itself, or a constant of `like`'s dtype. Throws `InvalidArgument` for anything but a tensor and a plain value. */
export function operand(x: TensorLike, like: Tensor, op = "operand"): Tensor {
  requireTensor(op, "input", like);
  if (isTensor(x)) return x;
  if (typeof x === "number" || typeof x === "bigint" || typeof x === "boolean") return scalar(x, like.dtype, op);
  throw ingotError("InvalidArgument", {
    op,
    name: "other",
    expected: "a tensor or a number",
    actual: describeValue(x),
    hint: "Make a tensor of nested arrays with tensor([...]).",
  });
}

/** Throws `InvalidArgument` unless `x` is a tensor. */
export function requireTensor(op: string, name: string, x: unknown): void {
  if (isTensor(x)) return;
  throw ingotError("InvalidArgument", {
    op,
    name,
    expected: "a tensor",
    actual: describeValue(x),
    hint: "Make a tensor of numbers or nested arrays with tensor(...).",
  });
}

/** The error for a tensor of this shape whose rank is not the expected one. */
export function rankMismatch(op: string, what: string, shape: Shape, expected: string): Error {
  return ingotError("RankMismatch", { op, what, actual: shape.length, shape: formatShape(shape), expected });
}

/** A one-dimensional int64 constant: shapes, axes, repeats. Throws `InvalidArgument` for what is no list of integers. */
export function int64s(values: readonly number[], op = "tensor", name = "sizes"): Tensor {
  if (!Array.isArray(values) || !values.every(Number.isSafeInteger))
    throw ingotError("InvalidArgument", {
      op,
      name,
      expected: "a list of integers",
      actual: Array.isArray(values) ? `[${values.join(", ")}]` : describeValue(values),
      hint: "Sizes and positions are whole numbers, as in [2, 3].",
    });
  return currentInterpreter().constant(Storage.from("int64", values, [values.length]));
}
