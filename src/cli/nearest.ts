// "Did you mean": the known name that a mistyped one is nearest to.

/** ` (did you mean batch?)` for the nearest of `known` within two edits in five letters; else an empty string. */
export function nearest(name: string, known: readonly string[]): string {
  const ranked = known.map((k) => [distance(name.toLowerCase(), k.toLowerCase()), k] as const).sort((a, b) => a[0] - b[0]);
  const best = ranked[0];
  return best && name !== "" && best[0] <= Math.max(1, Math.floor(name.length * 0.4)) ? ` (did you mean ${best[1]}?)` : "";
}

/** Levenshtein's edit distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
