// Pooling of any dtype and number of dimensions: one loop that hands each window's elements to a rule. The float32 kernels in
// src/kernels/pool.ts do the same faster for maxima and means.
import type { PoolShapes } from "../kernels/pool.ts";
import { elementCount } from "../tensor/shape.ts";

/**
 * Calls `rule` for each output in row-major order. It gets the positions in `x` of the window's elements, in row-major order, and the
 * number of places that the window has inside `x` or its padding. Gives the results in order.
 */
export function poolWindows(
  shapes: PoolShapes,
  rule: (positions: readonly number[], padded: number, at: number) => number,
): Float64Array<ArrayBuffer> {
  const { planes, input, output } = shapes;
  const y = new Float64Array(planes * elementCount(output));
  const spans = input.map((_, axis) => spansOf(shapes, axis));
  const plane = elementCount(input);
  const positions: number[] = [];
  let at = 0;
  const gather = (axis: number, from: number, window: readonly Span[]): void => {
    const span = window[axis];
    if (span === undefined) {
      positions.push(from);
      return;
    }
    for (const p of span.offsets) gather(axis + 1, from + p, window);
  };
  const visit = (axis: number, base: number, window: Span[], padded: number): void => {
    const choices = spans[axis];
    if (choices === undefined) {
      positions.length = 0;
      gather(0, base, window);
      y[at] = rule(positions, padded, at);
      at++;
      return;
    }
    for (const span of choices) {
      window[axis] = span;
      visit(axis + 1, base, window, padded * span.padded);
    }
  };
  for (let p = 0; p < planes; p++) visit(0, p * plane, [], 1);
  return y;
}

/** What one output index covers along one dimension: offsets of the elements inside `x`, and places inside `x` or its padding. */
interface Span {
  readonly offsets: readonly number[];
  readonly padded: number;
}

function spansOf({ input, output, kernel, strides, dilations, pads }: PoolShapes, axis: number): Span[] {
  const size = input[axis] as number;
  const step = elementCount(input.slice(axis + 1));
  const end = size + (pads[axis + input.length] as number);
  return Array.from({ length: output[axis] as number }, (_, o) => {
    const start = o * (strides[axis] as number) - (pads[axis] as number);
    const places = Array.from({ length: kernel[axis] as number }, (_, k) => start + k * (dilations[axis] as number)).filter((p) => p < end);
    return { offsets: places.filter((p) => p >= 0 && p < size).map((p) => p * step), padded: places.length };
  });
}
