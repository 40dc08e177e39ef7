// From the probabilities of pairs of classes to those of all classes.
// Source: T.-F. Wu, C.-J. Lin and R. C. Weng, "Probability estimates for multi-class classification by pairwise coupling", 2004, method 2.

/**
 * The probability of each of `count` classes. `pairs` holds P(i | i or j) for i < j, in the order (0, 1), (0, 2), …, (1, 2), …
 *
 * @example
 * pairwiseProbabilities(2, [0.75]); // about [0.75, 0.25]
 */
export function pairwiseProbabilities(count: number, pairs: readonly number[]): number[] {
  const r = Array.from({ length: count }, () => new Array<number>(count).fill(0));
  let at = 0;
  for (let i = 0; i < count; i++)
    for (let j = i + 1; j < count; j++, at++) {
      (r[i] as number[])[j] = pairs[at] as number;
      (r[j] as number[])[i] = 1 - (pairs[at] as number);
    }
  const rAt = (i: number, j: number) => (r[i] as number[])[j] as number;
  const q = r.map((_, i) =>
    r.map((_row, j) => {
      if (i !== j) return -rAt(j, i) * rAt(i, j);
      let sum = 0;
      for (let k = 0; k < count; k++) if (k !== i) sum += rAt(k, i) ** 2;
      return sum;
    }),
  );
  const p = new Array<number>(count).fill(1 / count);
  const qp = new Array<number>(count).fill(0);
  for (let round = 0; round < Math.max(100, count); round++) {
    let pqp = 0;
    for (let i = 0; i < count; i++) {
      qp[i] = (q[i] as number[]).reduce((sum, v, j) => sum + v * (p[j] as number), 0);
      pqp += (p[i] as number) * (qp[i] as number);
    }
    if (Math.max(...qp.map((v) => Math.abs(v - pqp))) < 0.005 / count) break;
    for (let i = 0; i < count; i++) {
      const qii = (q[i] as number[])[i] as number;
      const step = (pqp - (qp[i] as number)) / qii;
      p[i] = (p[i] as number) + step;
      pqp = (pqp + step * (step * qii + 2 * (qp[i] as number))) / (1 + step) ** 2;
      for (let j = 0; j < count; j++) {
        qp[j] = ((qp[j] as number) + step * ((q[i] as number[])[j] as number)) / (1 + step);
        p[j] = (p[j] as number) / (1 + step);
      }
    }
  }
  return p;
}
