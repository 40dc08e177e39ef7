// Classes of characters by name, as RE2 has them (ASCII only, unlike JavaScript's), and the writing of classes for a RegExp that looks at
// one character.

/** Code points from and to, both included. */
export type Range = readonly [from: number, to: number];

/** The last code point. */
export const last = 0x10ffff;

/** The first code point of `c`. */
export const code = (c: string): number => c.codePointAt(0) as number;
const between = (...pairs: string[]): Range[] => pairs.map((p) => [code(p[0] as string), code(p.slice(-1))]);

const digits: readonly Range[] = between("09");
const words: readonly Range[] = between("09", "AZ", "__", "az");
const spaces: readonly Range[] = [
  [9, 10],
  [12, 13],
  [32, 32],
];

/** What `\d`, `\s` and `\w` stand for: ASCII only. */
export const perl: ReadonlyMap<string, readonly Range[]> = new Map([
  ["d", digits],
  ["s", spaces],
  ["w", words],
]);

/** Whether `\b` sees a code point as part of a word. */
export const isWord = (c: number): boolean => words.some(([a, b]) => c >= a && c <= b);

/** What `[:alpha:]` and the like stand for. */
export const posix: ReadonlyMap<string, readonly Range[]> = new Map(
  Object.entries({
    alnum: between("09", "AZ", "az"),
    alpha: between("AZ", "az"),
    ascii: [[0, 0x7f]],
    blank: [
      [9, 9],
      [32, 32],
    ],
    cntrl: [
      [0, 0x1f],
      [0x7f, 0x7f],
    ],
    digit: digits,
    graph: between("!~"),
    lower: between("az"),
    print: between(" ~"),
    punct: between("!/", ":@", "[`", "{~"),
    space: [
      [9, 13],
      [32, 32],
    ],
    upper: between("AZ"),
    word: words,
    xdigit: between("09", "AF", "af"),
  }),
);

/** One code point, written for a RegExp. */
export const point = (c: number): string => `\\u{${c.toString(16)}}`;

/** What one bracket of a RegExp holds of these ranges, or of all others. */
export const bracket = (ranges: readonly Range[], not = false): string =>
  `[${not ? "^" : ""}${ranges.map(([a, b]) => (a === b ? point(a) : `${point(a)}-${point(b)}`)).join("")}]`;

/**
 * A test of one code point: whether any of the brackets takes it, or with `not` whether none does. JavaScript's RegExp answers, one character
 * at a time, because it knows Unicode's properties and which letters are the same in another case. Throws `SyntaxError` for a property that it
 * does not know.
 */
export function oneOf(brackets: readonly string[], not: boolean, ignoreCase: boolean): (c: number) => boolean {
  const regex = new RegExp(`^(?:${brackets.join("|") || "[]"})$`, ignoreCase ? "iu" : "u");
  const ask = (c: number) => regex.test(String.fromCodePoint(c)) !== not;
  const ascii = Array.from({ length: 128 }, (_, c) => ask(c));
  return (c) => ascii[c] ?? ask(c);
}
