// Indexing of several axes at once, as Python writes it in square brackets, and moving or repeating whole axes.

import { describeValue } from "../../errors/describe-value.ts";
import { ingotError } from "../../errors/error.ts";
import { formatShape, normalizeAxis } from "../../tensor/shape.ts";
import { isTensor, rankMismatch } from "../operand.ts";
import type { Tensor } from "../tensor.ts";
import { indexSelect, permute, reshape, select, slice, unsqueeze } from "./shape.ts";

/**
 * One place in `index`: a number picks one slice and drops the axis; `"1:5"`, `":"`, `"::-1"` slice as in Python; `"..."` stands for all axes
 * that are not named; `null` adds an axis of size 1; a 1-D tensor of integers picks slices.
 */
export type Index = number | string | null | Tensor;

/**
 * Indexes axis by axis, as Python's square brackets do.
 *
 * @example
 * x.index(0, "1:3");     // x[0, 1:3]
 * x.index("...", null);  // x[..., None]
 * x.index(":", "::-1");  // x[:, ::-1]
 */
export function index(x: Tensor, ...places: readonly Index[]): Tensor {
  const used = places.filter((p) => p !== null && p !== "...").length;
  if (used > x.rank) throw rankMismatch("index", "the tensor", x.shape, `at least ${used}, one for each index`);
  let y = x;
  let axis = 0;
  let skipped = false;
  for (const place of places) {
    if (place === null) y = unsqueeze(y, axis++);
    else if (place === "...") {
      if (skipped) throw invalidIndex(place, 'at most one "..."');
      skipped = true;
      axis += x.rank - used;
    } else if (typeof place === "number") y = select(y, axis, place);
    else if (typeof place === "string") y = slice(y, axis++, ...range(place));
    else if (isTensor(place) && place.rank === 1 && place.dtype.startsWith("int")) y = indexSelect(y, axis++, place);
    else throw invalidIndex(place, 'a number, a slice such as "1:5", "...", null or a 1-D tensor of integers');
  }
  return y;
}

/** `"1:5:2"` as start, end and step. */
function range(text: string): [start: number | undefined, end: number | undefined, step: number | undefined] {
  const match = /^\s*(-?\d+)?\s*:\s*(-?\d+)?\s*(?::\s*(-?\d+)?\s*)?$/.exec(text);
  const [start, end, step] = (match?.slice(1) ?? []).map((part) => (part === undefined ? undefined : Number(part)));
  if (!match || step === 0) throw invalidIndex(text, 'a slice such as "1:5", ":" or "::2"');
  return [start, end, step];
}

function invalidIndex(place: unknown, expected: string): Error {
  return ingotError("InvalidArgument", {
    op: "index",
    name: "index",
    expected,
    actual: isTensor(place) ? `a tensor of ${place.dtype}${formatShape(place.shape)}` : describeValue(place),
    hint: 'x[0, 1:3, ..., None] is written x.index(0, "1:3", "...", null); for a mask use maskedSelect.',
  });
}

/** Moves an axis to another place; the others keep their order. */
export function movedim(x: Tensor, source: number, destination: number): Tensor {
  const from = normalizeAxis("movedim", source, x.shape);
  const to = normalizeAxis("movedim", destination, x.shape);
  const rest = x.shape.map((_, i) => i).filter((i) => i !== from);
  return permute(x, [...rest.slice(0, to), from, ...rest.slice(to)]);
}

/** Splits one axis into several; one of the sizes may be -1. The inverse of `flatten`. */
export function unflatten(x: Tensor, dim: number, sizes: readonly number[]): Tensor {
  const axis = normalizeAxis("unflatten", dim, x.shape);
  return reshape(x, [...x.shape.slice(0, axis), ...sizes, ...x.shape.slice(axis + 1)]);
}

/** Repeats each slice along `dim` in place: [a, b] becomes [a, a, b, b]. Without `dim`, the elements of the flattened tensor. */
export function repeatInterleave(x: Tensor, repeats: number, dim?: number): Tensor {
  if (!Number.isInteger(repeats) || repeats < 0)
    throw ingotError("InvalidArgument", {
      op: "repeatInterleave",
      name: "repeats",
      expected: "an integer from 0",
      actual: describeValue(repeats),
      hint: "Write x.repeatInterleave(2, 0).",
    });
  if (dim === undefined) return repeatInterleave(reshape(x, [-1]), repeats, 0);
  const axis = normalizeAxis("repeatInterleave", dim, x.shape);
  const { shape } = x;
  const wide = unsqueeze(x, axis + 1).expand([...shape.slice(0, axis + 1), repeats, ...shape.slice(axis + 1)]);
  return reshape(wide, [...shape.slice(0, axis), (shape[axis] as number) * repeats, ...shape.slice(axis + 1)]);
}
