// Checks of constructor arguments: a layer that cannot work is refused where it is built, with the name of the argument.
import { describeValue } from "../errors/describe-value.ts";
import { ingotError } from "../errors/error.ts";

/** A size for every spatial axis, or one for all of them. */
export type Size = number | readonly number[];

export function invalid(op: string, name: string, expected: string, actual: unknown, hint?: string): Error {
  return unfit(op, name, expected, describeValue(actual), hint);
}

/** As `invalid`, with words of its own for what came. */
export function unfit(op: string, name: string, expected: string, actual: string, hint = "See the layer's documentation."): Error {
  return ingotError("InvalidArgument", { op, name, expected, actual, hint });
}

/** An integer of at least `min`; throws `InvalidArgument`. */
export function integerFrom(op: string, name: string, value: number, min: number): number {
  if (!Number.isInteger(value) || value < min) throw invalid(op, name, `an integer from ${min}`, value);
  return value;
}

/** One integer of at least `min` for each of `rank` axes; throws `InvalidArgument`. */
export function sizes(op: string, name: string, value: Size, rank: number, min: number): readonly number[] {
  const list = typeof value === "number" ? new Array<number>(rank).fill(value) : value;
  if (!Array.isArray(list) || list.length !== rank || list.some((v) => !Number.isInteger(v) || v < min))
    throw invalid(
      op,
      name,
      `an integer from ${min}, or ${rank} of them`,
      value,
      `Write ${name}: 3, or ${name}: [${new Array(rank).fill(3).join(", ")}].`,
    );
  return list;
}

/** A number in [min, max]; throws `InvalidArgument`. */
export function numberIn(op: string, name: string, value: number, min: number, max = Number.POSITIVE_INFINITY): number {
  if (!(typeof value === "number" && value >= min && value <= max))
    throw invalid(op, name, max === Number.POSITIVE_INFINITY ? `a number from ${min}` : `a number from ${min} to ${max}`, value);
  return value;
}

/** One of the given words; throws `InvalidArgument`. */
export function oneOf<const T extends string>(op: string, name: string, value: T, known: readonly T[]): T {
  if (!known.includes(value)) throw invalid(op, name, `one of ${known.map((k) => JSON.stringify(k)).join(", ")}`, value);
  return value;
}
