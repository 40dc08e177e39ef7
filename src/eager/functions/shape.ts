// Functions that move elements: views, joining, splitting, indexing. Sizes are plain numbers; negative axes count from the end.
import { ingotError } from "../../errors/error.ts";
import { formatShape, normalizeAxes, normalizeAxis } from "../../tensor/shape.ts";
import { dispatch, dispatchAll } from "../interpreter.ts";
import { int64s, scalar } from "../operand.ts";
import type { Tensor } from "../tensor.ts";
import { to } from "./math.ts";

/** The same elements in another shape; one size may be -1. */
export const reshape = (x: Tensor, shape: readonly number[]): Tensor =>
  dispatch("Reshape", [x, int64s(shape)], { allowzero: shape.includes(0) ? 1 : 0 });

/** Joins the axes from `start` to `end` into one. */
export function flatten(x: Tensor, start = 0, end = -1): Tensor {
  if (x.rank === 0) return reshape(x, [1]);
  const from = normalizeAxis("flatten", start, x.shape);
  const to_ = normalizeAxis("flatten", end, x.shape);
  if (from === to_) return x;
  // ONNX's Flatten is this exactly, and stays right for any batch size.
  if (from === 1 && to_ === x.rank - 1) return dispatch("Flatten", [x], { axis: 1 });
  const joined = x.shape.slice(from, to_ + 1).reduce((a, b) => a * b, 1);
  return reshape(x, [...x.shape.slice(0, from), joined, ...x.shape.slice(to_ + 1)]);
}

export function permute(x: Tensor, dims: readonly number[]): Tensor {
  const perm = dims.map((d) => normalizeAxis("permute", d, x.shape));
  if (new Set(perm).size !== x.rank)
    throw ingotError("InvalidArgument", {
      op: "permute",
      name: "dims",
      expected: `each of the ${x.rank} axes once`,
      actual: formatShape(dims),
      hint: `For a tensor of shape ${formatShape(x.shape)}, write for example permute(${[...perm.keys()].reverse().join(", ")}).`,
    });
  return dispatch("Transpose", [x], { perm });
}

export function transpose(x: Tensor, dim0: number, dim1: number): Tensor {
  const a = normalizeAxis("transpose", dim0, x.shape);
  const b = normalizeAxis("transpose", dim1, x.shape);
  return permute(
    x,
    x.shape.map((_, i) => (i === a ? b : i === b ? a : i)),
  );
}

/** Removes axes of size 1: the given ones, or all. Axes of another size stay, as in PyTorch. */
export function squeeze(x: Tensor, dims?: number | readonly number[]): Tensor {
  const asked = normalizeAxes("squeeze", typeof dims === "number" ? [dims] : dims, x.shape);
  const axes = asked.filter((a) => x.shape[a] === 1);
  return axes.length === 0 ? x : dispatch("Squeeze", [x, int64s(axes)]);
}

export const unsqueeze = (x: Tensor, dim: number): Tensor =>
  dispatch("Unsqueeze", [x, int64s([normalizeAxis("unsqueeze", dim, x.shape, x.rank + 1)])]);

/** Repeats axes of size 1 without copying; -1 keeps a size. */
export function expand(x: Tensor, shape: readonly number[]): Tensor {
  const lead = shape.length - x.rank;
  return dispatch("Expand", [x, int64s(shape.map((d, i) => (d === -1 ? (x.shape[i - lead] ?? 1) : d)))]);
}

/** Repeats the tensor `repeats[i]` times along axis i; further axes are added in front. */
export function repeat(x: Tensor, repeats: readonly number[]): Tensor {
  const lead = repeats.length - x.rank;
  const y = lead > 0 ? reshape(x, [...new Array<number>(lead).fill(1), ...x.shape]) : x;
  return dispatch("Tile", [y, int64s(repeats)]);
}

export function cat(tensors: readonly Tensor[], dim = 0): Tensor {
  const first = firstOf("cat", tensors);
  return dispatch("Concat", tensors, { axis: normalizeAxis("cat", dim, first.shape) });
}

export function stack(tensors: readonly Tensor[], dim = 0): Tensor {
  const first = firstOf("stack", tensors);
  const axis = normalizeAxis("stack", dim, first.shape, first.rank + 1);
  return cat(
    tensors.map((t) => unsqueeze(t, axis)),
    axis,
  );
}

function firstOf(op: string, tensors: readonly Tensor[]): Tensor {
  const first = tensors[0];
  if (first) return first;
  throw ingotError("InvalidArgument", {
    op,
    name: "tensors",
    expected: "at least one tensor",
    actual: "an empty list",
    hint: "Start the list with a tensor.",
  });
}

/** Pieces of the given sizes, or of one size (the last may be smaller). */
export function split(x: Tensor, sizes: number | readonly number[], dim = 0): Tensor[] {
  const axis = normalizeAxis("split", dim, x.shape);
  const total = x.shape[axis] as number;
  const list =
    typeof sizes === "number" ? Array.from({ length: Math.ceil(total / sizes) }, (_, i) => Math.min(sizes, total - i * sizes)) : [...sizes];
  return dispatchAll("Split", [x, int64s(list)], { axis }, list.length);
}

/** `count` pieces of nearly equal size. */
export function chunk(x: Tensor, count: number, dim = 0): Tensor[] {
  return split(x, Math.max(1, Math.ceil((x.shape[normalizeAxis("chunk", dim, x.shape)] as number) / count)), dim);
}

/** The slices along `dim`, with that axis removed. */
export function unbind(x: Tensor, dim = 0): Tensor[] {
  const axis = normalizeAxis("unbind", dim, x.shape);
  return Array.from({ length: x.shape[axis] as number }, (_, i) => select(x, axis, i));
}

/** The slice at `index` along `dim`, with that axis removed. Throws `IndexOutOfRange`. */
export function select(x: Tensor, dim: number, index: number): Tensor {
  const axis = normalizeAxis("select", dim, x.shape);
  const size = x.shape[axis] as number;
  if (!Number.isInteger(index) || index < -size || index >= size) throw ingotError("IndexOutOfRange", { op: "select", index, axis, size });
  return dispatch("Gather", [x, scalar(index, "int64")], { axis });
}

/** Elements start, start+step, … before `end` along `dim`; negative positions count from the end, as in Python. */
export function slice(x: Tensor, dim: number, start?: number, end?: number, step = 1): Tensor {
  const axis = normalizeAxis("slice", dim, x.shape);
  const from = start ?? (step > 0 ? 0 : Number.MAX_SAFE_INTEGER);
  const until = end ?? (step > 0 ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER);
  return dispatch("Slice", [x, int64s([from]), int64s([until]), int64s([axis]), step === 1 ? undefined : int64s([step])]);
}

export function narrow(x: Tensor, dim: number, start: number, length: number): Tensor {
  const axis = normalizeAxis("narrow", dim, x.shape);
  const size = x.shape[axis] as number;
  const from = start < 0 ? start + size : start;
  if (from < 0 || length < 0 || from + length > size)
    throw ingotError("IndexOutOfRange", { op: "narrow", index: from + length, axis, size });
  return slice(x, axis, from, from + length);
}

export const flip = (x: Tensor, dims: number | readonly number[]): Tensor =>
  normalizeAxes("flip", typeof dims === "number" ? [dims] : dims, x.shape).reduce((y, axis) => slice(y, axis, undefined, undefined, -1), x);

/** Shifts elements along `dim`; those that fall off come in again on the other side. */
export function roll(x: Tensor, shift: number, dim: number): Tensor {
  const axis = normalizeAxis("roll", dim, x.shape);
  const size = x.shape[axis] as number;
  const at = size === 0 ? 0 : (((-shift % size) + size) % size) + 0;
  return at === 0 ? x : cat([slice(x, axis, at), slice(x, axis, 0, at)], axis);
}

/** Picks whole slices along `dim` by a 1-D tensor of indices. */
export const indexSelect = (x: Tensor, dim: number, index: Tensor): Tensor =>
  dispatch("Gather", [x, index], { axis: normalizeAxis("indexSelect", dim, x.shape) });
/** Picks single elements: out[i][j] = x[index[i][j]][j] for dim 0. */
export const gather = (x: Tensor, dim: number, index: Tensor): Tensor =>
  dispatch("GatherElements", [x, index], { axis: normalizeAxis("gather", dim, x.shape) });
/** Writes `src` at the places that `index` names; gives a new tensor. */
export const scatter = (x: Tensor, dim: number, index: Tensor, src: Tensor): Tensor =>
  dispatch("ScatterElements", [x, index, src], { axis: normalizeAxis("scatter", dim, x.shape) });
export const scatterAdd = (x: Tensor, dim: number, index: Tensor, src: Tensor): Tensor =>
  dispatch("ScatterElements", [x, index, src], { axis: normalizeAxis("scatterAdd", dim, x.shape), reduction: "add" });

/** The positions of the elements that are not zero, int64 [count, rank]. */
export const nonzero = (x: Tensor): Tensor => transpose(dispatch("NonZero", [x]), 0, 1);
/** The elements where `mask` holds, in row-major order: [count]. The mask has the tensor's shape. */
export const maskedSelect = (x: Tensor, mask: Tensor): Tensor => dispatch("GatherND", [x, nonzero(to(mask, "bool"))]);

export const tril = (x: Tensor, diagonal = 0): Tensor => dispatch("Trilu", [x, scalar(diagonal, "int64")], { upper: 0 });
export const triu = (x: Tensor, diagonal = 0): Tensor => dispatch("Trilu", [x, scalar(diagonal, "int64")], { upper: 1 });

/** Pads the last axes; `pads` is [last-before, last-after, before-last-before, …] as in PyTorch. */
export function pad(x: Tensor, pads: readonly number[], mode: "constant" | "reflect" | "edge" | "wrap" = "constant", value = 0): Tensor {
  const before = new Array<number>(x.rank).fill(0);
  const after = new Array<number>(x.rank).fill(0);
  for (let i = 0; i * 2 < pads.length; i++) {
    before[x.rank - 1 - i] = pads[2 * i] ?? 0;
    after[x.rank - 1 - i] = pads[2 * i + 1] ?? 0;
  }
  return dispatch(
    "Pad",
    [x, int64s([...before, ...after]), mode === "constant" ? scalar(value, x.dtype) : undefined],
    mode === "constant" ? {} : { mode },
  );
}
