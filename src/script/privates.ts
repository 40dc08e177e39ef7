// Private members, `object.#name`. Those of live objects are read through the inspector; objects that interpreted code constructs keep theirs
// in a table, under the class that declared them.
import type { AnyNode } from "acorn";
import { isTensor } from "../eager/operand.ts";
import type { Context } from "./context.ts";
import { Binding } from "./machine.ts";
import type { Scope } from "./scope.ts";

/** The private members of one interpreted object, by name. */
const tables = new WeakMap<object, Map<string, Binding>>();

export function definePrivate(c: Context, object: object, name: string, value: unknown): void {
  const table = tables.get(object) ?? new Map<string, Binding>();
  tables.set(object, table);
  table.set(name, c.machine.heap.fresh(new Binding(`#${name}`, value)));
}

export function getPrivate(c: Context, object: unknown, name: string, node: AnyNode, _scope: Scope): unknown {
  if (typeof object !== "object" && typeof object !== "function") c.machine.fail("NoPrivate", { name }, node);
  if (object === null || isTensor(object)) c.machine.fail("NoPrivate", { name }, node);
  const own = tables.get(object as object)?.get(name);
  if (own) {
    const accessor = own.value;
    return accessor instanceof PrivateAccessor ? c.call(accessor.get, object, [], node) : c.machine.read(accessor);
  }
  const member = c.livePrivates(object as object).get(`#${name}`);
  if (!member) c.machine.fail("NoPrivate", { name }, node);
  if (member.ambiguous) c.machine.fail("AmbiguousPrivate", { name }, node);
  if (member.get) return c.call(member.get, object, [], node);
  return member.value;
}

export function setPrivate(c: Context, object: unknown, name: string, value: unknown, node: AnyNode, _scope: Scope): void {
  const own = typeof object === "object" && object !== null ? tables.get(object)?.get(name) : undefined;
  if (!own) c.machine.fail("PrivateWrite", { name }, node);
  const accessor = own.value;
  if (accessor instanceof PrivateAccessor) {
    if (!accessor.set) c.machine.fail("PrivateWrite", { name }, node);
    c.call(accessor.set, object, [value], node);
  } else c.machine.heap.write(own, "value", value);
}

/** What the private members of an interpreted object hold. */
export function privateValues(object: object): readonly unknown[] {
  return [...(tables.get(object)?.values() ?? [])].map(({ value }) => value);
}

/** A private getter or setter. */
export class PrivateAccessor {
  get: unknown;
  set: unknown;
}
