// What a long job tells while it runs; the command line shows it.
import { throwIfAborted } from "../engines/run-aborted.ts";

export interface Progress {
  /** What happens now, in a few words: `recording`, `optimising`, `checking on onnxruntime`. */
  readonly stage: string;
}

export type OnProgress = (progress: Progress) => void;

/** A function that works its result out once, when it is first called. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** How long each stage took, in ms, in order. A job whose signal has fired does not enter another one. */
export class StageClock {
  readonly stages: { readonly stage: string; readonly ms: number }[] = [];
  readonly #report: OnProgress | undefined;
  readonly #signal: AbortSignal | undefined;
  #current: { stage: string; since: number } | undefined;

  constructor(report: OnProgress | undefined, signal?: AbortSignal) {
    this.#report = report;
    this.#signal = signal;
  }

  /** Throws `RunAborted`. */
  enter(stage: string): void {
    this.leave();
    throwIfAborted(this.#signal);
    this.#current = { stage, since: performance.now() };
    this.#report?.({ stage });
  }

  leave(): void {
    if (this.#current) this.stages.push({ stage: this.#current.stage, ms: performance.now() - this.#current.since });
    this.#current = undefined;
  }
}
