// How reductions see a tensor: the reduced axes become one, as [outer, n, inner], and a rule folds each lane of n elements into one.
import type { AxisSplit } from "../kernels/reduce.ts";
import { type BigArray, isBig, isFloat, type NumberArray } from "../tensor/dtype.ts";
import { elementCount } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { encodeNumbers, isHalf, widened } from "./map-elements.ts";
import { eachLaneOf } from "./softmax.ts";

/** Folds the `n` elements of a lane that starts at `start`, each `step` apart. */
export type Fold<A, R> = (x: A, start: number, n: number, step: number) => R;

/** A reduction: over floats (in float64), over integers of up to 32 bits (stored modulo their size) and over bigints. */
export interface ReduceRule {
  readonly float: Fold<NumberArray, number>;
  readonly int: Fold<NumberArray, number>;
  readonly big: Fold<BigArray, bigint>;
  /** The fast form for dense float32. */
  readonly f32?: (x: Float32Array, split: AxisSplit, y: Float32Array) => void;
}

/** `rule` over `axes` (sorted, without repeats) of `x`; the result has the elements of the other axes, in `shape`. */
export function reduceAxes(x: Storage, axes: readonly number[], shape: readonly number[], rule: ReduceRule): Storage {
  const { split, data } = splitAxes(x, axes);
  if (x.dtype === "float32" && rule.f32) {
    const y = Storage.empty("float32", shape);
    rule.f32(data.dense() as Float32Array, split, y.dense() as Float32Array);
    return y;
  }
  if (isBig(x.dtype)) {
    const y = Storage.empty(x.dtype, shape);
    foldLanes(data.dense() as BigArray, split, rule.big, y.dense() as BigArray);
    return y;
  }
  if (isHalf(x.dtype)) {
    const sums = new Float64Array(elementCount(shape));
    foldLanes(widened(data).numbers(), split, rule.float, sums);
    return encodeNumbers(x.dtype, sums, shape);
  }
  const y = Storage.empty(x.dtype, shape);
  foldLanes(data.numbers(), split, isFloat(x.dtype) ? rule.float : rule.int, y.numbers());
  return y;
}

function foldLanes<A, R>(x: A, split: AxisSplit, fold: Fold<A, R>, y: { [i: number]: R }): void {
  if (split.n === 0) {
    // A lane of nothing still has a value: 0 for sums, 1 for products, the lowest number for maxima.
    for (let lane = 0; lane < split.outer * split.inner; lane++) y[lane] = fold(x, 0, 0, 1);
    return;
  }
  eachLaneOf(split, (start, _, step, lane) => {
    y[lane] = fold(x, start, split.n, step);
  });
}

/** The split, and a storage whose dense elements lie as the split says: `x` itself where the axes are neighbours, else a transposed view. */
export function splitAxes(x: Storage, axes: readonly number[]): { readonly split: AxisSplit; readonly data: Storage } {
  const { shape } = x;
  // Axes of size 1 may be counted either way; leaving them out lets [N, C, 1, W] reduce over C and W in place.
  const real = axes.filter((a) => shape[a] !== 1);
  const first = real[0] ?? 0;
  const last = real.at(-1) ?? -1;
  const isRun = shape.slice(first, last + 1).every((d, i) => d === 1 || real.includes(first + i));
  if (isRun)
    return {
      split: {
        outer: elementCount(shape.slice(0, first)),
        n: elementCount(shape.slice(first, last + 1)),
        inner: elementCount(shape.slice(last + 1)),
      },
      data: x,
    };
  const kept = shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const data = x.transpose([...kept, ...axes]);
  return {
    split: { outer: elementCount(kept.map((i) => shape[i] as number)), n: elementCount(axes.map((i) => shape[i] as number)), inner: 1 },
    data,
  };
}
