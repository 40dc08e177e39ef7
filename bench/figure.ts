// One measured figure beside its bar, and the statistics they are made of.

export interface Figure {
  readonly group: string;
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** `≤ 1.2`, `≥ 25`, `= 0`; empty where a figure is for information. */
  readonly bar: string;
  readonly holds: boolean;
  /** How far the figure moved: smallest to largest of its samples, or the quartiles of paired ratios. */
  readonly spread: string;
}

/** What a measure gives; the runner adds the group. */
export type Measured = Omit<Figure, "group" | "holds"> & { readonly holds?: boolean };

/** A part of a group: gives its figures one after the other. */
export type Measure = (progress: (what: string) => void) => AsyncIterable<Measured>;

/** Whether `value` keeps a bar such as `≤ 1.2`; an empty bar always holds. */
export function holds(value: number, bar: string): boolean {
  const match = /^([≤≥=])\s*([\d.]+)/.exec(bar);
  if (!match) return true;
  const limit = Number(match[2]);
  return match[1] === "≤" ? value <= limit : match[1] === "≥" ? value >= limit : value === limit;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The q-quantile, by linear interpolation. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  const high = Math.ceil(at);
  return (sorted[low] as number) + ((sorted[high] as number) - (sorted[low] as number)) * (at - low);
}

/** Milliseconds of one call. */
export async function time(body: () => unknown): Promise<number> {
  const since = performance.now();
  await body();
  return performance.now() - since;
}

/** Runs several bodies in turn, round after round, so that a machine that slows down slows all of them. Gives ms per body and round. */
export function interleaved(rounds: number, ...bodies: readonly (() => unknown)[]): Promise<number[][]> {
  return inTurn(rounds, bodies, false);
}

/**
 * As `interleaved`, but each timed call follows one of the same body that is not timed. For bodies with threads of their own on all cores:
 * threads that wait spin for a while, and would take a core from whoever comes next.
 */
export function interleavedSettled(rounds: number, ...bodies: readonly (() => unknown)[]): Promise<number[][]> {
  return inTurn(rounds, bodies, true);
}

async function inTurn(rounds: number, bodies: readonly (() => unknown)[], settle: boolean): Promise<number[][]> {
  const samples: number[][] = bodies.map(() => []);
  for (const body of bodies) await body();
  for (let r = 0; r < rounds; r++) {
    // Every other round backwards: no body always runs behind the same neighbour.
    const order = bodies.map((_, i) => (r % 2 === 0 ? i : bodies.length - 1 - i));
    for (const i of order) {
      const body = bodies[i] as () => unknown;
      if (settle) await body();
      samples[i]?.push(await time(body));
    }
  }
  return samples;
}

/** The median of a/b over paired samples, with its quartiles. */
export function pairedRatio(a: readonly number[], b: readonly number[]): { readonly value: number; readonly spread: string } {
  const ratios = a.map((x, i) => x / (b[i] as number));
  return {
    value: median(ratios),
    spread: `quartiles ${quantile(ratios, 0.25).toFixed(3)} – ${quantile(ratios, 0.75).toFixed(3)} of ${ratios.length}`,
  };
}

/** Smallest to largest, for times. */
export function range(values: readonly number[], digits = 0): string {
  return `${Math.min(...values).toFixed(digits)} – ${Math.max(...values).toFixed(digits)} of ${values.length}`;
}
