// What the lint knows of an expression's value: a small lattice, from "no value has come here yet" up to "could be anything". Nothing is
// said of a tensor unless it is one on every path.
import type { Closure } from "./activation.ts";

export type Kind =
  | { readonly is: "never" }
  | { readonly is: "tensor" }
  /** One of these live values, none of them a tensor. */
  | { readonly is: "values"; readonly values: readonly unknown[] }
  /** A function written inside a function that is being read. */
  | { readonly is: "closure"; readonly closure: Closure }
  /** A literal, as long as it has no name through which it could be changed. */
  | { readonly is: "list"; readonly items: readonly Kind[] }
  | { readonly is: "record"; readonly fields: ReadonlyMap<string, Kind> }
  | { readonly is: "unknown" };

export const never: Kind = { is: "never" };
export const tensor: Kind = { is: "tensor" };
export const unknown: Kind = { is: "unknown" };

/** More alternatives than this say nothing useful. */
const maxValues = 256;

export function value(one: unknown): Kind {
  return { is: "values", values: [one] };
}

/** What is known of a value that is either of two. */
export function join(a: Kind, b: Kind): Kind {
  if (a === b || b.is === "never") return a;
  if (a.is === "never") return b;
  if (a.is === "tensor" && b.is === "tensor") return tensor;
  if (a.is === "closure" && b.is === "closure" && a.closure === b.closure) return a;
  if (a.is === "values" && b.is === "values") {
    const merged = new Set([...a.values, ...b.values]);
    if (merged.size === a.values.length) return a;
    return merged.size > maxValues ? unknown : { is: "values", values: [...merged] };
  }
  if (a.is === "list" && b.is === "list" && a.items.length === b.items.length) {
    return { is: "list", items: a.items.map((item, i) => join(item, b.items[i] ?? unknown)) };
  }
  if (a.is === "record" && b.is === "record" && a.fields.size === b.fields.size) {
    const fields = new Map<string, Kind>();
    for (const [key, field] of a.fields) {
      const other = b.fields.get(key);
      if (!other) return unknown;
      fields.set(key, join(field, other));
    }
    return { is: "record", fields };
  }
  return unknown;
}

export function joinAll(kinds: Iterable<Kind>): Kind {
  let all: Kind = never;
  for (const kind of kinds) all = join(all, kind);
  return all;
}

export function sameKind(a: Kind, b: Kind): boolean {
  if (a === b) return true;
  if (a.is === "values" && b.is === "values") {
    return a.values.length === b.values.length && a.values.every((one, i) => Object.is(one, b.values[i]));
  }
  if (a.is === "closure" && b.is === "closure") return a.closure === b.closure;
  if (a.is === "list" && b.is === "list") {
    return a.items.length === b.items.length && a.items.every((item, i) => sameKind(item, b.items[i] ?? unknown));
  }
  if (a.is === "record" && b.is === "record") {
    return a.fields.size === b.fields.size && [...a.fields].every(([key, field]) => sameKind(field, b.fields.get(key) ?? unknown));
  }
  return a.is === b.is && (a.is === "never" || a.is === "tensor" || a.is === "unknown");
}

/** What stays known once a value has a name: a literal could now be changed through it. */
export function named(kind: Kind): Kind {
  return kind.is === "list" || kind.is === "record" ? unknown : kind;
}

/** The kind less `undefined`, for what a default value replaces. */
export function withoutUndefined(kind: Kind): Kind {
  if (kind.is !== "values") return kind;
  const values = kind.values.filter((one) => one !== undefined);
  return values.length === 0 ? never : { is: "values", values };
}
