// The values that a patch is compared on: seeded, of the sizes of the trial, and such as the dtype has.
import type { Value } from "../../ir/graph.ts";
import { type DType, isFloat } from "../../tensor/dtype.ts";
import { Generator } from "../../tensor/random.ts";
import { elementCount } from "../../tensor/shape.ts";
import { Storage } from "../../tensor/storage.ts";
import { sameInput } from "./remembered.ts";

/** Where whole numbers are drawn from; the next range is taken when operators refuse one (indices beyond an axis). */
export const integerRanges: readonly (readonly [low: number, high: number])[] = [
  [1, 9],
  [0, 2],
  [0, 1],
];
/** Floats are normal with this standard deviation: wide enough to reach the bounds of clips and the flat ends of sigmoids. */
const spread = 3;

/** A value for an input of a trial, whose dims are all numbers. Sizes that are known keep their contents. */
export function inputFor(input: Value, seed: number, range: readonly [number, number]): Storage {
  const { dtype, shape = [] } = input.tensorType;
  const sizes = shape as readonly number[];
  if (input.dims?.every((d) => typeof d === "number")) return Storage.from(dtype, input.dims as number[], sizes);
  return sameInput(`${dtype}[${sizes.join()}] ${seed} ${range.join()}`, () => drawn(dtype, sizes, seed, range));
}

function drawn(dtype: DType, sizes: readonly number[], seed: number, range: readonly [number, number]): Storage {
  const n = elementCount(sizes);
  const g = new Generator(seed);
  // As float32, which float64 holds exactly, so that both sides see the same numbers.
  if (isFloat(dtype)) return Storage.from(dtype, g.fillNormal(new Float32Array(n), 0, spread), sizes);
  const [low, high] = dtype === "bool" ? [0, 2] : range;
  if (dtype === "string")
    return Storage.from(
      dtype,
      Array.from({ length: n }, () => "ab"[g.integer(0, 2)] as string),
      sizes,
    );
  return Storage.from(
    dtype,
    Array.from({ length: n }, () => g.integer(low, high)),
    sizes,
  );
}
