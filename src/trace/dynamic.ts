// The `dynamic` option: which axes of which inputs are symbolic, and at which sizes the model is recorded again.
import { ingotError } from "../errors/error.ts";
import { suggestion } from "../errors/nearest.ts";
import { type Dim, type DimExpr, symbol } from "../ir/dim.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Sizes } from "./explain.ts";
import type { Arguments } from "./structure.ts";

/** A symbolic size: its name, and the sizes it may take (default: every size from 1). */
export type DynamicDim = string | { readonly name: string; readonly min?: number; readonly max?: number; readonly multiple?: number };

/** Per input: axis → symbolic size. Keyed by input name, or an array by position of the tensors. */
export type DynamicOption = Readonly<Record<string, DynamicAxes>> | readonly (DynamicAxes | undefined)[];
export type DynamicAxes = Readonly<Record<number, DynamicDim>>;

export interface DynamicSymbol {
  readonly symbol: DimExpr;
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Sizes are multiples of this. */
  readonly multiple: number;
  /** Its size in the example. */
  readonly size: number;
}

export interface DynamicShapes {
  readonly symbols: readonly DynamicSymbol[];
  /** Per tensor: its shape, with symbols where it is dynamic. */
  readonly shapes: readonly (readonly Dim[])[];
}

/** Validates the option. Throws `UnknownDynamicName`, `InvalidDynamicAxis`, `InconsistentSymbol` or `InvalidArgument`. */
export function resolveDynamic(option: DynamicOption | undefined, args: Arguments): DynamicShapes {
  const axesOf = new Map<number, DynamicAxes>();
  const wrong = (name: string, expected: string, actual: unknown) =>
    ingotError("InvalidArgument", {
      op: "trace",
      name,
      expected,
      actual: typeof actual === "string" ? `\`${actual}\` (string)` : String(actual),
      hint: 'Write dynamic: { x: { 0: "batch" } }, or dynamic: { x: { 1: { name: "seq", min: 2, max: 512 } } }.',
    });
  const isRecord = (v: unknown) => typeof v === "object" && v !== null;
  if (option !== undefined && !isRecord(option)) throw wrong("dynamic", "a record by input name", option);
  for (const [name, axes] of Object.entries(option ?? {}))
    if (axes !== undefined && !isRecord(axes)) throw wrong(`dynamic.${name}`, "a record from axis to size", axes);
  if (Array.isArray(option)) option.forEach((axes: DynamicAxes | undefined, i) => axes && axesOf.set(i, axes));
  else
    for (const [name, axes] of Object.entries(option ?? {})) {
      const index = args.names.indexOf(name);
      if (index < 0) throw ingotError("UnknownDynamicName", { name, known: args.names.join(", ") });
      axesOf.set(index, axes as DynamicAxes);
    }
  const symbols = new Map<string, DynamicSymbol & { readonly where: string }>();
  const shapes = args.tensors.map((t, i) => {
    const shape: Dim[] = [...t.shape];
    for (const [key, dim] of Object.entries(axesOf.get(i) ?? {})) {
      const axis = Number(key) < 0 ? Number(key) + t.rank : Number(key);
      const name = args.names[i] as string;
      const size = t.shape[axis];
      if (size === undefined) throw ingotError("InvalidDynamicAxis", { axis: key, name, shape: formatShape(t.shape), last: t.rank - 1 });
      const made = makeSymbol(dim as DynamicDim, size);
      const where = `${name} (axis ${axis})`;
      const before = symbols.get(made.name);
      if (before && before.size !== size)
        throw ingotError("InconsistentSymbol", { symbol: made.name, a: before.size, first: before.where, b: size, second: where });
      if (!before) symbols.set(made.name, { ...made, where });
      shape[axis] = made.symbol;
    }
    return shape;
  });
  const extra = [...axesOf.keys()].find((i) => i >= args.tensors.length);
  if (extra !== undefined) throw ingotError("UnknownDynamicName", { name: `position ${extra}`, known: args.names.join(", ") });
  return { symbols: [...symbols.values()], shapes };
}

const sizeKeys = ["name", "min", "max", "multiple"];

function makeSymbol(dim: DynamicDim, size: number): DynamicSymbol {
  const given = typeof dim === "string" ? { name: dim } : dim;
  const odd = typeof given === "object" && given !== null ? Object.keys(given).find((key) => !sizeKeys.includes(key)) : undefined;
  if (odd !== undefined) {
    throw ingotError("UnknownOption", {
      call: "a dynamic size",
      option: odd,
      suggestion: suggestion(odd, sizeKeys),
      known: sizeKeys.join(", "),
    });
  }
  const { name, min = 1, max = Number.MAX_SAFE_INTEGER, multiple = 1 } = given ?? { name: "" };
  if (!/^[A-Za-z_]\w*$/.test(name ?? ""))
    throw ingotError("InvalidArgument", {
      op: "trace",
      name: "dynamic",
      expected: "a name of letters, digits and _",
      actual: JSON.stringify(dim),
      hint: 'Write { x: { 0: "batch" } }.',
    });
  if (!(Number.isInteger(min) && min >= 0 && max >= min && size >= min && size <= max && multiple >= 1 && size % multiple === 0))
    throw ingotError("InvalidArgument", {
      op: "trace",
      name: `dynamic.${name}`,
      expected: `integers that admit the example's size ${size}`,
      actual: `${min} ${max === Number.MAX_SAFE_INTEGER ? "and up" : `to ${max}`}${multiple === 1 ? "" : `, multiples of ${multiple}`}`,
      hint: `Widen the range ({ name: "${name}", min: ${Math.max(0, Math.min(size, 1))} }), or use another example.`,
    });
  return { symbol: symbol(name), name, min, max, multiple, size };
}

/** How far apart probes lie, in multiples; uneven, so that no product or quotient of one symbol's sizes looks like another's. */
const steps = [1, 2, 4, 6, 10, 12, 16, 18, 22];

/** The sizes to record at, besides the example: never 0 or 1, different between symbols, within their ranges. */
export function probeSizes(symbols: readonly DynamicSymbol[], count: number): Sizes[] {
  return Array.from({ length: count }, (_, p) => {
    const sizes = symbols.map((s, i): [string, number] => {
      const base = Math.max(2, s.size);
      const start = Math.ceil(base / s.multiple) * s.multiple;
      return [s.name, clampProbe(start + ((steps[(p + i * 2) % steps.length] as number) + i) * s.multiple, s, p)];
    });
    return new Map(sizes);
  });
}

/**
 * Sizes from the example's own to some times as much, so that what is left of them after a few divisions still differs; within their ranges,
 * different between symbols.
 */
export function spreadSizes(symbols: readonly DynamicSymbol[], count: number): Sizes[] {
  const near = probeSizes(symbols, count);
  return near.map(
    (sizes, p) =>
      new Map(
        symbols.map((s, i): [string, number] => {
          const times = Math.ceil(Math.max(2, s.size) / s.multiple) * (p + 2) + p * (i + 1) + i;
          const wanted = times * s.multiple;
          return [s.name, wanted <= s.max ? wanted : (sizes.get(s.name) as number)];
        }),
      ),
  );
}

/** So many sizes in a row tell roundings by divisors up to this apart. */
const rowLength = 24;

/** Sizes in a row from the example's on, each symbol at its own place, within their ranges. */
export function consecutiveSizes(symbols: readonly DynamicSymbol[]): Sizes[] {
  return Array.from(
    { length: rowLength },
    (_, p) =>
      new Map(
        symbols.map((s, i): [string, number] => {
          const start = Math.ceil(Math.max(2, s.size) / s.multiple) * s.multiple;
          return [s.name, clampProbe(start + (p + 1 + 5 * i) * s.multiple, s, p)];
        }),
      ),
  );
}

/** Without an upper end of the range, so much is tried: beyond the tables, windows and thresholds of usual models. */
const farSize = 4099;

/**
 * The sizes at the two ends of the range, never 0 or 1. `declared` where the user said that the model takes them all; elsewhere the model
 * may refuse them.
 */
export function endSizes(symbols: readonly DynamicSymbol[]): { readonly sizes: Sizes; readonly declared: boolean }[] {
  const isOpen = (s: DynamicSymbol) => s.max === Number.MAX_SAFE_INTEGER;
  const multipleFrom = (least: number, s: DynamicSymbol) => Math.ceil(least / s.multiple) * s.multiple;
  const low = symbols.map((s, i): [string, number] => [s.name, Math.min(s.size, multipleFrom(s.min > 1 ? s.min : 2 + i, s))]);
  const high = symbols.map((s, i): [string, number] => [
    s.name,
    isOpen(s) ? multipleFrom(Math.max(farSize + 6 * i, 3 * s.size), s) : Math.floor(s.max / s.multiple) * s.multiple,
  ]);
  return [
    { sizes: new Map(low), declared: symbols.every((s) => s.min > 1) },
    { sizes: new Map(high), declared: symbols.every((s) => !isOpen(s)) },
  ];
}

/**
 * The size at which the finished graph is confirmed: one that no recording has seen, small where it can be, because the model really runs
 * there. A symbol whose range leaves no such size keeps the example's.
 */
export function unseenSizes(symbols: readonly DynamicSymbol[], seen: readonly Sizes[]): Sizes {
  const sizes = symbols.map((s): [string, number] => {
    const taken = new Set([s.size, ...seen.map((r) => r.get(s.name) as number)]);
    const low = Math.max(2, s.min);
    const free = (v: number) => v >= low && v <= s.max && v % s.multiple === 0 && !taken.has(v);
    // Near the example: a size far below it may be too small for the model's windows.
    for (let k = 1; k <= 64; k++) {
      for (const v of [s.size - k * s.multiple, s.size + k * s.multiple]) if (free(v)) return [s.name, v];
    }
    return [s.name, s.size];
  });
  return new Map(sizes);
}

function clampProbe(wanted: number, s: DynamicSymbol, p: number): number {
  const low = Math.ceil(Math.max(2, s.min) / s.multiple) * s.multiple;
  if (wanted <= s.max) return Math.max(low, wanted);
  // A narrow range: walk down from its top.
  const top = Math.floor(s.max / s.multiple) * s.multiple;
  const span = (top - low) / s.multiple + 1;
  return span <= 0 ? s.size : top - (p % span) * s.multiple;
}

/** Shapes with every symbol replaced by its size. */
export function concreteShapes(shapes: readonly (readonly Dim[])[], sizes: Sizes): number[][] {
  return shapes.map((shape) => shape.map((d) => (typeof d === "number" ? d : (sizes.get(d.key) as number))));
}
