// Looks into live objects without running any of the user's code: no getter, no proxy trap, no iterator of theirs.
import { types } from "node:util";
import { isModuleRecord } from "../artefacts.ts";

/** Functions whose type does not matter here. */
export type AnyFunction = (...args: never[]) => unknown;

/** A property's value, or the getter that would make it. */
export type Member = { readonly value: unknown } | { readonly getter: AnyFunction };

/** Reads a property; undefined where that would run code, or where there is no telling. */
export function readMember(object: unknown, key: string): Member | undefined {
  if (!isInspectable(object)) return undefined;
  for (const owner of prototypeChain(object)) {
    const property = ownProperty(owner, key);
    if (!property) continue;
    if ("value" in property) return { value: property.value };
    if (isModuleRecord(owner)) return { value: Reflect.get(object, key) };
    return property.get ? { getter: property.get } : undefined;
  }
  return { value: undefined };
}

/** The property that `super.key` means inside the method `home`, seen from `object`. */
export function readSuperMember(object: unknown, home: unknown, key: string): Member | undefined {
  if (!isInspectable(object)) return undefined;
  for (const owner of prototypeChain(object)) {
    const own = Object.values(Object.getOwnPropertyDescriptors(owner));
    if (own.some(({ value, get }) => value === home || get === home)) return readMember(Object.getPrototypeOf(owner), key);
  }
  return undefined;
}

/** The elements of an array or set, or of an iterable whose iterator may be run (`mayRun`). */
export function readElements(object: unknown, mayRun: (iterator: AnyFunction) => boolean): readonly unknown[] | undefined {
  if (!isInspectable(object)) return undefined;
  if (Array.isArray(object)) return Array.prototype.slice.call(object);
  if (types.isSet(object)) return [...Set.prototype.values.call(object)];
  const iterator = prototypeChain(object)
    .map((owner) => Object.getOwnPropertyDescriptor(owner, Symbol.iterator)?.value)
    .find((found) => typeof found === "function");
  return iterator && mayRun(iterator) ? [...(object as Iterable<unknown>)] : undefined;
}

function isInspectable(object: unknown): object is object {
  if (typeof object === "function") return !types.isProxy(object);
  if (typeof object !== "object" || object === null) return false;
  return prototypeChain(object).every((owner) => !types.isProxy(owner));
}

/** The object and its prototypes, up to and with the first proxy. */
function prototypeChain(object: object): readonly object[] {
  const chain: object[] = [];
  for (let owner: object | null = object; owner !== null; owner = types.isProxy(owner) ? null : Object.getPrototypeOf(owner))
    chain.push(owner);
  return chain;
}

/** An export that a module has not made yet cannot even be described. */
function ownProperty(owner: object, key: string): PropertyDescriptor | undefined {
  try {
    return Object.getOwnPropertyDescriptor(owner, key);
  } catch {
    return undefined;
  }
}
