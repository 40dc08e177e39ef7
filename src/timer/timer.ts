// Timer: how long functions take, and how much one gains over another; the counterpart of torch.utils.benchmark.Timer. The statistics are
// Benchmark.js's; the runs are our own, because Benchmark.js can neither await a function nor interleave several, and a noisy machine
// must not decide a comparison.
import { cpus } from "node:os";
import Benchmark from "benchmark";
import { ingotError } from "../errors/error.ts";

export type TimedFunction = () => unknown;

/** Times of one function, in ms. */
export interface Measurement {
  readonly name: string;
  /** One per sample: the time of one call. */
  readonly times: readonly number[];
  readonly mean: number;
  readonly median: number;
  /** Distance of the quartiles. */
  readonly iqr: number;
  /** Relative margin of error of the mean in percent, at 95 % (Student's t). */
  readonly rme: number;
}

export interface TimerOptions {
  /** A clock in ms; for tests. */
  readonly now?: () => number;
}

export interface CompareRow extends Measurement {
  /** How much faster than the baseline, in percent: 50 means in half the time. */
  readonly gain: number;
  /** 95 % confidence interval of the gain, from the paired rounds. */
  readonly gainInterval: readonly [number, number];
}

/** Prints as a table; the first function is the baseline. */
export class TimerComparison {
  readonly rows: readonly CompareRow[];
  readonly environment: Readonly<Record<string, string>>;

  constructor(rows: readonly CompareRow[]) {
    this.rows = rows;
    this.environment = {
      node: process.versions.node,
      platform: `${process.platform} ${process.arch}`,
      cpu: `${cpus().length} × ${cpus()[0]?.model ?? "?"}`,
    };
  }

  toJSON(): { rows: readonly CompareRow[]; environment: Readonly<Record<string, string>> } {
    return { rows: this.rows, environment: this.environment };
  }

  toString(): string {
    const cells = this.rows.map((r, i) => [
      r.name,
      `${r.median.toPrecision(4)} ms`,
      `${r.iqr.toPrecision(2)} ms`,
      i === 0 ? "baseline" : `${r.gain.toFixed(1)} % faster (95 %: ${r.gainInterval[0].toFixed(1)} to ${r.gainInterval[1].toFixed(1)})`,
    ]);
    const table = [["", "median", "IQR", "gain"], ...cells];
    const widths = [0, 1, 2, 3].map((c) => Math.max(...table.map((row) => (row[c] as string).length)));
    const lines = table.map((row) =>
      row
        .map((cell, c) => cell.padEnd(widths[c] as number))
        .join("  ")
        .trimEnd(),
    );
    return [...lines, `${this.rows[0]?.times.length ?? 0} paired rounds; ${Object.values(this.environment).join(", ")}`].join("\n");
  }
}

/**
 * Times functions, synchronous or not.
 *
 * @example
 * const t = new Timer({ eager: () => model.forward(x), traced: () => traced.run(x) });
 * console.log(String(await t.compare()));
 */
export class Timer {
  readonly #functions: readonly (readonly [string, TimedFunction])[];
  readonly #now: () => number;

  /** Throws `InvalidArgument` unless `functions` is a record of functions. */
  constructor(functions: Readonly<Record<string, TimedFunction>>, options: TimerOptions = {}) {
    const entries = Object.entries(functions);
    const odd = entries.find(([, f]) => typeof f !== "function");
    if (entries.length === 0 || odd)
      throw invalid(
        "functions",
        "a record of functions",
        odd ? `${odd[0]}: ${typeof odd[1]}` : "an empty record",
        "Write new Timer({ eager: () => model.forward(x) }).",
      );
    this.#functions = entries;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Calls each function `n` times, in turn; one sample per call, after one call that does not count. */
  async timeit(n = 100): Promise<Record<string, Measurement>> {
    if (!Number.isInteger(n) || n < 1) throw invalid("n", "an integer from 1", String(n), "Write timeit(100).");
    return this.#measurements(await this.#rounds((round) => round < n));
  }

  /** Goes on until each function has run for `minRunTime` seconds, at least 5 times. */
  async blockedAutorange(options: { readonly minRunTime?: number } = {}): Promise<Record<string, Measurement>> {
    return this.#measurements(await this.#timed(options.minRunTime ?? 0.2));
  }

  /** As `blockedAutorange`, with the gain of each function over the first. */
  async compare(options: { readonly minRunTime?: number } = {}): Promise<TimerComparison> {
    const samples = await this.#timed(options.minRunTime ?? 1);
    const base = samples[0] as readonly number[];
    return new TimerComparison(
      this.#functions.map(([name], i) => {
        const times = samples[i] as readonly number[];
        // Round by round: what slowed one function slowed its neighbour.
        const ratios = times.map((t, r) => Math.log((base[r] as number) / t));
        const stats = statistics("ratio", ratios);
        const margin = (stats.rme / 100) * Math.abs(stats.mean);
        const percent = (log: number) => (Math.exp(log) - 1) * 100;
        return {
          ...statistics(name, times),
          gain: percent(stats.mean),
          gainInterval: [percent(stats.mean - margin), percent(stats.mean + margin)] as const,
        };
      }),
    );
  }

  #timed(minRunTime: number): Promise<number[][]> {
    if (!(Number.isFinite(minRunTime) && minRunTime > 0))
      throw invalid("minRunTime", "seconds above 0", String(minRunTime), "Write { minRunTime: 1 }.");
    return this.#rounds((round, spent) => round < 5 || (spent < minRunTime * 1000 && round < 100_000));
  }

  /** Runs all functions in turn while `more` says so; `spent` is the time of the quickest function so far, in ms. */
  async #rounds(more: (round: number, spent: number) => boolean): Promise<number[][]> {
    const samples: number[][] = this.#functions.map(() => []);
    for (const [, f] of this.#functions) await f();
    const spent = this.#functions.map(() => 0);
    for (let round = 0; more(round, Math.min(...spent)); round++) {
      for (let k = 0; k < this.#functions.length; k++) {
        // Every other round backwards, so that none always runs behind the same neighbour.
        const i = round % 2 === 0 ? k : this.#functions.length - 1 - k;
        const since = this.#now();
        const result = (this.#functions[i] as readonly [string, TimedFunction])[1]();
        if (result instanceof Promise) await result;
        const ms = Math.max(this.#now() - since, 1e-6);
        (samples[i] as number[]).push(ms);
        spent[i] = (spent[i] as number) + ms;
        // One function that takes seconds must not make the others wait for minutes.
        if (Math.max(...spent) > 20_000 && round >= 5) return samples.map((s) => s.slice(0, Math.min(...samples.map((x) => x.length))));
      }
    }
    return samples;
  }

  #measurements(samples: readonly (readonly number[])[]): Record<string, Measurement> {
    return Object.fromEntries(this.#functions.map(([name], i) => [name, statistics(name, samples[i] as readonly number[])]));
  }
}

/** Benchmark.js's way: sample mean, standard error, Student's t for the margin. */
function statistics(name: string, times: readonly number[]): Measurement {
  const mean = times.reduce((a, b) => a + b, 0) / times.length;
  const variance = times.reduce((a, t) => a + (t - mean) ** 2, 0) / Math.max(1, times.length - 1);
  const critical = studentT(times.length - 1);
  const rme = mean === 0 ? 0 : (critical * Math.sqrt(variance / times.length) * 100) / Math.abs(mean);
  return { name, times, mean, median: quantile(times, 0.5), iqr: quantile(times, 0.75) - quantile(times, 0.25), rme };
}

/** The two-tailed 95 % value of Student's t; Benchmark.js has no function for it, its table ends in the normal distribution's 1.96. */
function studentT(degrees: number): number {
  const few = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];
  return few[Math.max(1, degrees) - 1] ?? 1.96 + 2.4 / degrees;
}

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)] as number;
  return low + ((sorted[Math.ceil(at)] as number) - low) * (at - Math.floor(at));
}

function invalid(name: string, expected: string, actual: string, hint: string): Error {
  return ingotError("InvalidArgument", { op: "Timer", name, expected, actual, hint });
}

/** The engine and machine as Benchmark.js describes them. */
export const platformDescription: string = String(Benchmark.platform);
