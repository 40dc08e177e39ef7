// What JavaScript's other functions do beside giving a value: change their receiver, call back, answer differently every time, print.
import type { AnyFunction } from "./context.ts";

/** Methods of the console. While an inspector is attached they are bound functions, so that they are known before those are opened. */
export function isConsole(fn: AnyFunction): boolean {
  return Object.values(console).includes(fn);
}

/** Natives that are refused, with what to write instead. */
export const refused = new Map<unknown, string>([
  ...[
    Object.defineProperty,
    Object.defineProperties,
    Object.setPrototypeOf,
    Object.seal,
    Object.preventExtensions,
    Reflect.set,
    Reflect.defineProperty,
    Reflect.deleteProperty,
    Reflect.setPrototypeOf,
    Reflect.preventExtensions,
    Reflect.get(Object.prototype, "__defineGetter__") as unknown,
    Reflect.get(Object.prototype, "__defineSetter__") as unknown,
  ].map((fn) => [fn, "Write a plain assignment."] as const),
  // biome-ignore lint/security/noGlobalEval: it is named here in order to refuse it.
  ...[globalThis.eval, Function].map((fn) => [fn, "Write the code out."] as const),
  ...[setTimeout, setInterval, setImmediate, queueMicrotask].map(
    (fn) => [fn, "Call the function at once, or outside of the model."] as const,
  ),
]);

const typedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype) as Record<string, unknown>;

/** Natives that change what they are called on, besides those of arrays, Maps and Sets. */
const changing = new Set<unknown>([
  ...["set", "fill", "sort", "reverse", "copyWithin"].map((name) => typedArrayPrototype[name]),
  ...[WeakMap.prototype.set, WeakMap.prototype.delete, WeakSet.prototype.add, WeakSet.prototype.delete],
  ...[Date.prototype, DataView.prototype].flatMap((home) =>
    Object.getOwnPropertyNames(home)
      .filter((name) => name.startsWith("set"))
      .map((name): unknown => Reflect.get(home, name)),
  ),
]);

/** A regular expression that goes on where it stopped remembers that. */
export const changesReceiver = (fn: AnyFunction, self: unknown) =>
  changing.has(fn) || (self instanceof RegExp && (self.global || self.sticky) && regExpSteps.has(fn));
const regExpSteps = new Set<unknown>([RegExp.prototype.exec, RegExp.prototype.test]);

/** Natives that call the functions they are given. */
export const callsBack = new Set<unknown>([
  ...["map", "filter", "forEach", "some", "every", "find", "findIndex", "findLast", "findLastIndex", "reduce", "reduceRight", "sort"].map(
    (name) => typedArrayPrototype[name],
  ),
  typedArrayPrototype.toSorted,
  Object.getPrototypeOf(Uint8Array).from,
  String.prototype.replace,
  String.prototype.replaceAll,
  JSON.parse,
  JSON.stringify,
  Reflect.get(Object, "groupBy") as unknown,
  Reflect.get(Map, "groupBy") as unknown,
]);

/** Would be frozen at what they gave when the model was compiled. */
export const nondeterministic = new Map<unknown, string>([
  [Date, "Date()"],
  [Math.random, "Math.random"],
  [Date.now, "Date.now"],
  [performance.now, "performance.now"],
  [globalThis.crypto?.randomUUID, "crypto.randomUUID"],
  [globalThis.crypto?.getRandomValues, "crypto.getRandomValues"],
  [process.hrtime, "process.hrtime"],
  [process.hrtime.bigint, "process.hrtime.bigint"],
]);

/** Functions without effects. */
export const pure = new Set<unknown>();
for (const home of [
  Math,
  JSON,
  Number,
  String,
  Object,
  Reflect,
  BigInt,
  Symbol,
  Array,
  String.prototype,
  Number.prototype,
  Boolean.prototype,
  BigInt.prototype,
  RegExp.prototype,
  Object.prototype,
  Symbol.prototype,
  Error.prototype,
])
  for (const { value } of Object.values(Object.getOwnPropertyDescriptors(home))) if (typeof value === "function") pure.add(value);
for (const fn of [parseInt, parseFloat, BigInt, Symbol, Error, TypeError, RangeError, structuredClone]) pure.add(fn);
for (const name of ["isNaN", "isFinite"]) pure.add(Reflect.get(globalThis, name));
for (const made of [
  Int8Array,
  Uint8Array,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
])
  for (const { value } of [
    ...Object.values(Object.getOwnPropertyDescriptors(made)),
    ...Object.values(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(made.prototype) as object)),
  ])
    if (typeof value === "function") pure.add(value);
