// Where initial weights come from: a generator for everything built inside `seeded`, or nothing at all inside `withoutInit`, so that building a
// model to load weights into costs no time and no memory.
import { randint } from "../eager/create.ts";
import { Generator } from "../tensor/random.ts";

interface InitScope {
  readonly generator: Generator | undefined;
  readonly skip: boolean;
}

let scope: InitScope = { generator: undefined, skip: false };

function within<T>(inner: InitScope, body: () => T): T {
  const outer = scope;
  scope = inner;
  try {
    return body();
  } finally {
    scope = outer;
  }
}

/**
 * Builds modules whose initial weights follow from `seed` alone: the same on every machine.
 *
 * @example const net = nn.seeded(0, () => new Net());
 */
export function seeded<T>(seed: number, build: () => T): T {
  return within({ generator: new Generator(seed), skip: scope.skip }, build);
}

/**
 * Builds modules without drawing their random weights: these are zeros that take no memory until something is loaded. Constants (ones of a
 * normalisation, its running statistics) are set as ever.
 *
 * @example
 * const net = nn.withoutInit(() => new Net());
 * net.loadStateDict(weights);
 */
export function withoutInit<T>(build: () => T): T {
  return within({ generator: scope.generator, skip: true }, build);
}

/** True inside `withoutInit`. */
export function initSkipped(): boolean {
  return scope.skip;
}

/** The generator of the innermost `seeded`; outside of any, a new one from the global random numbers (`manualSeed`). */
export function initGenerator(): Generator {
  return scope.generator ?? new Generator(randint(0, 2 ** 32, [1]).item());
}
