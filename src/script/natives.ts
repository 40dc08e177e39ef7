// Calls of JavaScript's own functions. On ordinary values they run as they are; what can meet values that depend on data is written out, in one
// file for each family; all others refuse such values, because native code would compute with an object in place of a number.
import type { AnyNode } from "acorn";
import type { AnyFunction, Context } from "./context.ts";
import { content } from "./heap.ts";
import { requireWritable } from "./members.ts";
import { callback, firstSymbolic, own, refuseSymbolic, runNative } from "./native-code.ts";
import { callsBack, changesReceiver, isConsole, nondeterministic, pure, refused } from "./native-effects.ts";
import { written } from "./native-table.ts";
import "./native-arrays.ts";
import "./native-callbacks.ts";
import "./native-collections.ts";
import "./native-numbers.ts";
import "./native-objects.ts";

/** Calls one of JavaScript's own functions. */
export function callNative(c: Context, fn: AnyFunction, self: unknown, args: readonly unknown[], node: AnyNode): unknown {
  const { machine } = c;
  const handler = written.get(fn);
  if (handler) return handler(c, self, args, node);
  const symbolic = firstSymbolic(c, [self, ...args]);
  const name = machine.callee(node);
  if (symbolic !== undefined && isConsole(fn)) machine.fail("SideEffect", { fn: name }, node);
  if (symbolic !== undefined) refuseSymbolic(c, name, symbolic, node);
  if (nondeterministic.has(fn)) machine.fail("NondeterministicNative", { fn: nondeterministic.get(fn) ?? fn.name }, node);
  const other = refused.get(fn);
  if (other !== undefined) machine.fail("UnsupportedSyntax", { what: fn.name, instead: other }, node);
  if (changesReceiver(fn, self)) requireChangeable(c, self, name, node);
  else if (!pure.has(fn) && machine.symbolic && !isConsole(fn)) machine.fail("SideEffect", { fn: name }, node);
  if (isConsole(fn) && machine.onTrial) return undefined;
  if (isConsole(fn) && machine.symbolic) machine.fail("SideEffect", { fn: name }, node);
  const given = callsBack.has(fn) ? args.map((arg) => (typeof arg === "function" ? callback(c, arg as AnyFunction, node) : arg)) : args;
  return own(
    c,
    runNative(c, name, node, () => Reflect.apply(fn, self, given as never[])),
  );
}

/** What a native changes in place is taken back by nobody: it has to be new on this path. */
function requireChangeable(c: Context, self: unknown, name: string, node: AnyNode): void {
  const { machine } = c;
  if (typeof self !== "object" || self === null) return;
  requireWritable(c, self, content, node);
  if (machine.symbolic && !machine.heap.isFresh(self)) machine.fail("SideEffect", { fn: name }, node);
}
