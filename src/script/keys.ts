// Which properties an object has, and in which order, as interpreted code asks for it: refused where that depends on the path.
import type { AnyNode } from "acorn";
import { isTensor } from "../eager/operand.ts";
import type { Context } from "./context.ts";
import type { Effect } from "./heap.ts";
import { absent } from "./heap.ts";
import { isSymbolicList } from "./symbolic-list.ts";
import { describe, Poison, Sym } from "./values.ts";

/** The enumerable properties of an object in their order, symbols last. */
export function ownKeys(c: Context, object: unknown, node: AnyNode): readonly PropertyKey[] {
  const { machine } = c;
  if (isTensor(object) || object instanceof Sym) machine.fail("OperatorType", { op: "listing", a: describe(object), b: "an object" }, node);
  if (object === null || object === undefined) return [];
  if (isSymbolicList(c, object)) machine.fail("SymbolicList", { op: "listing the keys", list: machine.text(node) }, node);
  const owner = Object(object) as object;
  const doubt = machine.heap.keyDoubt(owner);
  if (doubt) throw doubt();
  return Reflect.ownKeys(owner).filter((key) => Object.prototype.propertyIsEnumerable.call(owner, key));
}

/** Those that are no symbols: what `Object.keys` lists. */
export const ownNames = (c: Context, object: unknown, node: AnyNode): readonly string[] =>
  ownKeys(c, object, node).filter((key): key is string => typeof key === "string");

/** Refuses to answer whether an object has a property that only some paths gave it. */
export function requireCertain(c: Context, object: unknown, key: unknown): void {
  if (typeof object !== "object" || object === null || isTensor(object)) return;
  const found = Object.getOwnPropertyDescriptor(object, key as PropertyKey);
  if (found?.value instanceof Poison) c.machine.read(found.value);
}

/** Two orders in which two paths gave an object the same properties, if they differ. */
export function differingOrders(
  yes: readonly Effect[],
  no: readonly Effect[],
): readonly (readonly [owner: object, a: string, b: string])[] {
  const others = addedKeys(no);
  return [...addedKeys(yes)].flatMap(([owner, keys]) => {
    const theirs = others.get(owner) ?? [];
    const [a, b] = [keys.filter((key) => theirs.includes(key)), theirs.filter((key) => keys.includes(key))].map((list) => list.join(", "));
    return a === b ? [] : [[owner, a as string, b as string] as const];
  });
}

function addedKeys(effects: readonly Effect[]): ReadonlyMap<object, readonly string[]> {
  const added = new Map<object, string[]>();
  for (const { owner, key, before, after } of effects) {
    if (before !== absent || after === absent || typeof key !== "string") continue;
    added.set(owner, [...(added.get(owner) ?? []), key]);
  }
  return added;
}
