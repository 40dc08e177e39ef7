// Latencies in buckets whose width grows with them: a fixed amount of memory, and percentiles that are right within 9 %.

/** The upper end of the first bucket, in ms. Each further one ends at 2^(1/4) times the one before; the last holds what is slower. */
const first = 0.05;
const perDoubling = 4;
const buckets = 84;

/** Counts per bucket. */
export type Histogram = Uint32Array;

export const emptyHistogram = (): Histogram => new Uint32Array(buckets);

export function note(histogram: Histogram, ms: number): void {
  const i = ms <= first ? 0 : Math.min(buckets - 1, Math.ceil(perDoubling * Math.log2(ms / first)));
  histogram[i] = (histogram[i] as number) + 1;
}

/** Adds the counts of one to another. */
export function addTo(sum: Histogram, histogram: Histogram): void {
  for (let i = 0; i < buckets; i++) sum[i] = (sum[i] as number) + (histogram[i] as number);
}

/** The latency that a share of the requests (0 to 1) does not pass, in ms; undefined where there are none. */
export function percentile(histogram: Histogram, share: number): number | undefined {
  let all = 0;
  for (const count of histogram) all += count;
  if (all === 0) return undefined;
  let left = Math.max(1, Math.ceil(share * all));
  for (let i = 0; i < buckets; i++) {
    left -= histogram[i] as number;
    // The middle of a bucket, by ratio.
    if (left <= 0) return first * 2 ** ((i - 0.5) / perDoubling);
  }
  return undefined;
}
