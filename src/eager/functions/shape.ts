// Functions that move elements: views, joining, splitting, indexing. Sizes are plain numbers; negative axes count from the end.
import { ingotError } from "../../errors/error.ts";
import { checkShape, formatShape, normalizeAxes, normalizeAxis, sameShape } from "../../tensor/shape.ts";
import { dispatch, dispatchAll } from "../interpreter.ts";
import { int64s, rankMismatch, requireTensor, scalar } from "../operand.ts";
import type { Tensor } from "../tensor.ts";
import { to } from "./math.ts";

/** The same elements in another shape; one size may be -1. */
export const reshape = (x: Tensor, shape: readonly number[]): Tensor =>
  dispatch("Reshape", [x, int64s(shape, "reshape", "shape")], { allowzero: shape.includes(0) ? 1 : 0 });

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

/** The transpose of a matrix; vectors and scalars are their own. Throws `RankMismatch` for more dimensions. */
export function transposeMatrix(x: Tensor): Tensor {
  if (x.rank < 2) return x;
  if (x.rank === 2) return transpose(x, 0, 1);
  throw rankMismatch("t", "the tensor", x.shape, "at most 2: use transpose(dim0, dim1)");
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
  const target = shape.map((d, i) => (d === -1 ? (x.shape[i - lead] ?? 1) : d));
  checkShape("expand", target);
  if (lead < 0 || target.some((d, i) => i >= lead && x.shape[i - lead] !== 1 && x.shape[i - lead] !== d))
    throw ingotError("ShapeMismatch", {
      op: "expand",
      what: "the tensor",
      actual: formatShape(x.shape),
      expected: `a shape that broadcasts to ${formatShape(shape)}`,
      hint: "Only axes of size 1 can be expanded; further axes are added in front.",
    });
  return dispatch("Expand", [x, int64s(target)]);
}

/** Repeats the tensor `repeats[i]` times along axis i; further axes are added in front. Throws `InvalidArgument`. */
export function repeat(x: Tensor, repeats: readonly number[]): Tensor {
  const lead = repeats.length - x.rank;
  if (lead < 0 || !repeats.every((r) => Number.isInteger(r) && r >= 0))
    throw ingotError("InvalidArgument", {
      op: "repeat",
      name: "repeats",
      expected: `at least ${x.rank} integers from 0, one for each axis of ${formatShape(x.shape)}`,
      actual: formatShape(repeats),
      hint: "tile() repeats the last axes only.",
    });
  const y = lead > 0 ? reshape(x, [...new Array<number>(lead).fill(1), ...x.shape]) : x;
  return dispatch("Tile", [y, int64s(repeats)]);
}

/** As `repeat`, but fewer repeats than axes are those of the last axes, as in NumPy. */
export const tile = (x: Tensor, repeats: readonly number[]): Tensor =>
  repeat(x, [...new Array<number>(Math.max(0, x.rank - repeats.length)).fill(1), ...repeats]);

/** Joins tensors along an axis that they have; all other sizes must agree. */
export function cat(tensors: readonly Tensor[], dim = 0): Tensor {
  const first = firstOf("cat", tensors);
  return dispatch("Concat", tensors, { axis: normalizeAxis("cat", dim, first.shape) });
}

/** Joins tensors of one shape along a new axis. */
export function stack(tensors: readonly Tensor[], dim = 0): Tensor {
  const first = firstOf("stack", tensors);
  const axis = normalizeAxis("stack", dim, first.shape, first.rank + 1);
  return cat(
    tensors.map((t) => unsqueeze(t, axis)),
    axis,
  );
}

function firstOf(op: string, tensors: readonly Tensor[]): Tensor {
  const list: unknown = tensors;
  if (Array.isArray(list)) for (const [i, t] of list.entries()) requireTensor(op, `tensors[${i}]`, t);
  else requireTensor(op, "tensors, an array", undefined);
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
  requireTensor("split", "input", x);
  const axis = normalizeAxis("split", dim, x.shape);
  const total = x.shape[axis] as number;
  const fits =
    typeof sizes === "number"
      ? Number.isInteger(sizes) && sizes > 0
      : Array.isArray(sizes) && sizes.every((s) => Number.isInteger(s) && s >= 0) && sizes.reduce((a, b) => a + b, 0) === total;
  if (!fits)
    throw ingotError("InvalidArgument", {
      op: "split",
      name: "sizes",
      expected: `an integer from 1, or sizes that add up to ${total}`,
      actual: Array.isArray(sizes) ? formatShape(sizes) : String(sizes),
      hint: `Dimension ${axis} of ${formatShape(x.shape)} is split.`,
    });
  const list =
    typeof sizes === "number" ? Array.from({ length: Math.ceil(total / sizes) }, (_, i) => Math.min(sizes, total - i * sizes)) : [...sizes];
  return dispatchAll("Split", [x, int64s(list)], { axis }, list.length);
}

/** `count` pieces of nearly equal size. */
export function chunk(x: Tensor, count: number, dim = 0): Tensor[] {
  requireTensor("chunk", "input", x);
  if (!Number.isInteger(count) || count < 1)
    throw ingotError("InvalidArgument", {
      op: "chunk",
      name: "count",
      expected: "an integer from 1",
      actual: String(count),
      hint: "Write x.chunk(2, dim).",
    });
  return split(x, Math.max(1, Math.ceil((x.shape[normalizeAxis("chunk", dim, x.shape)] as number) / count)), dim);
}

/** The slices along `dim`, with that axis removed. */
export function unbind(x: Tensor, dim = 0): Tensor[] {
  requireTensor("unbind", "input", x);
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
  if (!Number.isInteger(step) || step === 0)
    throw ingotError("InvalidArgument", {
      op: "slice",
      name: "step",
      expected: "an integer other than 0",
      actual: String(step),
      hint: "A negative step runs backwards.",
    });
  const until = end ?? (step > 0 ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER);
  return dispatch("Slice", [
    x,
    int64s([from], "slice", "start"),
    int64s([until], "slice", "end"),
    int64s([axis]),
    step === 1 ? undefined : int64s([step]),
  ]);
}

export function narrow(x: Tensor, dim: number, start: number, length: number): Tensor {
  const axis = normalizeAxis("narrow", dim, x.shape);
  const size = x.shape[axis] as number;
  const from = start < 0 ? start + size : start;
  if (!Number.isInteger(start) || !Number.isInteger(length) || from < 0 || length < 0 || from + length > size)
    throw ingotError("InvalidArgument", {
      op: "narrow",
      name: "start, length",
      expected: `a part of dimension ${axis} of size ${size}`,
      actual: `${start}, ${length}`,
      hint: `The tensor has shape ${formatShape(x.shape)}.`,
    });
  return slice(x, axis, from, from + length);
}

/** Runs the given axes backwards: a view. */
export function flip(x: Tensor, dims: number | readonly number[]): Tensor {
  requireTensor("flip", "input", x);
  return normalizeAxes("flip", typeof dims === "number" ? [dims] : dims, x.shape).reduce(
    (y, axis) => slice(y, axis, undefined, undefined, -1),
    x,
  );
}

/** Shifts elements along `dim`; those that fall off come in again on the other side. */
export function roll(x: Tensor, shift: number, dim: number): Tensor {
  requireTensor("roll", "input", x);
  if (!Number.isInteger(shift))
    throw ingotError("InvalidArgument", {
      op: "roll",
      name: "shift",
      expected: "an integer",
      actual: String(shift),
      hint: "Write x.roll(1, dim).",
    });
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
export function maskedSelect(x: Tensor, mask: Tensor): Tensor {
  requireTensor("maskedSelect", "mask", mask);
  if (!sameShape(x.shape, mask.shape))
    throw ingotError("ShapeMismatch", {
      op: "maskedSelect",
      what: "the mask",
      actual: formatShape(mask.shape),
      expected: `${formatShape(x.shape)}, as the tensor has`,
      hint: "Write mask.expandAs(x) for a mask that broadcasts.",
    });
  return dispatch("GatherND", [x, nonzero(to(mask, "bool"))]);
}

export const tril = (x: Tensor, diagonal = 0): Tensor => dispatch("Trilu", [x, scalar(diagonal, "int64")], { upper: 0 });
export const triu = (x: Tensor, diagonal = 0): Tensor => dispatch("Trilu", [x, scalar(diagonal, "int64")], { upper: 1 });

/** Pads the last axes; `pads` is [last-before, last-after, before-last-before, …] as in PyTorch. */
export function pad(x: Tensor, pads: readonly number[], mode: "constant" | "reflect" | "edge" | "wrap" = "constant", value = 0): Tensor {
  if (!Array.isArray(pads) || pads.length % 2 !== 0 || pads.length > 2 * x.rank)
    throw ingotError("InvalidArgument", {
      op: "pad",
      name: "pads",
      expected: `pairs of integers for up to ${x.rank} axes, the last axis first`,
      actual: Array.isArray(pads) ? formatShape(pads) : String(pads),
      hint: "pad([1, 1, 2, 2]) adds one column at each side and two rows at the top and the bottom.",
    });
  const before = new Array<number>(x.rank).fill(0);
  const after = new Array<number>(x.rank).fill(0);
  for (let i = 0; i * 2 < pads.length; i++) {
    before[x.rank - 1 - i] = pads[2 * i] ?? 0;
    after[x.rank - 1 - i] = pads[2 * i + 1] ?? 0;
  }
  return dispatch(
    "Pad",
    [x, int64s([...before, ...after], "pad", "pads"), mode === "constant" ? scalar(value, x.dtype) : undefined],
    mode === "constant" ? {} : { mode },
  );
}
