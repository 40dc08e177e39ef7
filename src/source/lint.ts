// The lint that trace() runs over the functions it has recorded. JavaScript calls no user code for `if (tensor)`, `!t` or `a === b`, so a
// recording cannot see them; the source can.
import { inspectorAvailable, withInspector } from "./inspector.ts";
import { libraryRoot } from "./library.ts";
import { Analysis, type LintOptions } from "./lint/analysis.ts";
import type { Finding } from "./lint/findings.ts";
import { join, type Kind, value } from "./lint/kind.ts";
import type { AnyFunction } from "./lint/live.ts";

export type { LintOptions } from "./lint/analysis.ts";
export type { Finding, LintCode } from "./lint/findings.ts";

/** A call that was seen: which function, on what, with what. Tensors may stand as `someTensor`, so that none is kept alive. */
export interface SeenCall {
  readonly fn: AnyFunction;
  readonly thisValue?: unknown;
  readonly args: readonly unknown[];
  /** What it gave; left out where that is not known. */
  readonly result?: unknown;
}

export interface LintReport {
  /** In order of file, line and column; each place once. */
  readonly findings: readonly Finding[];
  /** Functions that could not be read, with the reason. */
  readonly unread: readonly { readonly name: string; readonly reason: string }[];
}

/** Stands for a tensor in a `SeenCall`. */
export const someTensor: unique symbol = Symbol("a tensor");

/** Structures nested deeper than this, or containing themselves, are left as they are. */
const maxDepth = 16;

/** A value with `someTensor` in place of the tensors in it; looks into arrays and plain records. */
export function forgetTensors(given: unknown, isTensor: (value: unknown) => boolean, depth = 0): unknown {
  if (isTensor(given)) return someTensor;
  if (depth === maxDepth) return given;
  if (Array.isArray(given)) return given.map((item) => forgetTensors(item, isTensor, depth + 1));
  if (typeof given !== "object" || given === null || Object.getPrototypeOf(given) !== Object.prototype) return given;
  return Object.fromEntries(Object.entries(given).map(([key, field]) => [key, forgetTensors(field, isTensor, depth + 1)]));
}

/**
 * Finds tensors in boolean position, under operators and under `===` in the functions that were called and in the user's functions that
 * they call. It claims nothing that does not hold on every path: a variable counts as a tensor only where everything assigned to it is
 * one. The library's own functions are never read; functions that cannot be read are listed.
 *
 * A tensor given for a parameter makes `if (mask)` a finding even where it only asks whether the argument is there: it is always true for
 * a tensor, and `mask !== undefined` says what is meant.
 *
 * @example
 * const { findings } = lintCalls([{ fn: model.forward, thisValue: model, args: [x] }], { isTensor, tensorMethod });
 * if (findings[0]) throw findings[0].error;
 */
export function lintCalls(calls: readonly SeenCall[], options: LintOptions): LintReport {
  const obstacle = whyNothingCanBeRead();
  if (obstacle !== undefined) return { findings: [], unread: calls.map(({ fn }) => ({ name: fn.name, reason: obstacle })) };
  const isTensor = (live: unknown) => live === someTensor || options.isTensor(live);
  return withInspector((inspector) => {
    const results = new Map<unknown, Map<unknown, Kind>>();
    const witness = (fn: unknown, thisValue: unknown) => results.get(fn)?.get(thisValue);
    const analysis = new Analysis(inspector, { ...options, isTensor }, witness);
    for (const call of calls) if ("result" in call && call.thisValue !== undefined) noteResult(results, call, analysis.kindOf(call.result));
    const own = calls.filter(({ fn }) => !analysis.isLibrary(fn));
    analysis.settle(() => {
      for (const { fn, thisValue, args } of own)
        analysis.read(
          fn,
          value(thisValue),
          args.map((arg) => analysis.kindOf(arg)),
        );
    });
    const unread = [...analysis.unread].map(([name, reason]) => ({ name, reason }));
    return { findings: [...analysis.findings.values()].sort(byPlace), unread };
  });
}

function whyNothingCanBeRead(): string | undefined {
  if (libraryRoot === undefined) return "the library was bundled into the program and cannot be told from it";
  return inspectorAvailable() ? undefined : "functions cannot be inspected on this platform";
}

/** A call seen twice with different results gives either. */
function noteResult(results: Map<unknown, Map<unknown, Kind>>, { fn, thisValue }: SeenCall, kind: Kind): void {
  const byThis = results.get(fn) ?? new Map<unknown, Kind>();
  const before = byThis.get(thisValue);
  byThis.set(thisValue, before ? join(before, kind) : kind);
  results.set(fn, byThis);
}

function byPlace(a: Finding, b: Finding): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}
