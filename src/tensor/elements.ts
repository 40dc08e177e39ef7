// What may become an element of a tensor: checks of plain values that users give, before they are stored.
import { describeValue } from "../errors/describe-value.ts";
import { ingotError } from "../errors/error.ts";
import { type DType, dtypeInfo, integerRange } from "./dtype.ts";

/**
 * Checks that every value can be an element of `dtype`. Integers must lie in its range: nothing wraps around here (`.to(dtype)` does what
 * ONNX's Cast does). Fractions are cut off as PyTorch's `torch.tensor` does, unless `exact`. Throws `InvalidArgument`.
 */
export function checkElements(op: string, name: string, dtype: DType, values: ArrayLike<unknown>, exact = false): void {
  const { kind } = dtypeInfo(dtype);
  const fail = (expected: string, value: unknown, hint: string) => {
    throw ingotError("InvalidArgument", { op, name, expected, actual: describeValue(value), hint });
  };
  if (kind === "string") {
    for (let i = 0; i < values.length; i++)
      if (typeof values[i] !== "string") fail("strings", values[i], "A string tensor holds strings only: write String(value).");
    return;
  }
  const integral = kind === "int" || kind === "uint";
  const [least, most] = integral ? integerRange(dtype) : [0n, 0n];
  const [low, high] = [Number(least), Number(most)];
  for (let i = 0; i < values.length; i++) {
    const v = values[i];
    if (typeof v !== "number" && typeof v !== "bigint" && typeof v !== "boolean")
      fail(`numbers for ${dtype}`, v, "The elements of a tensor are numbers, bigints, booleans or strings, all of one kind.");
    if (!integral || typeof v === "boolean") continue;
    if (exact && typeof v === "number" && !Number.isInteger(v))
      fail(`an integer, because the other operand is ${dtype}`, v, 'Convert the tensor first: x.to("float32").');
    // The largest 64-bit integers are no float64, so the upper end is left to the comparison of bigints.
    const fits =
      typeof v === "bigint"
        ? v >= least && v <= most
        : typeof v === "number" && Math.trunc(v) >= low && (high < 2 ** 53 ? Math.trunc(v) <= high : v < high);
    if (!fits)
      fail(`integers from ${least} to ${most} for ${dtype}`, v, "Give a wider dtype. To wrap around, convert a tensor: x.to(dtype).");
  }
}
