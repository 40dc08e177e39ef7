// Shape arithmetic: what integer operators do to the *contents* of small integer tensors, when these are sizes. A result that cannot be
// proved equal for all sizes becomes an unknown dim, never a guess.
import { type Dim, divideExactly, floorDivDims, unknownDim } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";

/** The contents of an output, one list per output; `undefined` where nothing is known. */
export type DimContents = readonly (readonly Dim[] | undefined)[] | undefined;

/** Applies `f` to the contents of input 0 and 1, pairwise; a list of one repeats. */
export const pairDims =
  (f: (a: Dim, b: Dim) => Dim) =>
  (c: InferContext): DimContents => {
    const a = c.dims(0);
    const b = c.dims(1);
    if (!a || !b || (a.length !== b.length && a.length !== 1 && b.length !== 1) || !isShortList(c)) return undefined;
    const n = a.length === 1 ? b.length : a.length;
    return [Array.from({ length: n }, (_, i) => checked(f(a[a.length === 1 ? 0 : i] as Dim, b[b.length === 1 ? 0 : i] as Dim)))];
  };

/** Applies `f` to the contents of all inputs, from left to right. */
export const foldDims =
  (f: (a: Dim, b: Dim) => Dim) =>
  (c: InferContext): DimContents => {
    let all: readonly Dim[] | undefined;
    for (let i = 0; i < c.inputs.length; i++) {
      const next: readonly Dim[] | undefined = c.dims(i);
      if (!next) return undefined;
      if (!all) all = next;
      else {
        const joined: DimContents = pairDims(f)({ ...c, dims: (k) => (k === 0 ? all : next) });
        all = joined?.[0];
        if (!all) return undefined;
      }
    }
    return [all];
  };

/** Applies `f` to each entry of input 0. */
export const mapDims =
  (f: (a: Dim) => Dim) =>
  (c: InferContext): DimContents => {
    const a = c.dims(0);
    return a && [a.map((d) => checked(f(d)))];
  };

/** a / b truncated toward zero. Symbols are sizes, at least 1; where the sign of `a` is open, truncating and flooring differ and nothing is known. */
export function truncDivDims(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return b === 0 ? 0 : Math.trunc(a / b) + 0;
  if (b === 0) return 0;
  if (lowerBound(b) < 1) return unknownDim();
  const exact = divideExactly(a, b);
  if (exact !== undefined) return exact;
  return lowerBound(a) >= 0 ? floorDivDims(a, b) : unknownDim();
}

/** The least value of a dimension whose symbols are at least 1; −Infinity when it has no bound that is easy to see. */
export function lowerBound(dim: Dim): number {
  if (typeof dim === "number") return dim;
  let sum = 0;
  for (const { coefficient, atoms } of dim.terms) {
    let product = coefficient;
    for (const atom of atoms) {
      const bound =
        atom.kind === "size"
          ? 1
          : atom.kind === "floordiv"
            ? typeof atom.b === "number" && atom.b > 0
              ? Math.floor(lowerBound(atom.a) / atom.b)
              : lowerBound(atom.a) >= 0 && lowerBound(atom.b) >= 1
                ? 0
                : Number.NEGATIVE_INFINITY
            : atom.kind === "max"
              ? Math.max(lowerBound(atom.a), lowerBound(atom.b))
              : Math.min(lowerBound(atom.a), lowerBound(atom.b));
      if (bound < 0) return Number.NEGATIVE_INFINITY;
      product *= bound;
    }
    if (atoms.length > 0 && coefficient < 0) return Number.NEGATIVE_INFINITY;
    sum += product;
  }
  return sum;
}

/** Contents are kept for tensors of rank 0 and 1 only, so operands of higher rank must not turn a list into a matrix. */
function isShortList(c: InferContext): boolean {
  return c.inputs.every((t) => t === undefined || (t.kind === "tensor" && t.shape !== undefined && t.shape.length <= 1));
}

const checked = (d: Dim): Dim => (typeof d === "number" && !Number.isSafeInteger(d) ? unknownDim() : d);
