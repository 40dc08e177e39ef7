// Pooling over windows, and adaptive pooling to a given size. Inputs are [N, C, ...spatial]; sizes are one number or one per spatial axis.

import { amax, mean } from "../../eager/functions/reduce.ts";
import { cat, narrow } from "../../eager/functions/shape.ts";
import { dispatch } from "../../eager/interpreter.ts";
import { rankMismatch } from "../../eager/operand.ts";
import type { Tensor } from "../../eager/tensor.ts";
import { ingotError } from "../../errors/error.ts";
import { integerFrom, type Size, sizes } from "../options.ts";

export interface MaxPoolOptions {
  /** The window's size by default. */
  readonly stride?: Size | undefined;
  readonly padding?: Size;
  readonly dilation?: Size;
  /** Round the output size up, so that a window may hang over the end. */
  readonly ceilMode?: boolean;
}

export interface AvgPoolOptions {
  /** The window's size by default. */
  readonly stride?: Size | undefined;
  readonly padding?: Size;
  readonly ceilMode?: boolean;
  /** Padded zeros count in the mean; true by default, as in PyTorch. */
  readonly countIncludePad?: boolean;
}

/** A size per spatial axis, or one for all; `null` keeps the input's size. */
export type AdaptiveSize = number | null | readonly (number | null)[];

function spatialRank(op: string, x: Tensor, rank?: number): number {
  const n = rank ?? x.rank - 2;
  if (x.rank === n + 2 && n >= 1) return n;
  throw rankMismatch(
    op,
    "the input",
    x.shape,
    rank === undefined ? "at least 3: [N, C, ...]" : `${rank + 2}: [N, C, ${["D", "H", "W"].slice(3 - rank).join(", ")}]`,
  );
}

const maxPool =
  (rank: number) =>
  (x: Tensor, kernelSize: Size, options: MaxPoolOptions = {}): Tensor => {
    const op = `maxPool${rank}d`;
    spatialRank(op, x, rank);
    const kernel = sizes(op, "kernelSize", kernelSize, rank, 1);
    const padding = paddingFor(op, options.padding ?? 0, kernel);
    return dispatch("MaxPool", [x], {
      kernel_shape: kernel,
      strides: sizes(op, "stride", options.stride ?? kernel, rank, 1),
      pads: [...padding, ...padding],
      dilations: sizes(op, "dilation", options.dilation ?? 1, rank, 1),
      ceil_mode: options.ceilMode ? 1 : 0,
    });
  };

const avgPool =
  (rank: number) =>
  (x: Tensor, kernelSize: Size, options: AvgPoolOptions = {}): Tensor => {
    const op = `avgPool${rank}d`;
    spatialRank(op, x, rank);
    const kernel = sizes(op, "kernelSize", kernelSize, rank, 1);
    const padding = paddingFor(op, options.padding ?? 0, kernel);
    return dispatch("AveragePool", [x], {
      kernel_shape: kernel,
      strides: sizes(op, "stride", options.stride ?? kernel, rank, 1),
      pads: [...padding, ...padding],
      ceil_mode: options.ceilMode ? 1 : 0,
      count_include_pad: (options.countIncludePad ?? true) ? 1 : 0,
    });
  };

/** Padding of more than half a window would make windows of padding only. Throws `InvalidArgument`. */
function paddingFor(op: string, padding: Size, kernel: readonly number[]): readonly number[] {
  const list = sizes(op, "padding", padding, kernel.length, 0);
  list.forEach((p, i) => {
    const half = Math.floor((kernel[i] as number) / 2);
    if (p > half)
      throw ingotError("InvalidArgument", {
        op,
        name: "padding",
        expected: `at most half of kernelSize (${half})`,
        actual: String(p),
        hint: "A larger padding would make windows that hold nothing of the input; pad the input itself instead.",
      });
  });
  return list;
}

/** The largest element of each window of [N, C, L]. */
export const maxPool1d = maxPool(1);
/** The largest element of each window of [N, C, H, W]. */
export const maxPool2d = maxPool(2);
/** The largest element of each window of [N, C, D, H, W]. */
export const maxPool3d = maxPool(3);
/** The mean of each window of [N, C, L]. */
export const avgPool1d = avgPool(1);
/** The mean of each window of [N, C, H, W]. */
export const avgPool2d = avgPool(2);
/** The mean of each window of [N, C, D, H, W]. */
export const avgPool3d = avgPool(3);

interface Adaptive {
  readonly whole: "GlobalAveragePool" | "GlobalMaxPool";
  readonly even: "AveragePool" | "MaxPool";
  readonly reduce: (x: Tensor, dim: number, keepdim: boolean) => Tensor;
}
const adaptiveMean: Adaptive = { whole: "GlobalAveragePool", even: "AveragePool", reduce: mean };
const adaptiveLargest: Adaptive = { whole: "GlobalMaxPool", even: "MaxPool", reduce: amax };

function adaptivePool(op: string, kind: Adaptive, x: Tensor, outputSize: AdaptiveSize, rank?: number): Tensor {
  const n = spatialRank(op, x, rank);
  const list = typeof outputSize === "number" || outputSize === null ? new Array<number | null>(n).fill(outputSize) : outputSize;
  if (list.length !== n) sizes(op, "outputSize", list as number[], n, 1);
  if (list.every((size) => size === 1)) return dispatch(kind.whole, [x]);
  const input = x.shape.slice(2);
  const output = list.map((size, i) => (size === null ? (input[i] as number) : integerFrom(op, "outputSize", size, 1)));
  if (output.every((size, i) => size === input[i])) return x;
  if (output.every((size, i) => (input[i] as number) % size === 0)) {
    const window = output.map((size, i) => (input[i] as number) / size);
    return dispatch(kind.even, [x], { kernel_shape: window, strides: window });
  }
  return output.reduce((y, size, i) => reduceAlong(kind, y, i + 2, size), x);
}

/** Windows along one axis. A mean (or maximum) over a box is that along one axis of those along the other. */
function reduceAlong({ reduce }: Adaptive, x: Tensor, axis: number, size: number): Tensor {
  const length = x.shape[axis] as number;
  if (length === size) return x;
  const windows = Array.from({ length: size }, (_, i) => {
    const start = Math.floor((i * length) / size);
    const end = Math.ceil(((i + 1) * length) / size);
    return reduce(narrow(x, axis, start, end - start), axis, true);
  });
  return cat(windows, axis);
}

/**
 * The mean over windows chosen so that the output has the given size: output i covers ⌊i·in/out⌋ up to ⌈(i+1)·in/out⌉.
 * Size 1 is the global mean, which works for every input size also in a recorded graph.
 */
export function adaptiveAvgPool(x: Tensor, outputSize: AdaptiveSize, rank?: number): Tensor {
  return adaptivePool("adaptiveAvgPool", adaptiveMean, x, outputSize, rank);
}

/** The largest element of windows chosen as in `adaptiveAvgPool`. */
export function adaptiveMaxPool(x: Tensor, outputSize: AdaptiveSize, rank?: number): Tensor {
  return adaptivePool("adaptiveMaxPool", adaptiveLargest, x, outputSize, rank);
}

export const adaptiveAvgPool1d = (x: Tensor, outputSize: AdaptiveSize): Tensor => adaptiveAvgPool(x, outputSize, 1);
export const adaptiveAvgPool2d = (x: Tensor, outputSize: AdaptiveSize): Tensor => adaptiveAvgPool(x, outputSize, 2);
export const adaptiveAvgPool3d = (x: Tensor, outputSize: AdaptiveSize): Tensor => adaptiveAvgPool(x, outputSize, 3);
export const adaptiveMaxPool1d = (x: Tensor, outputSize: AdaptiveSize): Tensor => adaptiveMaxPool(x, outputSize, 1);
export const adaptiveMaxPool2d = (x: Tensor, outputSize: AdaptiveSize): Tensor => adaptiveMaxPool(x, outputSize, 2);
export const adaptiveMaxPool3d = (x: Tensor, outputSize: AdaptiveSize): Tensor => adaptiveMaxPool(x, outputSize, 3);
