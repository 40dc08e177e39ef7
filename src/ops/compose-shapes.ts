// What compositions say about shapes, in one word each: sizes are read from values, so that a decomposition fits every batch and sequence.
import { type DType, dtypeInfo } from "../tensor/dtype.ts";
import { cast } from "./cast.ts";
import type { Composer } from "./composition.ts";
import { concat } from "./concat.ts";
import { range } from "./create.ts";
import { reshape, shape, squeeze, transpose, unsqueeze } from "./shape.ts";
import { slice } from "./slice.ts";

/** The vocabulary over `c`. */
export function shapeWords<V>(c: Composer<V>) {
  const sizes = (x: V, start: number, end?: number): V => c.apply(shape, [x], end === undefined ? { start } : { start, end });
  const join = (axis: number, parts: readonly V[]): V => (parts.length === 1 ? (parts[0] as V) : c.apply(concat, parts, { axis }));
  return {
    /** The sizes of the axes from `start` to before `end`, as a list. */
    sizes,
    join,
    /** Reshaped to sizes that are numbers or lists of sizes; 0 keeps a size, −1 takes the rest. */
    reshape: (x: V, ...to: readonly (number | V)[]): V =>
      c.apply(reshape, [
        x,
        join(
          0,
          to.map((part) => (typeof part === "number" ? c.ints([part]) : part)),
        ),
      ]),
    transpose: (x: V, ...perm: readonly number[]): V => c.apply(transpose, [x], { perm }),
    unsqueeze: (x: V, ...axes: readonly number[]): V => c.apply(unsqueeze, [x, c.ints(axes)]),
    squeeze: (x: V, ...axes: readonly number[]): V => c.apply(squeeze, axes.length > 0 ? [x, c.ints(axes)] : [x]),
    /** `x[..., start:end:step, ...]` along one axis. */
    slice: (x: V, axis: number, start: number, end: number, step = 1): V =>
      c.apply(slice, [x, c.ints([start]), c.ints([end]), c.ints([axis]), ...(step === 1 ? [] : [c.ints([step])])]),
    cast: (x: V, dtype: DType): V => (c.dtype(x) === dtype ? x : c.apply(cast, [x], { to: dtypeInfo(dtype).onnx })),
    /** 0, 1, … below a size that stands in a list. */
    countTo: (count: V): V => c.apply(range, [c.apply(squeeze, [c.ints([0])]), c.apply(squeeze, [count]), c.apply(squeeze, [c.ints([1])])]),
  };
}
