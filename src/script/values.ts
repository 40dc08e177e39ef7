// The values that interpreted code works with besides ordinary JavaScript ones: scalars that depend on tensors, lists whose length does,
// and values that exist on some paths only.
import { isTensor } from "../eager/operand.ts";
import type { Tensor } from "../eager/tensor.ts";
import type { Dim } from "../ir/dim.ts";
import type { Value } from "../ir/graph.ts";
import type { SequenceType } from "../ir/type.ts";

/** What a symbolic scalar is at run time: int64, float64 (a JavaScript number) or bool. */
export type ScalarKind = "int" | "float" | "bool";

/** How a scalar came about, where that helps later: what is known when it holds, or the counter that a loop steps. */
export type ScalarForm =
  | { readonly op: "not"; readonly a: Sym }
  | { readonly op: "and" | "or"; readonly a: Sym; readonly b: Sym }
  | { readonly op: "add" | "sub" | "mul" | "lt" | "le" | "gt" | "ge"; readonly a: Scalar; readonly b: Scalar };

export interface SymFacts {
  /** The size that an int is, where it follows from sizes. */
  readonly dim?: Dim | undefined;
  /** A float that is a quotient of two sizes: what `Math.floor(n / 2)` rounds. */
  readonly quotient?: readonly [Dim, Dim] | undefined;
  readonly form?: ScalarForm | undefined;
  /** True for a float that is neither NaN nor infinite, such as half of an int. */
  readonly finite?: boolean;
  /** Between which numbers it is, where that is known; `size` says what a size is at the sizes that are tried. */
  readonly within?: Within | undefined;
}

export type Within = (size: (dim: Dim) => number) => readonly [least: number, most: number];

/** JavaScript itself has asked for the value of a symbol. */
export class NotInterpreted extends TypeError {}

/** A number or boolean that depends on a tensor. It has no value at compile time: JavaScript's own operators on it are a bug here. */
export class Sym {
  readonly kind: ScalarKind;
  /** The scalar in the graph; undefined for a size that no node computes yet. */
  readonly value: Value | undefined;
  readonly dim: Dim | undefined;
  readonly quotient: readonly [Dim, Dim] | undefined;
  readonly form: ScalarForm | undefined;
  readonly finite: boolean;
  readonly within: Within | undefined;

  constructor(kind: ScalarKind, value: Value | undefined, facts: SymFacts = {}) {
    this.kind = kind;
    this.value = value;
    this.dim = facts.dim;
    this.quotient = facts.quotient;
    this.form = facts.form;
    this.within = facts.within;
    this.finite = kind !== "float" || facts.finite === true;
  }

  [Symbol.toPrimitive](): never {
    throw new ReachedNative(this);
  }
}

/** Thrown where native code would compute with a symbolic scalar. */
export class ReachedNative extends NotInterpreted {
  readonly symbol: Sym;

  constructor(symbol: Sym) {
    super("a symbolic scalar reached JavaScript that was not interpreted");
    this.symbol = symbol;
  }
}

export type Scalar = Sym | number | boolean;

/** The state of an array whose length is not known at compile time: a sequence in the graph. Immutable; the array's cell changes. */
export class SymList {
  readonly value: Value;
  readonly type: SequenceType;
  /** What the elements are to interpreted code. */
  readonly element: ScalarKind | "tensor";

  constructor(value: Value, type: SequenceType, element: ScalarKind | "tensor") {
    this.value = value;
    this.type = type;
    this.element = element;
  }
}

/** Stands where no single value does; reading it throws what `error` makes. */
export class Poison {
  readonly reason: () => Error;

  constructor(reason: () => Error) {
    this.reason = reason;
  }
}

/** A value on the paths that assigned it; on others there is none. Only `return` may read it, because its flag says when it is there. */
export class Partial {
  readonly inner: unknown;
  readonly reason: () => Error;

  constructor(inner: unknown, reason: () => Error) {
    this.inner = inner;
    this.reason = reason;
  }
}

/** A variable before its first assignment. */
export const unassigned: unique symbol = Symbol("unassigned");

/** What an interpreted expression gives that has failed and was reported: reading it fails silently. */
export class Reported extends Error {}

export const isScalar = (v: unknown): v is Scalar => typeof v === "number" || typeof v === "boolean" || v instanceof Sym;

export function scalarKind(v: Scalar): ScalarKind {
  if (v instanceof Sym) return v.kind;
  return typeof v === "boolean" ? "bool" : Number.isSafeInteger(v) && !Object.is(v, -0) ? "int" : "float";
}

/** The kind that values of two kinds have in common, if they have one. */
export function joinKinds(a: ScalarKind, b: ScalarKind): ScalarKind | undefined {
  if (a === b) return a;
  return a === "bool" || b === "bool" ? undefined : "float";
}

/** A value in the words of an error message. */
export function describe(v: unknown): string {
  if (v === unassigned) return "nothing";
  if (v instanceof Sym) return v.kind === "bool" ? "a boolean that depends on data" : `a number (${v.kind}) that depends on data`;
  if (v instanceof SymList) return "a list of symbolic length";
  if (v instanceof Partial) return describe(v.inner);
  if (v instanceof Poison) return "a value of several types";
  if (isTensor(v)) return describeTensor(v);
  if (v === null || v === undefined) return String(v);
  if (typeof v === "string") return `the string ${JSON.stringify(v)}`;
  if (typeof v === "function") return `the function ${v.name || "(anonymous)"}`;
  if (Array.isArray(v)) return `a list of ${v.length}`;
  if (typeof v === "object") return `an object of ${v.constructor?.name || "no class"}`;
  return `the ${typeof v} ${String(v)}`;
}

function describeTensor(t: Tensor): string {
  return `a ${t.dtype} tensor of rank ${t.shape.length}`;
}
