// The functions of JavaScript that are written out for values that depend on data; each family adds its own.
import type { AnyNode } from "acorn";
import type { AnyFunction, Context } from "./context.ts";

/** One of JavaScript's own functions on values of interpreted code. */
export type Native = (c: Context, self: unknown, args: readonly unknown[], node: AnyNode) => unknown;

/** What each function that is written out does. */
export const written = new WeakMap<AnyFunction, Native>();

/** Whether a function is written out. */
export const isNative = (fn: AnyFunction): boolean => written.has(fn);

/** Writes a function out; one that this version of JavaScript lacks is passed over. */
export function define(fn: unknown, native: Native): void {
  if (typeof fn === "function") written.set(fn as AnyFunction, native);
}
