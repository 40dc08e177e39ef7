// Timer: how long functions take, and how much one gains over another; the counterpart of torch.utils.benchmark.Timer on the statistics of
// Benchmark.js.
import { ingotError } from "../errors/error.ts";
import { measure, type Samples, TimerComparison } from "./comparison.ts";
import type { Measurement } from "./measurement.ts";
import { type Clock, leastRounds, type Subject, type TimedFunction, takeRounds, warmUp } from "./rounds.ts";

export interface TimerOptions {
  /** A clock in ms; for tests. */
  readonly now?: Clock;
  /** Called after every round: how much of the time is over, from 0 to 1. */
  readonly onProgress?: (progress: { readonly rounds: number; readonly part: number }) => void;
}

export interface RunTime {
  /** Seconds for each function. */
  readonly minRunTime?: number;
}

/** Benchmark.js's significance test compares every sample with every other: more samples than this add time, not certainty. */
const mostRounds = 200;
/** Blocks are a hundredth of the run time, so that there are about a hundred. */
const blocksPerRun = 100;
/** The shortest block of `timeit`, in ms: a thousand times the clock's resolution. */
const shortBlock = 0.5;

/**
 * Times functions, synchronous or not, by turns.
 *
 * @example
 * const t = new Timer({ eager: () => model.forward(x), traced: () => traced.run(x) });
 * console.log(String(await t.compare()));
 */
export class Timer {
  readonly #functions: readonly (readonly [string, TimedFunction])[];
  readonly #now: Clock;
  readonly #onProgress: TimerOptions["onProgress"];

  /** Throws `InvalidArgument` unless `functions` is a record of functions. */
  constructor(functions: Readonly<Record<string, TimedFunction>>, options: TimerOptions = {}) {
    const hint = "Write new Timer({ eager: () => model.forward(x) }).";
    if (typeof functions !== "object" || functions === null)
      throw invalid("functions", "a record of functions", functions === null ? "null" : typeof functions, hint);
    const entries = Object.entries(functions);
    const odd = entries.find(([, f]) => typeof f !== "function");
    if (odd) throw invalid("functions", "a record of functions", `${odd[0]}: ${typeof odd[1]}`, hint);
    if (entries.length === 0) throw invalid("functions", "a record of functions", "an empty record", hint);
    this.#functions = entries;
    this.#now = options.now ?? (() => performance.now());
    this.#onProgress = options.onProgress;
  }

  /**
   * Calls each function `n` times (100), at most 200 samples of it; very fast functions in blocks, of which the last is filled up, so that they
   * may be called a few times more. Throws `InvalidArgument`, `TimedFunctionFailed`.
   */
  async timeit(n = 100): Promise<Record<string, Measurement>> {
    if (!Number.isSafeInteger(n) || n < 1) throw invalid("n", "a whole number from 1", String(n), "Write timeit(100).");
    const warm = await this.#warmUp(shortBlock);
    // The functions go by turns, so all need as many blocks: those of the one that needs the largest, but at least 5 of them.
    const largest = Math.max(...warm.map((s) => s.callsPerSample));
    const callsPerSample = Math.max(1, Math.ceil(n / mostRounds), Math.min(largest, Math.floor(n / leastRounds)));
    const total = Math.ceil(n / callsPerSample);
    const subjects = warm.map((s) => ({ ...s, callsPerSample }));
    const afterRound = (rounds: number) => this.#onProgress?.({ rounds, part: rounds / total });
    return byName(await takeRounds(subjects, { now: this.#now, more: (round) => round < total, patient: true, afterRound }));
  }

  /** Goes on until each function has run for `minRunTime` seconds (0.2), at least 5 rounds. Throws as `timeit` does. */
  async blockedAutorange(options: RunTime = {}): Promise<Record<string, Measurement>> {
    return byName(await this.#timed(options.minRunTime ?? 0.2));
  }

  /** As `blockedAutorange` (1 s), with the gain of each function over the first, and whether the difference is significant. */
  async compare(options: RunTime = {}): Promise<TimerComparison> {
    return new TimerComparison(await this.#timed(options.minRunTime ?? 1));
  }

  async #timed(minRunTime: number): Promise<Samples[]> {
    if (!(Number.isFinite(minRunTime) && minRunTime > 0))
      throw invalid("minRunTime", "seconds above 0", String(minRunTime), "Write { minRunTime: 1 }.");
    const goal = minRunTime * 1000;
    const subjects = await this.#warmUp(Math.max(goal / blocksPerRun, shortBlock));
    return takeRounds(subjects, {
      now: this.#now,
      more: (round, spent) => round < leastRounds || (spent < goal && round < mostRounds),
      afterRound: (rounds, spent) => this.#onProgress?.({ rounds, part: Math.min(1, spent / goal, rounds / leastRounds) }),
    });
  }

  async #warmUp(blockTime: number): Promise<Subject[]> {
    const subjects: Subject[] = [];
    for (const [name, call] of this.#functions) subjects.push(await warmUp(name, call, blockTime, this.#now));
    return subjects;
  }
}

function byName(samples: readonly Samples[]): Record<string, Measurement> {
  return Object.fromEntries(samples.map((s) => [s.name, measure(s).measurement]));
}

function invalid(name: string, expected: string, actual: string, hint: string): Error {
  return ingotError("InvalidArgument", { op: "Timer", name, expected, actual, hint });
}
