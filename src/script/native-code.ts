// The border to JavaScript's own code: it may see nothing that depends on data, in whatever it is given; what it throws, the model throws.
import type { AnyNode } from "acorn";
import { isTensor } from "../eager/operand.ts";
import { IngotError } from "../errors/error.ts";
import { markRaising, mayRaise } from "./branch.ts";
import type { AnyFunction, Context } from "./context.ts";
import { DeadBranch } from "./machine.ts";
import { describe, Partial, Poison, ReachedNative, Reported, Sym, SymList } from "./values.ts";

/**
 * The first thing that depends on data in what native code would see: a scalar, a tensor, or a list of symbolic length, at any depth of
 * lists, records, Maps, Sets and the objects that interpreted code made. Throws where there is a value on some paths only.
 */
export function firstSymbolic(c: Context, values: Iterable<unknown>, seen: Set<unknown> = new Set()): unknown {
  for (const value of values) {
    const found = symbolicIn(c, value, seen);
    if (found !== undefined) return found;
  }
  return undefined;
}

function symbolicIn(c: Context, value: unknown, seen: Set<unknown>): unknown {
  const { heap, stage } = c.machine;
  if (typeof value !== "object" || value === null || seen.has(value)) return undefined;
  if (value instanceof Poison || value instanceof Partial) throw value.reason();
  if (value instanceof Sym || value instanceof SymList) return value;
  if (isTensor(value)) return stage.isSymbolic(value) ? value : undefined;
  seen.add(value);
  const doubt = heap.keyDoubt(value);
  if (doubt) throw doubt();
  const list = heap.listOf(value);
  if (list) return symbolicIn(c, list, seen);
  if (Array.isArray(value)) return firstSymbolic(c, value, seen);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!heap.isOwned(value) && prototype !== Object.prototype && prototype !== null) return undefined;
  const inside = value instanceof Map ? [...value].flat() : value instanceof Set ? [...value] : [];
  const own = Object.values(Object.getOwnPropertyDescriptors(value)).map((property): unknown => property.value);
  return firstSymbolic(c, [...inside, ...own], seen);
}

/** Runs JavaScript's own code; `fn` is what messages call it. What it throws, the model throws. */
export function runNative<T>(c: Context, fn: string, node: AnyNode, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof IngotError || error instanceof Reported || error instanceof DeadBranch) throw error;
    if (error instanceof ReachedNative) return refuseSymbolic(c, fn, error.symbol, node);
    return raise(c, error instanceof Error ? error.message : String(error), node);
  }
}

/** A function for native code to call: it is interpreted, and its answer has to be known. */
export function callback(c: Context, fn: AnyFunction, node: AnyNode): AnyFunction {
  return function (this: unknown, ...args: never[]) {
    return knownAnswer(c, c.call(fn, this, args, node), fn.name || "an anonymous function", node);
  };
}

/** What interpreted code answers to native code. */
export function knownAnswer(c: Context, answer: unknown, fn: string, node: AnyNode): unknown {
  return answer instanceof Sym ? refuseSymbolic(c, `what called ${fn}`, answer, node) : answer;
}

export function refuseSymbolic(c: Context, fn: string, symbol: unknown, node: AnyNode): never {
  const instead = "Write the comparison or the arithmetic out, or use a method of the tensor.";
  return c.machine.fail("NativeSymbolic", { fn, type: describe(symbol), instead }, node);
}

/** The model throws here: on a path that depends on data when the graph takes it, else always. */
export function raise(c: Context, message: string, node: AnyNode): never {
  const { machine } = c;
  if (!machine.symbolic && mayRaise(machine.stage.current)) machine.fail("AlwaysThrows", {}, node);
  if (!machine.symbolic) machine.fail("StaticThrow", { message }, node);
  machine.stage.provenance = [machine.origin()];
  machine.stage.add("ingot.Raise", [], { message });
  markRaising(machine);
  throw new DeadBranch();
}

/** True for functions that are not written in JavaScript. */
export function isNativeCode(fn: AnyFunction): boolean {
  return /\{\s*\[native code\]\s*\}\s*$/.test(Function.prototype.toString.call(fn));
}

/** What a native function made belongs to interpreted code. */
export function own(c: Context, value: unknown): unknown {
  if (typeof value === "object" && value !== null && !isTensor(value) && !(value instanceof Sym)) c.machine.heap.fresh(value);
  return value;
}
