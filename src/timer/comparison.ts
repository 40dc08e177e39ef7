// How much each function gains over the first, from samples that were taken round by round.
import { count } from "../errors/quantity.ts";
import { type Environment, environment, formatEnvironment, peakMemory } from "./environment.ts";
import { formatDuration, Measurement, toSeconds, type WarmUp } from "./measurement.ts";
import { benchmarkOf, type SampledBenchmark } from "./statistics.ts";

/** What Benchmark.js's significance test (Mann–Whitney U at 95 %) says of a function beside the baseline. */
export type Verdict = "baseline" | "faster" | "slower" | "indeterminate";

export interface Gain {
  /** How much faster than the baseline, in percent: 100 means twice as fast, −50 half as fast. */
  readonly gain: number;
  /** 95 % confidence interval of the gain, from the paired rounds. */
  readonly gainInterval: readonly [number, number];
  readonly verdict: Verdict;
}

export interface CompareRow extends Gain {
  readonly measurement: Measurement;
}

/** What the rounds gave for one function. */
export interface Samples {
  readonly name: string;
  /** ms per call, one per round. */
  readonly times: readonly number[];
  readonly callsPerSample: number;
  readonly warmUp: WarmUp;
}

/** The measurement of one function, and the benchmark that has its statistics. */
export function measure({ name, times, callsPerSample, warmUp }: Samples): { measurement: Measurement; benchmark: SampledBenchmark } {
  const benchmark = benchmarkOf(name, toSeconds(times));
  return { benchmark, measurement: new Measurement(benchmark, times, callsPerSample, warmUp) };
}

/** The gain of samples over those of the baseline, pair by pair. */
export function gainOver(baseline: SampledBenchmark, benchmark: SampledBenchmark): Gain {
  if (benchmark === baseline) return { gain: 0, gainInterval: [0, 0], verdict: "baseline" };
  const own: readonly number[] = benchmark.stats.sample;
  // Round by round: what slowed one function slowed its neighbour. Of ratios the logarithm is averaged, so that twice as fast and half as fast
  // cancel out.
  const logs = (baseline.stats.sample as readonly number[]).map((base, round) => Math.log(base / (own[round] as number)));
  // A clock cannot show a time below 0, so the logarithms are moved above it; that moves the mean and leaves its margin alone.
  const shift = 1 - Math.min(...logs);
  const { mean, moe } = benchmarkOf(
    "gain",
    logs.map((log) => log + shift),
  ).stats;
  const percent = (log: number) => Math.expm1(log) * 100;
  const verdicts: Readonly<Record<number, Verdict>> = { 1: "faster", 0: "indeterminate", [-1]: "slower" };
  return {
    gain: percent(mean - shift),
    gainInterval: [percent(mean - shift - moe), percent(mean - shift + moe)],
    verdict: verdicts[benchmark.compare(baseline)] as Verdict,
  };
}

/** Prints as a table; the first function is the baseline. */
export class TimerComparison {
  readonly rows: readonly CompareRow[];
  readonly rounds: number;
  readonly environment: Environment;
  /** The most memory that the process has held, in bytes. */
  readonly peakMemory: number;

  constructor(samples: readonly Samples[]) {
    const measured = samples.map(measure);
    const baseline = (measured[0] as (typeof measured)[number]).benchmark;
    this.rows = measured.map(({ measurement, benchmark }) => ({ measurement, ...gainOver(baseline, benchmark) }));
    this.rounds = samples[0]?.times.length ?? 0;
    this.environment = environment();
    this.peakMemory = peakMemory();
  }

  /** The row of one function. */
  row(name: string): CompareRow | undefined {
    return this.rows.find((r) => r.measurement.name === name);
  }

  toJSON(): object {
    return {
      rows: this.rows.map(({ measurement, ...gain }) => ({ ...measurement, ...gain })),
      rounds: this.rounds,
      peakMemory: this.peakMemory,
      environment: this.environment,
    };
  }

  toString(): string {
    const cells = this.rows.map(({ measurement: m, ...gain }) => [
      m.name,
      formatDuration(m.mean),
      `± ${m.rme.toFixed(1)} %`,
      formatDuration(m.median),
      formatDuration(m.iqr),
      formatDuration(m.warmUp.first),
      formatGain(gain),
    ]);
    const table = [["", "mean", "(95 %)", "median", "IQR", "first call", "gain"], ...cells];
    const last = (table[0] as string[]).length - 1;
    const widths = (table[0] as string[]).map((_, c) => Math.max(...table.map((row) => (row[c] as string).length)));
    // Names and verdicts read from the left, numbers from the right.
    const pad = (cell: string, c: number) =>
      c === 0 || c === last ? cell.padEnd(widths[c] as number) : cell.padStart(widths[c] as number);
    const blocks = this.rows.filter(({ measurement: m }) => m.callsPerSample > 1);
    return [
      ...table.map((row) => row.map(pad).join("  ").trimEnd()),
      "",
      `${count(this.rounds, "paired round")}${blocks.map(({ measurement: m }) => `; ${m.name}: ${m.callsPerSample} calls a round`).join("")}`,
      `${formatEnvironment(this.environment)}; peak memory ${(this.peakMemory / 2 ** 20).toFixed(0)} MiB`,
    ].join("\n");
  }
}

/** `+52.3 % (95 %: +48.1 to +56.6), faster` */
function formatGain({ gain, gainInterval: [low, high], verdict }: Gain): string {
  if (verdict === "baseline") return "baseline";
  const signed = (percent: number) => `${percent < 0 ? "−" : "+"}${Math.abs(percent).toFixed(1)}`;
  const said = verdict === "indeterminate" ? "no significant difference" : verdict;
  return `${signed(gain)} % (95 %: ${signed(low)} to ${signed(high)}), ${said}`;
}
