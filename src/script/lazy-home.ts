// The object on whose prototype `super` goes on. Methods of live code do not tell theirs; it is looked for when `super` is met.
import type { AnyFunction } from "./context.ts";

/** Found when `super` is met. */
export class LazyHome {
  readonly #fn: AnyFunction;
  readonly #thisValue: unknown;

  constructor(fn: AnyFunction, thisValue: unknown) {
    this.#fn = fn;
    this.#thisValue = thisValue;
  }

  get home(): unknown {
    return homeOf(this.#fn, this.#thisValue);
  }
}

/** The object on whose prototype `super` goes on: the one that holds the method. */
function homeOf(fn: AnyFunction, thisValue: unknown): unknown {
  for (
    let owner = thisValue;
    (typeof owner === "object" || typeof owner === "function") && owner !== null;
    owner = Object.getPrototypeOf(owner) as unknown
  ) {
    const own = Object.values(Object.getOwnPropertyDescriptors(owner));
    if (own.some(({ value, get, set }) => value === fn || get === fn || set === fn)) return owner;
  }
  return undefined;
}
