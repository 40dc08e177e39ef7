// Object, Reflect and the methods of functions: what reads must interpret getters, what copies must not copy the unreadable.
import type { AnyNode } from "acorn";
import type { AnyFunction, Context } from "./context.ts";
import { ownKeys, ownNames, requireCertain } from "./keys.ts";
import { runNative } from "./native-code.ts";
import { define } from "./native-table.ts";
import { isSymbolicList } from "./symbolic-list.ts";
import { describe, Sym } from "./values.ts";

// Objects: what reads must interpret getters, what copies must not copy the unreadable.
define(Object.keys, (c, _, [object], node) => c.machine.heap.fresh([...ownNames(c, object, node)]));
define(Object.values, (c, _, [object], node) => c.machine.heap.fresh(ownNames(c, object, node).map((key) => c.get(object, key, node))));
define(Object.entries, (c, _, [object], node) =>
  c.machine.heap.fresh(ownNames(c, object, node).map((key) => c.machine.heap.fresh([key, c.get(object, key, node)]))),
);
define(Object.fromEntries, (c, _, [pairs], node) => {
  const made = c.machine.heap.fresh({}) as Record<PropertyKey, unknown>;
  for (const pair of c.elements(pairs, node)) {
    const [key, value] = c.elements(pair, node);
    if (key instanceof Sym) c.machine.fail("SymbolicIndex", { list: "a record", type: "properties" }, node);
    made[key as PropertyKey] = value;
  }
  return made;
});
define(Object.assign, (c, _, [target, ...sources], node) => {
  for (const source of sources)
    if (typeof source === "object" && source !== null)
      for (const key of ownKeys(c, source, node)) c.set(target, key, c.get(source, key, node), node);
  return target;
});
define(Object.freeze, (c, _, [object], node) => {
  const { heap } = c.machine;
  if (typeof object !== "object" || object === null || !heap.isOwned(object)) return object;
  if (c.machine.symbolic && !heap.isFresh(object)) c.machine.fail("SideEffect", { fn: "Object.freeze" }, node);
  heap.freeze(object);
  return object;
});
define(Object.isFrozen, (c, _, [object]) => typeof object !== "object" || object === null || c.machine.heap.isFrozen(object));
define(Object.hasOwn, (c, _, [object, key], node) => hasOwn(c, object, key, node));
define(Object.prototype.hasOwnProperty, (c, self, [key], node) => hasOwn(c, self, key, node));

function hasOwn(c: Context, object: unknown, key: unknown, node: AnyNode): boolean {
  const symbolic = key instanceof Sym || object instanceof Sym || isSymbolicList(c, object);
  if (symbolic) c.machine.fail("NativeSymbolic", { fn: "hasOwn()", type: describe(key), instead: "Keep a flag beside it." }, node);
  requireCertain(c, object, key);
  return runNative(c, "hasOwn()", node, () => Object.hasOwn(object as object, key as PropertyKey));
}

define(Object.is, (c, _, [a, b], node) =>
  a instanceof Sym || b instanceof Sym
    ? c.machine.fail("NativeSymbolic", { fn: "Object.is", type: describe(a instanceof Sym ? a : b), instead: "Write ===." }, node)
    : Object.is(a, b),
);
define(Function.prototype.call, (c, self, [thisValue, ...args], node) => c.call(self, thisValue, args, node));
define(Function.prototype.apply, (c, self, [thisValue, args], node) =>
  c.call(self, thisValue, args === undefined || args === null ? [] : c.elements(args, node), node),
);
define(Function.prototype.bind, (c, self, [thisValue, ...given], node) => {
  const made = (...rest: unknown[]) => c.call(self, thisValue, [...given, ...rest], node);
  Object.defineProperty(made, "name", { value: `bound ${(self as AnyFunction).name}` });
  define(made, (context, _, rest, at) => context.call(self, thisValue, [...given, ...rest], at));
  return c.machine.heap.fresh(made);
});
define(Reflect.get, (c, _, [object, key], node) => c.get(object, key, node));
define(Reflect.construct, (c, _, [fn, args, newTarget = fn], node) => c.construct(fn, c.elements(args, node), node, newTarget));
define(Reflect.apply, (c, _, [fn, thisValue, args], node) => c.call(fn, thisValue, c.elements(args, node), node));
