// Nested inputs and outputs: from arrays and plain records of tensors to a flat list with names, and back. The layout is plain JSON, so
// that it travels with a saved file.
import { isTensor } from "../eager/operand.ts";
import type { Tensor } from "../eager/tensor.ts";
import { ingotError } from "../errors/error.ts";

/** A value that is fixed at its example's: compared when the module runs. `undefined` is an argument left out; JSON leaves it out as well. */
export type StaticValue = number | string | boolean | null | undefined;

/** Where the tensors stand in a nested value; `tensor` counts them in order. */
export type Layout =
  | { readonly kind: "tensor"; readonly index: number }
  | { readonly kind: "list"; readonly items: readonly Layout[] }
  | { readonly kind: "record"; readonly entries: readonly (readonly [string, Layout])[] }
  | { readonly kind: "static"; readonly value: StaticValue };

/** What stands for a map between integers or strings and scalars. */
export type ScalarMap = ReadonlyMap<number | bigint | string, number | bigint | string>;

/** Tensors in nested arrays and plain records; maps only where a loaded graph takes or gives them. */
export type Nested = Tensor | StaticValue | readonly Nested[] | { readonly [key: string]: Nested } | ScalarMap;

export interface Flattened {
  readonly layout: Layout;
  readonly tensors: readonly Tensor[];
  /** One path per tensor: `x`, `batch.ids`, `out.0`. */
  readonly names: readonly string[];
}

/** Flattens a nested value whose own name is `name`. `fail` makes the error for something that is no tensor, list, record or plain value. */
export function flatten(
  value: unknown,
  name: string,
  fail: (path: string, actual: string) => Error,
  into: { tensors: Tensor[]; names: string[] } = { tensors: [], names: [] },
): Flattened {
  const within = new Set<unknown>();
  const visit = (v: unknown, path: string): Layout => {
    if (within.has(v)) throw fail(path, "a structure that contains itself");
    if (typeof v === "object") within.add(v);
    const layout = layoutOf(v, path);
    within.delete(v);
    return layout;
  };
  const layoutOf = (v: unknown, path: string): Layout => {
    if (isTensor(v)) {
      into.tensors.push(v);
      into.names.push(path);
      return { kind: "tensor", index: into.tensors.length - 1 };
    }
    if (Array.isArray(v)) return { kind: "list", items: v.map((item, i) => visit(item, `${path}.${i}`)) };
    if (v === null || v === undefined || typeof v === "number" || typeof v === "string" || typeof v === "boolean")
      return { kind: "static", value: v };
    if (isPlainRecord(v))
      return { kind: "record", entries: Object.entries(v).map(([key, item]) => [key, visit(item, `${path}.${key}`)] as const) };
    throw fail(path, describe(v));
  };
  const layout = visit(value, name);
  return { layout, tensors: into.tensors, names: into.names };
}

/** Puts tensors (of a loaded graph, values of any kind) back into their layout. */
export function unflatten(layout: Layout, tensors: readonly Nested[]): Nested {
  switch (layout.kind) {
    case "tensor":
      return tensors[layout.index];
    case "list":
      return layout.items.map((item) => unflatten(item, tensors));
    case "record":
      return Object.fromEntries(layout.entries.map(([key, item]) => [key, unflatten(item, tensors)]));
    case "static":
      return layout.value;
  }
}

/** The arguments of a call, with their layout. */
export interface Arguments extends Flattened {
  readonly argumentNames: readonly string[];
}

/** The path of the first place where an argument list is no longer what its layout and tensors made: forward changed it. */
export function changedSince(
  { layout, argumentNames }: Arguments,
  list: readonly unknown[],
  tensors: readonly Tensor[],
): string | undefined {
  const visit = (l: Layout, value: unknown, path: string): string | undefined => {
    switch (l.kind) {
      case "tensor":
        return value === tensors[l.index] ? undefined : path;
      case "static":
        return Object.is(value, l.value) ? undefined : path;
      case "list": {
        const items = value as readonly unknown[];
        return items.length === l.items.length ? first(l.items.map((item, i) => [item, items[i], `${path}.${i}`])) : path;
      }
      case "record": {
        const record = value as Readonly<Record<string, unknown>>;
        return Object.keys(record).length === l.entries.length
          ? first(l.entries.map(([key, item]) => [item, record[key], `${path}.${key}`]))
          : path;
      }
    }
  };
  const first = (places: readonly (readonly [Layout, unknown, string])[]) => {
    for (const [l, value, path] of places) {
      const changed = visit(l, value, path);
      if (changed !== undefined) return changed;
    }
    return undefined;
  };
  return layout.kind === "list" ? first(layout.items.map((l, i) => [l, list[i], argumentNames[i] as string])) : undefined;
}

/** What `trace` and `run` take: one tensor; an array = the argument list; `{ args: [...] }`; a plain record = one record argument. */
export type ExampleInputs = Nested | { readonly args: readonly Nested[] };

/** The argument list of `inputs`, by the rules of the public surface. */
export function argumentList(inputs: unknown): readonly unknown[] {
  if (isTensor(inputs)) return [inputs];
  if (Array.isArray(inputs)) return inputs;
  if (isPlainRecord(inputs) && Object.keys(inputs).length === 1 && Array.isArray(inputs.args)) return inputs.args;
  return [inputs];
}

/** Flattens an argument list; argument `i` is called `names[i]`, or `input_i`. */
export function flattenArguments(args: readonly unknown[], names: readonly (string | undefined)[]): Arguments {
  const argumentNames = args.map((_, i) => names[i] ?? freeName(`input_${i}`, names));
  const into = { tensors: [] as Tensor[], names: [] as string[] };
  const fail = (name: string, actual: string) => ingotError("UnsupportedInput", { name, actual });
  const items = args.map((arg, i) => flatten(arg, argumentNames[i] as string, fail, into).layout);
  return { layout: { kind: "list", items }, ...into, argumentNames };
}

function freeName(name: string, taken: readonly (string | undefined)[]): string {
  return taken.includes(name) ? freeName(`${name}_`, taken) : name;
}

/** Names of outputs that neither an input nor an earlier output has: `output` becomes `output_` where a parameter is called so. */
export function freeNames(names: readonly string[], taken: readonly string[]): string[] {
  const given: string[] = [];
  for (const name of names) given.push(freeName(name, [...taken, ...given]));
  return given;
}

/** Throws `InvalidArgument` for a caller's `names` that are more than there are arguments, or that repeat. */
export function checkNames(names: readonly string[], args: readonly unknown[]): void {
  const fail = (expected: string, actual: string) =>
    ingotError("InvalidArgument", {
      op: "trace",
      name: "names",
      expected,
      actual,
      hint: 'Write one name per argument: names: ["image", "mask"].',
    });
  if (names.length > args.length) throw fail(`at most ${args.length} names, one per argument`, `${names.length} (${names.join(", ")})`);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw fail("different names", `${twice} twice`);
}

/** Flattens what `forward` returned: one tensor is `output`, nested ones are `out.0`, `out.boxes`. Throws `OutputNotTensor` or `AsyncForward`. */
export function flattenOutputs(output: unknown): Flattened {
  if (output instanceof Promise) throw ingotError("AsyncForward", {});
  const flat = flatten(output, isTensor(output) ? "output" : "out", (path, actual) => ingotError("OutputNotTensor", { path, actual }));
  const bad = firstStatic(flat.layout, "out");
  if (bad) throw ingotError("OutputNotTensor", bad);
  if (flat.tensors.length === 0) throw ingotError("OutputNotTensor", { path: "out", actual: "no tensor at all" });
  return flat;
}

/** Plain values among the outputs would be frozen: only `null` and `undefined` may stand there. */
function firstStatic(layout: Layout, path: string): { path: string; actual: string } | undefined {
  if (layout.kind === "static")
    return layout.value === null || layout.value === undefined ? undefined : { path, actual: `the ${typeof layout.value} ${layout.value}` };
  const children =
    layout.kind === "list" ? layout.items.map((l, i) => [String(i), l] as const) : layout.kind === "record" ? layout.entries : [];
  for (const [key, child] of children) {
    const bad = firstStatic(child, `${path}.${key}`);
    if (bad) return bad;
  }
  return undefined;
}

/** An object literal, or one without a prototype: what inputs, outputs and arguments may be nested in. */
export function isPlainRecord(v: unknown): v is Record<string, unknown> {
  if (typeof v !== "object" || v === null) return false;
  const prototype = Object.getPrototypeOf(v);
  return prototype === Object.prototype || prototype === null;
}

function describe(v: unknown): string {
  if (typeof v === "function") return `the function ${v.name || "(anonymous)"}`;
  if (typeof v !== "object" || v === null) return `a ${typeof v}`;
  return `a ${v.constructor?.name || Object.prototype.toString.call(v).slice(8, -1)}`;
}
