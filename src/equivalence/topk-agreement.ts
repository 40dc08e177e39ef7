// Top-k agreement: the k largest entries along the last axis, best first, must be the same, except where the scores that swapped are tied.

export interface TopKAgreement {
  readonly k: number;
  readonly agrees: boolean;
  /** Rows along the last axis. */
  readonly rows: number;
  /** Rows whose index lists are equal, entry by entry. */
  readonly identical: number;
  /** Rows that differ only by swaps of scores closer than twice the measured error. */
  readonly tied: number;
  readonly problem: string | undefined;
}

/**
 * Compares index lists. A swap is a tie when the expected scores of the two entries lie within 2 × `measuredError` (the output's own
 * largest absolute error, never the limit). Undefined when the last axis has fewer than two entries. Of equal scores the lower index comes first.
 *
 * What this can and cannot tell: where `measuredError` is the error of these very scores, every swap of finite ones is a tie, because two scores
 * change places only if their errors add up to their gap. Then a disagreement comes from NaN alone, the error limit is what fails, and the
 * counts are the information: `identical` rows need no explanation, `tied` ones are listed in report and certificate. Where the error was
 * measured elsewhere (a certificate knows 64 samples), a swap beyond it is a disagreement.
 */
export function compareTopK(
  expected: ArrayLike<number>,
  actual: ArrayLike<number>,
  shape: readonly number[],
  k: number,
  measuredError: number,
): TopKAgreement | undefined {
  const n = shape[shape.length - 1] ?? 0;
  if (n < 2 || expected.length === 0) return undefined;
  const rows = expected.length / n;
  const depth = Math.min(k, n);
  let identical = 0;
  let tied = 0;
  let problem: string | undefined;
  for (let r = 0; r < rows; r++) {
    const e = topIndices(expected, r * n, n, depth);
    const a = topIndices(actual, r * n, n, depth);
    const swapped = e.findIndex((index, i) => index !== a[i]);
    if (swapped < 0) {
      identical++;
      continue;
    }
    const apart = e.findIndex(
      (index, i) => !(Math.abs(score(expected, r * n + index) - score(expected, r * n + (a[i] as number))) <= 2 * measuredError),
    );
    if (apart < 0) tied++;
    else problem ??= `top-${depth} differs in row ${r}: entry ${apart + 1} is ${a[apart]}, expected ${e[apart]}`;
  }
  return { k: depth, agrees: problem === undefined, rows, identical, tied, problem };
}

const score = (scores: ArrayLike<number>, i: number) => scores[i] as number;

/** Indices of the `k` largest of `n` scores from `start`, best first; NaN ranks below everything. */
export function topIndices(scores: ArrayLike<number>, start: number, n: number, k: number): number[] {
  const best: number[] = [];
  const above = (i: number, j: number) => {
    const x = score(scores, start + i);
    const y = score(scores, start + j);
    return x > y || (!Number.isNaN(x) && Number.isNaN(y));
  };
  for (let i = 0; i < n; i++) {
    if (best.length === k && !above(i, best[k - 1] as number)) continue;
    let at = best.length;
    while (at > 0 && above(i, best[at - 1] as number)) at--;
    best.splice(at, 0, i);
    if (best.length > k) best.pop();
  }
  return best;
}
