// Seeded random tensors for tests that compare kernels with plain loops.
import type { DType } from "../../src/tensor/dtype.ts";
import { Generator } from "../../src/tensor/random.ts";
import { elementCount, type Shape } from "../../src/tensor/shape.ts";
import { Storage } from "../../src/tensor/storage.ts";

/** Gives tensors of numbers between −1 and 1, one after the other. */
export function randomTensors(seed: number): (shape: Shape, dtype?: DType) => Storage {
  const generator = new Generator(seed);
  return (shape, dtype = "float32") =>
    Storage.from(
      dtype,
      Array.from({ length: elementCount(shape) }, () => 2 * generator.uniform() - 1),
      shape,
    );
}

/** The largest difference between two lists of numbers; infinite where one is not a number and the other is. */
export function largestDifference(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  return a.reduce((most, x, i) => {
    const y = b[i] as number;
    const d = Object.is(x, y) || x === y ? 0 : Math.abs(x - y);
    return Math.max(most, Number.isNaN(d) ? Number.POSITIVE_INFINITY : d);
  }, 0);
}
