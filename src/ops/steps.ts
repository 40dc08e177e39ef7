// Work that may be interrupted: a generator that yields wherever the event loop may turn. Operators that run sub-graphs work in steps, so that
// a long loop neither holds up the event loop nor outlives the signal that ends its run.

/** A computation that yields between its parts and returns its result. */
export type Steps<T> = Generator<void, T>;

/** Runs to the end without a break. */
export function finishSteps<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** True for a computation that is still to be run, false for its result. */
export function isSteps<T extends object>(value: T | Steps<T>): value is Steps<T> {
  return "next" in value && Symbol.iterator in value && !Array.isArray(value);
}
