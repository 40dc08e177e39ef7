// Type and shape inference shared by operator families. A rule is a function from an InferContext to output types.
import { ingotError } from "../errors/error.ts";
import { type Dim, dimEquals, unknownDim } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { formatType, type TensorType, tensorType, type ValueType } from "../ir/type.ts";
import type { DType } from "../tensor/dtype.ts";
import { checkRank, formatShape } from "../tensor/shape.ts";

/** The type of input `i`, which the schema makes a tensor. */
export function inputType(c: InferContext, i: number): TensorType {
  const type = c.inputs[i];
  if (type?.kind === "tensor") return type;
  throw ingotError("DTypeMismatch", {
    op: c.op,
    what: `input ${i}`,
    actual: type?.kind ?? "absent",
    expected: "a tensor",
    convert: "float32",
  });
}

/** The type of the tensors in input `i`, which the schema makes a sequence. */
export function sequenceElement(c: InferContext, i: number): TensorType {
  const type = c.inputs[i];
  if (type?.kind === "sequence" && type.element.kind === "tensor") return type.element;
  throw ingotError("KindMismatch", {
    op: c.op,
    what: `input ${i}`,
    actual: type ? formatType(type) : "absent",
    expected: "a sequence of tensors",
  });
}

/** The shape of input `i`; undefined when its rank is unknown. */
export function inputShape(c: InferContext, i: number): readonly Dim[] | undefined {
  return inputType(c, i).shape;
}

/** The input's rank must lie in [min, max]; throws `RankMismatch` that names the input. */
export function requireRank(c: InferContext, i: number, what: string, min: number, max = min): readonly Dim[] | undefined {
  const shape = inputShape(c, i);
  if (shape && (shape.length < min || shape.length > max))
    throw ingotError("RankMismatch", {
      op: c.op,
      what,
      actual: shape.length,
      shape: formatShape(shape.map(String)),
      expected: min === max ? String(min) : max === Number.POSITIVE_INFINITY ? `at least ${min}` : `${min} to ${max}`,
    });
  return shape;
}

/** False when the ranks differ, or two known sizes do. A size that is not known is `undefined` or a symbol, and may be any. */
export function shapesAgree(actual: readonly (Dim | undefined)[], expected: readonly (Dim | undefined)[]): boolean {
  if (actual.length !== expected.length) return false;
  return actual.every((d, i) => typeof d !== "number" || typeof expected[i] !== "number" || d === expected[i]);
}

/** As far as sizes are known, `what` must have the shape that is expected of it; throws `ShapeMismatch`. */
export function requireShape(
  c: InferContext,
  what: string,
  actual: readonly Dim[] | undefined,
  expected: readonly (Dim | undefined)[] | undefined,
  hint: string,
): void {
  if (!actual || !expected || shapesAgree(actual, expected)) return;
  throw ingotError("ShapeMismatch", {
    op: c.op,
    what,
    actual: formatShape(actual.map(String)),
    expected: formatShape(expected.map((d) => String(d ?? "?"))),
    hint,
  });
}

/** An attribute of text must be one of the words that the operator knows; throws `InvalidArgument`. */
export function requireWord(c: InferContext, name: string, known: readonly string[], hint: string): void {
  const actual = String(c.attributes[name]);
  if (!known.includes(actual))
    throw ingotError("InvalidArgument", { op: c.op, name, expected: `one of ${known.join(", ")}`, actual, hint });
}

/** An attribute must be a number from `least`; throws `InvalidArgument`. */
export function requireAtLeast(c: InferContext, name: string, least: number, hint: string): void {
  const actual = c.attributes[name] as number;
  if (!(actual >= least)) throw ingotError("InvalidArgument", { op: c.op, name, expected: `a number from ${least}`, actual, hint });
}

/** One output with the type of the first input. */
export const sameAsInput = (c: InferContext): ValueType[] => [inputType(c, 0)];

/** One output with the first input's shape and another dtype. */
export const shapeOfInput =
  (dtype: DType) =>
  (c: InferContext): ValueType[] => [tensorType(dtype, inputShape(c, 0))];

/** The dim both axes broadcast to; throws `BroadcastMismatch` when two numbers contradict each other. */
export function broadcastDim(a: Dim, b: Dim, fail: () => Error): Dim {
  if (dimEquals(a, b) || b === 1) return a;
  if (a === 1) return b;
  if (typeof a === "number" && typeof b === "number") throw fail();
  // A symbol against a number over 1: the result is the number whether the symbol turns out to be 1 or the number.
  if (typeof a === "number") return a;
  if (typeof b === "number") return b;
  return unknownDim();
}

/** NumPy broadcasting over symbolic shapes. */
export function broadcastDims(op: string, a: readonly Dim[], b: readonly Dim[]): Dim[] {
  const rank = Math.max(a.length, b.length);
  const out = new Array<Dim>(rank);
  for (let i = 1; i <= rank; i++) {
    const da = a[a.length - i] ?? 1;
    const db = b[b.length - i] ?? 1;
    out[rank - i] = broadcastDim(da, db, () =>
      ingotError("BroadcastMismatch", {
        op,
        a: formatShape(a.map(String)),
        b: formatShape(b.map(String)),
        axis: rank - i,
        da: String(da),
        db: String(db),
      }),
    );
  }
  return out;
}

/** All inputs broadcast together; dtype of input 0 unless given. */
export const broadcast =
  (dtype?: DType) =>
  (c: InferContext): ValueType[] => {
    let shape: readonly Dim[] | undefined = [];
    c.inputs.forEach((type, i) => {
      const s = type === undefined ? [] : inputShape(c, i);
      shape = shape && s && broadcastDims(c.op, shape, s);
    });
    return [tensorType(dtype ?? inputType(c, 0).dtype, shape)];
  };

/** An axis attribute as a place from the front; throws `AxisOutOfRange`. */
export function axisOf(c: InferContext, axis: number, shape: readonly Dim[], rank: number = shape.length): number {
  const a = axis < 0 ? axis + rank : axis;
  if (a < 0 || a >= rank) throw ingotError("AxisOutOfRange", { op: c.op, axis, rank, shape: formatShape(shape.map(String)) });
  return a;
}

/** The numbers of constant integer input `i` (a list, or one scalar), if it is known and has no symbols. */
export function constantInts(c: InferContext, i: number): number[] | undefined {
  const storage = c.constant(i);
  if (storage) return storage.toNumbers();
  const dims = c.dims(i);
  return dims?.every((d) => typeof d === "number") ? (dims as number[]) : undefined;
}

/** A shape of `rank` unknown sizes. Throws `InvalidShape` for more than a tensor may have: the number may be the size of an input. */
export function unknownShape(rank: number): Dim[] {
  checkRank("a result", rank);
  return Array.from({ length: rank }, () => unknownDim());
}

/**
 * The contents of integer input `i`, a list of sizes: symbolic where only that is known, and of any length where it is constant.
 * Throws `UnsafeInteger` for a constant beyond 2^53.
 */
export function contentsOf(c: InferContext, i: number): readonly Dim[] | undefined {
  return c.constant(i)?.toNumbers() ?? c.dims(i);
}
