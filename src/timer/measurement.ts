// What was measured of one function.
import { count } from "../errors/quantity.ts";
import { leastSample, quantile, type SampledBenchmark } from "./statistics.ts";

/** What ran before the samples and is not among them. */
export interface WarmUp {
  /** The very first call, in ms. */
  readonly first: number;
  readonly calls: number;
  /** All of them together, in ms. */
  readonly total: number;
}

/** Times of one function, in ms per call. `mean` to `rme` are Benchmark.js's statistics. */
export class Measurement {
  readonly name: string;
  /** One per sample: the time of one call, on the average of the sample's calls. */
  readonly times: readonly number[];
  /** A sample of a very fast function is a block of so many calls, so that the clock's resolution does not decide. */
  readonly callsPerSample: number;
  readonly mean: number;
  readonly median: number;
  /** Distance of the quartiles. */
  readonly iqr: number;
  readonly variance: number;
  /** Standard deviation of the samples. */
  readonly deviation: number;
  /** Standard error of the mean. */
  readonly sem: number;
  /** Margin of error of the mean at 95 % (Student's t). */
  readonly moe: number;
  /** The same in percent of the mean. */
  readonly rme: number;
  /** Calls per second. */
  readonly hz: number;
  readonly warmUp: WarmUp;

  constructor(benchmark: SampledBenchmark, times: readonly number[], callsPerSample: number, warmUp: WarmUp) {
    const { mean, variance, deviation, sem, moe, rme } = benchmark.stats;
    this.name = benchmark.name ?? "";
    this.times = times;
    this.callsPerSample = callsPerSample;
    this.mean = mean * 1e3;
    this.median = quantile(times, 0.5);
    this.iqr = quantile(times, 0.75) - quantile(times, 0.25);
    this.variance = variance * 1e6;
    this.deviation = deviation * 1e3;
    this.sem = sem * 1e3;
    this.moe = moe * 1e3;
    this.rme = rme;
    this.hz = benchmark.hz;
    this.warmUp = warmUp;
  }

  /** `eager: 812.4 ms ± 1.20 % (20 samples; median 811.0 ms, IQR 4.100 ms)` */
  toString(): string {
    const samples = `${count(this.times.length, "sample")}${this.callsPerSample > 1 ? ` of ${this.callsPerSample} calls` : ""}`;
    const spread = `median ${formatDuration(this.median)}, IQR ${formatDuration(this.iqr)}`;
    return `${this.name}: ${formatDuration(this.mean)} ± ${this.rme.toFixed(2)} % (${samples}; ${spread})`;
  }
}

/** ms as seconds, for Benchmark.js. */
export const toSeconds = (times: readonly number[]): number[] => times.map((ms) => Math.max(ms / 1e3, leastSample));

const units: readonly (readonly [limit: number, scale: number, unit: string])[] = [
  [1e-3, 1e6, "ns"],
  [1, 1e3, "µs"],
  [1e3, 1, "ms"],
  [Number.POSITIVE_INFINITY, 1e-3, "s"],
];

/** ms in the unit that fits, with four digits: `812.4 ms`, `1.250 µs`. */
export function formatDuration(ms: number): string {
  const [, scale, unit] = units.find(([limit]) => ms < limit) as (typeof units)[number];
  const value = ms * scale;
  return `${value >= 1000 || value === 0 ? value.toFixed(0) : value.toPrecision(4)} ${unit}`;
}
