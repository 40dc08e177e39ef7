// Everything that interpreted code writes goes through a journal, so that a branch can be run, taken back, and joined with the other one.
// A cell is a property of an object, or the whole content of an array, Map or Set.
import { isPlainRecord } from "../trace/structure.ts";
import { Poison, type SymList } from "./values.ts";

/** The key of the cell that is the content of an array, Map or Set. */
export const content: unique symbol = Symbol("content");

export type CellKey = PropertyKey;

/** What a content cell holds: elements (for a Map, pairs), or a list of symbolic length. */
export class Content {
  readonly items: readonly unknown[];
  /** Not the items but a list of symbolic length, or what has no single content. */
  readonly list: SymList | Poison | undefined;
  /** True for a Map, whose items are pairs. */
  readonly pairs: boolean;

  constructor(items: readonly unknown[], list?: SymList | Poison, pairs = false) {
    this.items = items;
    this.list = list;
    this.pairs = pairs;
  }
}

/** The value of a property that is not there. */
export const absent: unique symbol = Symbol("absent");

/** A cell that a region wrote. */
export interface Effect {
  readonly owner: object;
  readonly key: CellKey;
  readonly before: unknown;
  readonly after: unknown;
}

interface Region {
  readonly log: Map<object, Map<CellKey, unknown>>;
  readonly fresh: WeakSet<object>;
}

export class Heap {
  readonly #regions: Region[] = [newRegion()];
  /** The region that made each object. */
  readonly #owned = new WeakMap<object, Region>();
  readonly #sealed = new WeakSet<object>();
  readonly #frozen = new WeakSet<object>();
  readonly #keyDoubts = new WeakMap<object, () => Error>();
  readonly #lists = new WeakMap<object, SymList | Poison>();

  /** How many symbolic regions are open. */
  get depth(): number {
    return this.#regions.length - 1;
  }

  /** Marks an object as made by interpreted code, in the innermost region. */
  fresh<T extends object>(object: T): T {
    this.#owned.set(object, this.#top);
    this.#top.fresh.add(object);
    return object;
  }

  /** True for objects that interpreted code made: others belong to the model and the program around it. */
  isOwned(object: object): boolean {
    return this.#owned.has(object);
  }

  /** True for an object that a path made which is over: it may hold what only that path has. */
  isLeftOver(object: object): boolean {
    const region = this.#owned.get(object);
    return region !== undefined && !this.#regions.includes(region);
  }

  isFresh(object: object): boolean {
    return this.#top.fresh.has(object);
  }

  /** Objects that were joined may not change: two objects would have to. */
  seal(object: object): void {
    this.#sealed.add(object);
  }

  isSealed(object: object): boolean {
    return this.#sealed.has(object);
  }

  /** What `Object.freeze` was called on. */
  freeze(object: object): void {
    this.#frozen.add(object);
  }

  isFrozen(object: object): boolean {
    return this.#frozen.has(object) || Object.isFrozen(object);
  }

  /** Notes that which properties an object has, or in which order, depends on the path; `reason` makes the error for who asks. */
  doubtKeys(object: object, reason: () => Error): void {
    this.#keyDoubts.set(object, reason);
  }

  keyDoubt(object: object): (() => Error) | undefined {
    return this.#keyDoubts.get(object);
  }

  /** The symbolic state of an array, if it has one. */
  listOf(array: object): SymList | Poison | undefined {
    return this.#lists.get(array);
  }

  read(owner: object, key: CellKey): unknown {
    if (key === content) return this.#contentOf(owner);
    return Object.hasOwn(owner, key) ? Reflect.get(owner, key) : absent;
  }

  /** Writes a cell. Gives false where the object refuses (frozen). */
  write(owner: object, key: CellKey, value: unknown): boolean {
    this.#note(owner, key);
    if (value instanceof Poison && key !== content && !Object.hasOwn(owner, key)) this.doubtKeys(owner, value.reason);
    return this.#put(owner, key, value);
  }

  /** Replaces the content of an array, Map or Set. */
  writeContent(owner: object, items: readonly unknown[], list?: SymList | Poison): void {
    // A copy with its holes.
    this.write(owner, content, new Content(items.slice(), list));
  }

  /** Runs `body` in a region of its own, takes back what it wrote, and gives that. Also takes it back when `body` throws. */
  region<T>(body: () => T): { readonly result: T; readonly effects: Effect[] } {
    const region = newRegion();
    this.#regions.push(region);
    let effects: Effect[] = [];
    try {
      const result = body();
      effects = this.#effects(region);
      return { result, effects };
    } finally {
      this.#undo(region);
      this.#regions.pop();
    }
  }

  /** Everything that was written outside of regions so far. */
  rootEffects(): Effect[] {
    return this.#effects(this.#regions[0] as Region);
  }

  /** Puts all back as it was before the first write. */
  restore(): void {
    while (this.#regions.length > 0) this.#undo(this.#regions.pop() as Region);
    this.#regions.push(newRegion());
  }

  get #top(): Region {
    return this.#regions[this.#regions.length - 1] as Region;
  }

  #note(owner: object, key: CellKey): void {
    const { log, fresh } = this.#top;
    // At the root the objects that interpreted code made need no journal: nobody else has them.
    if (fresh.has(owner)) return;
    let cells = log.get(owner);
    if (!cells) {
      cells = new Map();
      log.set(owner, cells);
    }
    if (!cells.has(key)) cells.set(key, this.read(owner, key));
  }

  #put(owner: object, key: CellKey, value: unknown): boolean {
    if (key !== content) return value === absent ? Reflect.deleteProperty(owner, key) : define(owner, key, value);
    // A loop or a join may leave nothing but the reason why there is no content.
    const { items, list } = value instanceof Poison ? { items: [], list: value } : (value as Content);
    if (list) this.#lists.set(owner, list);
    else this.#lists.delete(owner);
    if (owner instanceof Map) {
      owner.clear();
      for (const [k, v] of items as readonly (readonly [unknown, unknown])[]) owner.set(k, v);
    } else if (owner instanceof Set) {
      owner.clear();
      for (const v of items) owner.add(v);
    } else {
      const array = owner as unknown[];
      array.length = items.length;
      for (let i = 0; i < items.length; i++)
        if (i in items) array[i] = items[i];
        else delete array[i];
    }
    return true;
  }

  #contentOf(owner: object): Content {
    const items = owner instanceof Map || owner instanceof Set ? [...owner] : (owner as unknown[]).slice();
    return new Content(items, this.#lists.get(owner), owner instanceof Map);
  }

  #effects(region: Region): Effect[] {
    const effects: Effect[] = [];
    for (const [owner, cells] of region.log)
      for (const [key, before] of cells) {
        const after = this.read(owner, key);
        if (!sameCell(before, after)) effects.push({ owner, key, before, after });
      }
    return effects;
  }

  #undo(region: Region): void {
    for (const [owner, cells] of region.log) for (const [key, before] of cells) this.#put(owner, key, before);
  }
}

/** As assignment does, but without running a setter of the prototype: those are interpreted before. */
function define(owner: object, key: PropertyKey, value: unknown): boolean {
  const own = Object.getOwnPropertyDescriptor(owner, key);
  if (own && "value" in own && own.writable) return Reflect.set(owner, key, value);
  if (own && !own.configurable) return false;
  return Reflect.defineProperty(owner, key, { value, writable: true, enumerable: own?.enumerable ?? true, configurable: true });
}

/** Whether two values of a cell are the same. */
export function sameCell(a: unknown, b: unknown): boolean {
  if (!isContent(a) || !isContent(b)) return Object.is(a, b);
  if (a.list !== b.list || a.items.length !== b.items.length) return false;
  if (!a.pairs) return a.items.every((item, i) => Object.is(item, b.items[i]));
  // The pairs of a Map are new arrays each time they are read.
  const pairs = b.items as readonly (readonly unknown[])[];
  return (a.items as readonly (readonly unknown[])[]).every(
    (pair, i) => Object.is(pair[0], pairs[i]?.[0]) && Object.is(pair[1], pairs[i]?.[1]),
  );
}

export const isContent = (v: unknown): v is Content => v instanceof Content;

function newRegion(): Region {
  return { log: new Map(), fresh: new WeakSet() };
}

/** An array that is nothing more. */
export const isPlainArray = (v: unknown): v is readonly unknown[] => Array.isArray(v) && Object.getPrototypeOf(v) === Array.prototype;

/** A plain object, which paths may join property by property. */
export function isRecord(v: unknown): v is Readonly<Record<string, unknown>> {
  return isPlainRecord(v);
}
