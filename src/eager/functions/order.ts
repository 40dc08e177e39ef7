// Functions about the order of elements: sorting, distinct values, positions.
import { normalizeAxis } from "../../tensor/shape.ts";
import { dispatchAll } from "../interpreter.ts";
import type { Tensor } from "../tensor.ts";
import { sort } from "./reduce.ts";

/** The indices that sort along `dim`, int64; of equal elements the one with the lower index comes first. */
export const argsort = (x: Tensor, dim = -1, descending = false): Tensor => sort(x, dim, descending).indices;

export interface UniqueOptions {
  /** Rising (by default), or in order of first appearance. */
  readonly sorted?: boolean;
  /** Compare whole slices along this axis, instead of single elements. */
  readonly dim?: number;
}

/** Distinct values, where each element of the input has its own among them, and how often each occurs. Shapes depend on the values. */
export interface Unique {
  readonly values: Tensor;
  readonly inverse: Tensor;
  readonly counts: Tensor;
}

/**
 * The distinct elements.
 * @example unique(tensor([3, 1, 3])).values // tensor([1., 3.])
 */
export function unique(x: Tensor, options: UniqueOptions = {}): Unique {
  const { sorted = true, dim } = options;
  const attributes: Record<string, number> = { sorted: sorted ? 1 : 0 };
  if (dim !== undefined) attributes.axis = normalizeAxis("unique", dim, x.shape);
  const [values, , inverse, counts] = dispatchAll("Unique", [x], attributes, 4) as [Tensor, Tensor, Tensor, Tensor];
  return { values, inverse: dim === undefined ? inverse.reshape(x.shape) : inverse, counts };
}

/** The smallest and the largest element along `dim`, or of all. */
export function aminmax(x: Tensor, dim?: number, keepdim = false): { readonly min: Tensor; readonly max: Tensor } {
  return { min: x.amin(dim, keepdim), max: x.amax(dim, keepdim) };
}

/** The middle of the sorted elements, the lower one of two; along `dim` with its index. */
export function median(x: Tensor, dim = -1, keepdim = false): { readonly values: Tensor; readonly indices: Tensor } {
  const axis = normalizeAxis("median", dim, x.shape);
  const middle = Math.floor(((x.shape[axis] as number) - 1) / 2);
  const sorted = sort(x, axis);
  const at = (y: Tensor) => (keepdim ? y.narrow(axis, middle, 1) : y.select(axis, middle));
  return { values: at(sorted.values), indices: at(sorted.indices) };
}
