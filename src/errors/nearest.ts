// The known word that a mistyped one is likely to have meant.

/** The nearest of `known` by edit distance, where it is near enough to be a slip; undefined otherwise. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best && best.distance <= Math.max(1, Math.floor(Math.max(word.length, best.candidate.length) / 3)) ? best.candidate : undefined;
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one word into the other. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (last[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(replaced, (last[j] as number) + 1, (row[j - 1] as number) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, (before[j - 2] as number) + 1);
      row.push(best);
    }
    before = last;
    last = row;
  }
  return last[b.length] as number;
}

/** `` Did you mean `batch`?  `` in front of a hint, where one of the names is near enough; else an empty string. */
export function suggestion(word: string, known: readonly string[], quote = "`"): string {
  const meant = nearest(word, known);
  return meant === undefined ? "" : `Did you mean ${quote}${meant}${quote}? `;
}

/** ` (did you mean batch?)` behind a list of names; else an empty string. */
export function didYouMean(word: string, known: readonly string[]): string {
  const meant = word === "" ? undefined : nearest(word, known);
  return meant === undefined ? "" : ` (did you mean ${meant}?)`;
}
