// The arithmetic that normalisations share: groups of neighbouring elements are brought to mean 0 and variance 1 (or to root mean
// square 1) in float64, scaled and shifted, and rounded once.
import { longestRow, standardizeRowsF32 } from "../kernels/norm-rows.ts";
import type { DType, NumberArray } from "../tensor/dtype.ts";
import { elementCount } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { encodeNumbers, widened } from "./map-elements.ts";

/** What a group is measured by. */
export interface Moments {
  readonly mean: number;
  /** Around `mean`, of the population. */
  readonly variance: number;
}
export type Measure = (x: NumberArray, start: number, count: number) => Moments;

/** Mean and variance in two passes: a large mean does not swallow the variance. */
export const meanAndVariance: Measure = (x, start, count) => {
  let sum = 0;
  for (let i = start; i < start + count; i++) sum += x[i] as number;
  const mean = sum / count;
  let squares = 0;
  for (let i = start; i < start + count; i++) {
    const d = (x[i] as number) - mean;
    squares += d * d;
  }
  return { mean, variance: squares / count };
};

/** The mean square, which is the variance around 0. */
export const meanSquare: Measure = (x, start, count) => {
  let squares = 0;
  for (let i = start; i < start + count; i++) squares += (x[i] as number) * (x[i] as number);
  return { mean: 0, variance: squares / count };
};

/** The measures that the float32 kernel has, and whether they take the mean away. */
const kernelMeasures: ReadonlyMap<Measure, boolean> = new Map([
  [meanAndVariance, true],
  [meanSquare, false],
]);

interface Common {
  readonly epsilon: number;
  /** The output's dtype; that of `x` by default. */
  readonly dtype?: DType;
}

export interface RowNorm extends Common {
  /** Elements of a row. */
  readonly row: number;
  readonly measure: Measure;
  /** Parameters for each element of a row, or for each element of the tensor. */
  readonly scale?: NumberArray | undefined;
  readonly bias?: NumberArray | undefined;
  /** Called with each row's mean and 1 / √(variance + ε), for operators that give them as outputs. */
  readonly onRow?: (index: number, mean: number, inverse: number) => void;
}

/** `(x − mean) / √(variance + ε) · scale + bias` row by row. */
export function normalizeRows(x: Storage, norm: RowNorm): Storage {
  const { row, measure, epsilon, scale, bias, onRow, dtype = x.dtype } = norm;
  const from = widened(x).numbers();
  const fits = (parameter: NumberArray | undefined) => !parameter || (parameter instanceof Float32Array && parameter.length === row);
  const centred = kernelMeasures.get(measure);
  if (centred !== undefined && dtype === "float32" && from instanceof Float32Array && row <= longestRow && fits(scale) && fits(bias)) {
    const y = Storage.empty(dtype, x.shape);
    const parameters = { scale: scale as Float32Array | undefined, bias: bias as Float32Array | undefined };
    standardizeRowsF32(from, { row, centred, epsilon, onRow, ...parameters }, y.dense() as Float32Array);
    return y;
  }
  return writing(dtype, x.shape, (to) => {
    for (let start = 0, index = 0; start < from.length; start += row, index++) {
      const { mean, variance } = measure(from, start, row);
      const inverse = 1 / Math.sqrt(variance + epsilon);
      onRow?.(index, mean, inverse);
      const s = scale && scale.length > row ? start : 0;
      const b = bias && bias.length > row ? start : 0;
      for (let i = 0; i < row; i++) {
        const normal = ((from[start + i] as number) - mean) * inverse;
        to[start + i] = normal * (scale ? (scale[s + i] as number) : 1) + (bias ? (bias[b + i] as number) : 0);
      }
    }
  });
}

export interface ChannelNorm extends Common {
  /** How many channels are measured together. */
  readonly channelsPerGroup: number;
  /** One number per channel. */
  readonly scale: NumberArray;
  readonly bias: NumberArray;
}

/** `(x − mean) / √(variance + ε) · scale + bias` of `x: [N, C, ...]`, measured over groups of channels of each image. */
export function normalizeChannelGroups(x: Storage, { channelsPerGroup, epsilon, scale, bias, dtype = x.dtype }: ChannelNorm): Storage {
  const from = widened(x).numbers();
  const inner = elementCount(x.shape.slice(2));
  const channels = x.shape[1] as number;
  const group = channelsPerGroup * inner;
  return writing(dtype, x.shape, (to) => {
    for (let start = 0, channel = 0; start < from.length; start += group) {
      const { mean, variance } = meanAndVariance(from, start, group);
      const inverse = 1 / Math.sqrt(variance + epsilon);
      for (let at = start; at < start + group; channel = (channel + 1) % channels) {
        const s = inverse * (scale[channel] as number);
        const b = bias[channel] as number;
        for (const end = at + inner; at < end; at++) to[at] = ((from[at] as number) - mean) * s + b;
      }
    }
  });
}

/** Runs `fill` on the elements of a new storage, by way of float64 where they are bit patterns. */
function writing(dtype: DType, shape: readonly number[], fill: (to: NumberArray) => void): Storage {
  if (dtype === "float32" || dtype === "float64") {
    const y = Storage.empty(dtype, shape);
    fill(y.numbers());
    return y;
  }
  const wide = new Float64Array(elementCount(shape));
  fill(wide);
  return encodeNumbers(dtype, wide, shape);
}
