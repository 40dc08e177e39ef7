// Equality of elements, bit for bit: what "exact" means wherever two results are compared.
import { decoder, isFloat } from "./dtype.ts";
import type { Storage } from "./storage.ts";

export interface Difference {
  /** The position in row-major order. */
  readonly index: number;
  readonly expected: number | bigint | string;
  readonly actual: number | bigint | string;
}

/**
 * The first place where two storages of one dtype and shape differ as they are stored; undefined when there is none. All NaNs count as one;
 * +0 and −0 differ.
 */
export function firstDifference(expected: Storage, actual: Storage): Difference | undefined {
  const e = expected.dense() as ArrayLike<number | bigint | string>;
  const a = actual.dense() as ArrayLike<number | bigint | string>;
  // float16 and bfloat16 are held as bits, of which many say NaN.
  const decode = isFloat(expected.dtype) ? decoder(expected.dtype) : undefined;
  const bothNaN = (index: number) =>
    decode !== undefined && Number.isNaN(decode(e[index] as number)) && Number.isNaN(decode(a[index] as number));
  for (let index = 0; index < e.length; index++)
    if (!Object.is(e[index], a[index]) && !bothNaN(index))
      return { index, expected: e[index] as Difference["expected"], actual: a[index] as Difference["actual"] };
  return undefined;
}
