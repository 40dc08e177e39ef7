// Benchmark.js as the statistician of samples that were taken elsewhere. Its own loop can neither await a function nor interleave several,
// so the Timer takes the samples, and Benchmark.js then clocks them again on a clock that replays them: mean, margin of error (its table of
// Student's t) and significance (its Mann–Whitney U test) are its own computation, not a copy of it.
import Benchmark from "benchmark";

/** The clock's unit: whatever is replayed must be above 0, or Benchmark.js drops the sample as unclockable. */
export const leastSample = 1e-12;

/**
 * What is used of a finished benchmark. Written out, so that whoever compiles against this package needs no declarations of Benchmark.js.
 * Times in seconds.
 */
export interface SampledBenchmark {
  readonly name?: string | undefined;
  /** Calls per second. */
  readonly hz: number;
  readonly stats: {
    /** One per sample: the seconds of a call. */
    readonly sample: readonly number[];
    readonly mean: number;
    readonly variance: number;
    readonly deviation: number;
    readonly sem: number;
    readonly moe: number;
    readonly rme: number;
  };
  /** 1 when it is faster than the other, −1 when slower, 0 when the samples do not tell. */
  compare(other: SampledBenchmark): number;
  toString(): string;
}

let tick = 0;
let replayed = 0;

// The types call the result a plain function; it is another copy of the class, which reads the time from the context.
const Replaying = Benchmark.runInContext({
  process: { hrtime: (since?: readonly number[]) => (since === undefined ? [0, ++tick] : [0, replayed * 1e9]) },
  Date: { now: () => ++tick },
}) as typeof Benchmark;
// One cycle is one sample, however short.
Replaying.options.minTime = leastSample / 1e3;

/**
 * A finished benchmark whose samples are `seconds`, at least one and each above 0: `stats`, `hz`, `compare(other)` and `String(…)` as of any
 * other.
 *
 * @example benchmarkOf("eager", [0.81, 0.79, 0.80]).stats.rme
 */
export function benchmarkOf(name: string, seconds: readonly number[]): SampledBenchmark {
  let index = 0;
  replayed = seconds[0] as number;
  const benchmark = new Replaying(name, {
    fn: () => undefined,
    initCount: 1,
    minSamples: seconds.length,
    // Below any elapsed time: it stops as soon as it has the samples.
    maxTime: -1,
    onCycle: () => {
      replayed = seconds[++index] ?? leastSample;
    },
  });
  return benchmark.run({ async: false });
}

/** The q-quantile, between neighbours in proportion. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)] as number;
  return low + ((sorted[Math.ceil(at)] as number) - low) * (at - Math.floor(at));
}
