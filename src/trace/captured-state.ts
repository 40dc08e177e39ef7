// Watches the state that a model carries while its forward runs: afterwards every property is put back, and what changed is reported.
// Registered buffers may change (they become state outputs); anything else is an error.
import { EventEmitter } from "node:events";
import { isTensor } from "../eager/operand.ts";
import type { Tensor } from "../eager/tensor.ts";

/** Large enough for any model's own objects; data tables beyond it are not walked. */
const maxObjects = 100_000;
const maxEntries = 10_000;

export interface StateChange {
  /** `Counter.calls`, `cache[0]` */
  readonly target: string;
  readonly owner: object;
  readonly key: unknown;
  readonly before: unknown;
  readonly after: unknown;
}

/** By property name, index, Map key, or position in a Set. */
type Slots = ReadonlyMap<unknown, unknown>;

const globals = new Set<unknown>(Object.values(Object.getOwnPropertyDescriptors(globalThis)).map((property) => property.value));

/**
 * What belongs to the platform, not to a model: memory, `console` and the other globals, and whatever emits events (streams, sockets, the
 * process). Logging changes them, and putting their inner state back would break them.
 */
function isPlatform(value: object): boolean {
  return ArrayBuffer.isView(value) || globals.has(value) || value instanceof EventEmitter;
}

/** A shallow picture of every object reachable from a model through own properties, arrays, Maps and Sets. */
export class CapturedState {
  readonly #objects = new Map<object, { readonly path: string; readonly slots: Slots }>();

  /** `roots` are named as messages should name them. */
  constructor(roots: readonly (readonly [string, unknown])[]) {
    const pending = [...roots];
    while (pending.length > 0 && this.#objects.size < maxObjects) {
      const [path, value] = pending.pop() as readonly [string, unknown];
      if (typeof value !== "object" || value === null || isTensor(value) || this.#objects.has(value) || isPlatform(value)) continue;
      const slots = slotsOf(value);
      this.#objects.set(value, { path, slots });
      for (const [key, v] of slots) if (typeof v === "object" && v !== null) pending.push([`${path}${formatKey(key)}`, v]);
    }
  }

  /** What is different now from when the picture was taken. */
  changes(): StateChange[] {
    const found: StateChange[] = [];
    for (const [owner, { path, slots: before }] of this.#objects) {
      const now = slotsOf(owner);
      for (const key of new Set([...before.keys(), ...now.keys()])) {
        const a = before.get(key);
        const b = now.get(key);
        // An array's new length says less than the element that came or went.
        if (Array.isArray(owner) && key === "length") continue;
        if (!Object.is(a, b) || before.has(key) !== now.has(key))
          found.push({ target: `${path}${formatKey(key)}`, owner, key, before: a, after: b });
      }
    }
    return found;
  }

  /** Puts everything back as it was. */
  restore(): void {
    for (const [owner, { slots }] of this.#objects) restoreSlots(owner, slots);
  }
}

function slotsOf(owner: object): Slots {
  if (owner instanceof Map) return new Map(take(owner));
  if (owner instanceof Set) return new Map(take(owner.values()).map((value, i) => [i, value]));
  const slots = new Map<unknown, unknown>();
  if (Array.isArray(owner)) {
    slots.set("length", owner.length);
    for (let i = 0; i < owner.length && i < maxEntries; i++) slots.set(i, owner[i]);
    return slots;
  }
  for (const [key, property] of Object.entries(Object.getOwnPropertyDescriptors(owner)))
    if ("value" in property && property.enumerable) slots.set(key, property.value);
  return slots;
}

function take<T>(items: Iterable<T>): T[] {
  const out: T[] = [];
  for (const item of items) {
    if (out.length >= maxEntries) break;
    out.push(item);
  }
  return out;
}

function restoreSlots(owner: object, before: Slots): void {
  if (owner instanceof Map) {
    for (const key of [...owner.keys()]) if (!before.has(key)) owner.delete(key);
    for (const [key, value] of before) if (!owner.has(key) || !Object.is(owner.get(key), value)) owner.set(key, value);
    return;
  }
  if (owner instanceof Set) {
    const kept = new Set(before.values());
    for (const value of [...owner]) if (!kept.has(value)) owner.delete(value);
    for (const value of kept) owner.add(value);
    return;
  }
  if (Array.isArray(owner)) owner.length = before.get("length") as number;
  else for (const key of Object.keys(owner)) if (!before.has(key)) Reflect.deleteProperty(owner, key);
  for (const [key, value] of before) {
    const property = key as PropertyKey;
    if (!(Array.isArray(owner) && property === "length") && !Object.is(Reflect.get(owner, property), value))
      Reflect.set(owner, property, value);
  }
}

function formatKey(key: unknown): string {
  return typeof key === "number" || /^\d+$/.test(String(key)) ? `[${String(key)}]` : `.${String(key)}`;
}

/** True when a change replaced a tensor by a tensor. */
export function isTensorChange(change: StateChange): change is StateChange & { readonly before: Tensor; readonly after: Tensor } {
  return isTensor(change.before) && isTensor(change.after);
}
