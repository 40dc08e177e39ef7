// Private members, `object.#name`. Those of live objects are read through the inspector; objects that interpreted code constructs keep theirs
// in a table, under the class that declared them.
import type { AnyNode } from "acorn";
import { isTensor } from "../eager/operand.ts";
import { inspectorAvailable } from "../source/inspector.ts";
import type { Context } from "./context.ts";
import { Binding } from "./machine.ts";
import type { Scope } from "./scope.ts";

/** A private member of an interpreted object, and the class that declared it. */
interface Member {
  readonly owner: object;
  readonly binding: Binding;
}

/** The private members of interpreted objects, by name: classes along a chain may each have one of that name. */
const tables = new WeakMap<object, Map<string, Member[]>>();

/** Gives an object a private member; `owner` is the class that declares it. */
export function definePrivate(c: Context, object: object, name: string, value: unknown, owner: object): void {
  const table = tables.get(object) ?? new Map<string, Member[]>();
  tables.set(object, table);
  const members = table.get(name) ?? [];
  table.set(name, members);
  const known = members.find((m) => m.owner === owner)?.binding.value;
  // Getter and setter are one member.
  if (known instanceof PrivateAccessor && value instanceof PrivateAccessor) {
    known.get ??= value.get;
    known.set ??= value.set;
  } else members.push({ owner, binding: c.machine.heap.fresh(new Binding(`#${name}`, value)) });
}

/** The member that code in `scope` means. Methods of live code do not tell their class. */
function memberOf(c: Context, object: unknown, name: string, node: AnyNode, scope: Scope): Binding | undefined {
  const isObject = (typeof object === "object" && object !== null) || typeof object === "function";
  const members = (isObject && tables.get(object)?.get(name)) || [];
  const { privates } = scope.activation;
  if (members.length > 1 && !privates) c.machine.fail("AmbiguousPrivate", { name }, node);
  return (members.length > 1 ? members.find((m) => m.owner === privates) : members[0])?.binding;
}

export function getPrivate(c: Context, object: unknown, name: string, node: AnyNode, scope: Scope): unknown {
  if (typeof object !== "object" && typeof object !== "function") c.machine.fail("NoPrivate", { name }, node);
  if (object === null || isTensor(object)) c.machine.fail("NoPrivate", { name }, node);
  const own = memberOf(c, object, name, node, scope);
  if (own) {
    const accessor = own.value;
    return accessor instanceof PrivateAccessor ? c.call(accessor.get, object, [], node) : c.machine.read(accessor);
  }
  const member = c.livePrivates(object as object).get(`#${name}`);
  if (!member && !inspectorAvailable())
    c.machine.fail("NoInspector", { reason: `and #${name} of the model can be read in no other way` }, node);
  if (!member) c.machine.fail("NoPrivate", { name }, node);
  if (member.ambiguous) c.machine.fail("AmbiguousPrivate", { name }, node);
  if (member.get) return c.call(member.get, object, [], node);
  return member.value;
}

export function setPrivate(c: Context, object: unknown, name: string, value: unknown, node: AnyNode, scope: Scope): void {
  const own = memberOf(c, object, name, node, scope);
  if (!own) c.machine.fail("PrivateWrite", { name }, node);
  const accessor = own.value;
  if (accessor instanceof PrivateAccessor) {
    if (!accessor.set) c.machine.fail("PrivateWrite", { name }, node);
    c.call(accessor.set, object, [value], node);
  } else c.machine.heap.write(own, "value", value);
}

/** What the private members of an interpreted object hold. */
export function privateValues(object: object): readonly unknown[] {
  return [...(tables.get(object)?.values() ?? [])].flat().map(({ binding }) => binding.value);
}

/** A private getter or setter. */
export class PrivateAccessor {
  get: unknown;
  set: unknown;
}
