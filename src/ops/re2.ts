// RE2's regular expressions by JavaScript's: the pattern is read in RE2's syntax and written anew with every class and anchor spelled out,
// because the two differ in what `.`, `\s`, `^` and `\w` mean. What RE2 refuses (look-around, back-references) is refused here too.
// Source: RE2's syntax page.
import { ingotError } from "../errors/error.ts";

/** Code points from and to, both included. */
type Range = readonly [from: number, to: number];

const last = 0x10ffff;
const code = (c: string): number => c.codePointAt(0) as number;
const between = (...pairs: string[]): Range[] => pairs.map((p) => [code(p[0] as string), code(p.slice(-1))]);

const digits = between("09");
const words = between("09", "AZ", "__", "az");
const spaces: Range[] = [
  [9, 10],
  [12, 13],
  [32, 32],
];

/** What `\d`, `\s` and `\w` stand for: ASCII only. */
const perl: Readonly<Record<string, readonly Range[]>> = { d: digits, s: spaces, w: words };

const posix: Readonly<Record<string, readonly Range[]>> = {
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
};

const controls: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

function complement(ranges: readonly Range[]): Range[] {
  const out: Range[] = [];
  let from = 0;
  for (const [a, b] of ranges) {
    if (a > from) out.push([from, a - 1]);
    from = b + 1;
  }
  return from <= last ? [...out, [from, last]] : out;
}

const point = (c: number): string => `\\u{${c.toString(16)}}`;
const inside = (ranges: readonly Range[]): string => ranges.map(([a, b]) => (a === b ? point(a) : `${point(a)}-${point(b)}`)).join("");

/** `i`, `m` and `s` as they hold at one place of the pattern. */
interface Flags {
  readonly multiline: boolean;
  readonly dotAll: boolean;
}

class Re2Reader {
  readonly #chars: readonly string[];
  readonly #fail: (problem: string) => never;
  #at = 0;
  #ignoreCase = false;

  constructor(pattern: string, fail: (problem: string) => never) {
    this.#chars = [...pattern];
    this.#fail = fail;
  }

  /** The whole pattern as JavaScript's, and whether case counts. */
  read(): { readonly source: string; readonly ignoreCase: boolean } {
    const source = this.#alternatives({ multiline: false, dotAll: false }, 0);
    if (this.#at < this.#chars.length) this.#fail("a `)` closes nothing");
    return { source, ignoreCase: this.#ignoreCase };
  }

  #peek(ahead = 0): string | undefined {
    return this.#chars[this.#at + ahead];
  }

  #accept(text: string): boolean {
    if (![...text].every((c, i) => this.#peek(i) === c)) return false;
    this.#at += text.length;
    return true;
  }

  /** Reads up to and over `end`. */
  #until(end: string): string {
    const from = this.#at;
    while (this.#at < this.#chars.length && !this.#accept(end)) this.#at++;
    const text = this.#chars.slice(from, this.#at).join("");
    return text.endsWith(end) ? text.slice(0, text.length - end.length) : this.#fail(`\`${end}\` is missing`);
  }

  #alternatives(outer: Flags, depth: number): string {
    if (depth > 1000) this.#fail("it is nested more than 1000 deep");
    let flags = outer;
    let out = "";
    let canRepeat = false;
    while (this.#peek() !== undefined && this.#peek() !== ")") {
      const repeat = this.#repeat();
      if (repeat !== undefined) {
        if (!canRepeat) this.#fail("a repetition follows nothing that it could repeat");
        canRepeat = false;
        out += repeat;
      } else if (this.#accept("|")) {
        out += "|";
        canRepeat = false;
      } else if (this.#accept("\\Q")) {
        const from = this.#at;
        while (this.#at < this.#chars.length && !(this.#peek() === "\\" && this.#peek(1) === "E")) this.#at++;
        out += this.#chars
          .slice(from, this.#at)
          .map((c) => point(code(c)))
          .join("");
        this.#accept("\\E");
        canRepeat = true;
      } else if (this.#accept("(")) {
        const group = this.#group(flags, depth);
        if (typeof group === "string") out += group;
        else flags = group;
        canRepeat = typeof group === "string";
      } else {
        out += this.#atom(flags);
        canRepeat = true;
      }
    }
    return out;
  }

  /** After `(`: the group, or the flags that hold from here on. */
  #group(flags: Flags, depth: number): string | Flags {
    let inner = flags;
    if (this.#accept("?")) {
      if (this.#accept("P<") || (this.#peek() === "<" && this.#peek(1) !== "=" && this.#peek(1) !== "!" && this.#accept("<"))) {
        if (!/^\w+$/.test(this.#until(">"))) this.#fail("the name of a group is not a word");
      } else {
        inner = this.#flags(flags);
        if (this.#accept(")")) return inner;
        if (!this.#accept(":")) this.#fail("RE2 has no look-around, and no other groups with (?");
      }
    }
    const body = this.#alternatives(inner, depth + 1);
    if (!this.#accept(")")) this.#fail("a `(` is not closed");
    // Which part a group takes does not matter to a match of the whole.
    return `(?:${body})`;
  }

  #flags(flags: Flags): Flags {
    const atStart = this.#chars.slice(0, this.#at).join("") === "(?";
    let out = flags;
    let on = true;
    for (;;) {
      const c = this.#peek();
      if (c === "i") {
        if (!on || !atStart) this.#fail("the flag i holds here only for the whole pattern: write (?i) at its start");
        this.#ignoreCase = true;
      } else if (c === "m") out = { ...out, multiline: on };
      else if (c === "s") out = { ...out, dotAll: on };
      else if (c === "-" && on) on = false;
      // U makes repetitions lazy, which does not change whether the whole matches.
      else if (c !== "U") return out;
      this.#at++;
    }
  }

  #repeat(): string | undefined {
    const rest = this.#chars.slice(this.#at, this.#at + 16).join("");
    const match = /^(?:[*+?]|\{(\d+)(?:,(\d*))?\})\??/.exec(rest);
    if (!match) return undefined;
    const [text, least, most] = match;
    if (Number(least ?? 0) > 1000 || Number(most || 0) > 1000) this.#fail("RE2 repeats at most 1000 times");
    if (least !== undefined && most && Number(most) < Number(least)) this.#fail(`the repetition ${text} is empty`);
    this.#at += text.length;
    return text;
  }

  #atom(flags: Flags): string {
    const c = this.#peek() as string;
    this.#at++;
    if (c === ".") return flags.dotAll ? "[^]" : "[^\\n]";
    if (c === "^") return flags.multiline ? "(?:(?<![^])|(?<=\\n))" : "(?:(?<![^]))";
    if (c === "$") return flags.multiline ? "(?:(?![^])|(?=\\n))" : "(?:(?![^]))";
    if (c === "[") return this.#class();
    if (c !== "\\") return point(code(c));
    if (this.#accept("A")) return "(?:(?<![^]))";
    if (this.#accept("z")) return "(?:(?![^]))";
    if (this.#accept("b")) return boundary("");
    if (this.#accept("B")) return boundary("!");
    if (this.#peek() === "C") this.#fail("\\C, a single byte, has no meaning for text");
    const set = this.#escapedSet();
    return set === undefined ? point(this.#escaped()) : `[${set}]`;
  }

  /** After a backslash: a class such as \d or \pL, written for the inside of brackets. */
  #escapedSet(): string | undefined {
    const c = this.#peek() ?? "";
    const ranges = perl[c.toLowerCase()];
    if (ranges) {
      this.#at++;
      return inside(c === c.toLowerCase() ? ranges : complement(ranges));
    }
    if (c !== "p" && c !== "P") return undefined;
    this.#at++;
    const name = this.#accept("{") ? this.#until("}") : (this.#chars[this.#at++] ?? "");
    const plain = name.replace(/^\^/, "");
    const letter = (c === "P") !== name.startsWith("^") ? "P" : "p";
    if (plain === "Any") return inside(letter === "p" ? [[0, last]] : []);
    return plain.length <= 2 ? `\\${letter}{${plain}}` : `\\${letter}{Script=${plain}}`;
  }

  /** After a backslash: a single character. */
  #escaped(): number {
    const rest = this.#chars.slice(this.#at, this.#at + 12).join("");
    const number = (match: RegExpExecArray, radix: number): number => {
      this.#at += match[0].length;
      const value = Number.parseInt(match[1] as string, radix);
      return value <= last ? value : this.#fail(`\\${match[0]} is beyond Unicode`);
    };
    const hex = /^x\{([0-9A-Fa-f]+)\}/.exec(rest) ?? /^x([0-9A-Fa-f]{2})/.exec(rest);
    if (hex) return number(hex, 16);
    const octal = /^(0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(rest);
    if (octal) return number(octal, 8);
    const c = this.#peek();
    if (c !== undefined && /[1-9]/.test(c)) this.#fail("RE2 has no back-references");
    const control = controls[c ?? ""];
    if (c === undefined || (control === undefined && /[\p{L}\p{N}]/u.test(c))) this.#fail(`\\${c ?? ""} means nothing`);
    this.#at++;
    return control ?? code(c);
  }

  /** After `[`. */
  #class(): string {
    const negated = this.#accept("^");
    let out = "";
    for (let first = true; ; first = false) {
      if (this.#peek() === undefined) this.#fail("a `[` is not closed");
      if (!first && this.#accept("]")) break;
      const named = this.#peek() === "[" && this.#peek(1) === ":" ? this.#posixSet() : undefined;
      if (named !== undefined) {
        out += named;
        continue;
      }
      const escaped = this.#accept("\\");
      const set = escaped ? this.#escapedSet() : undefined;
      if (set !== undefined) {
        out += set;
        continue;
      }
      const from = escaped ? this.#escaped() : code(this.#chars[this.#at++] as string);
      let to = from;
      if (this.#peek() === "-" && this.#peek(1) !== "]" && this.#peek(1) !== undefined) {
        this.#at++;
        to = this.#accept("\\") ? this.#escaped() : code(this.#chars[this.#at++] as string);
        if (to < from) this.#fail("a range of a class runs backwards");
      }
      out += inside([[from, to]]);
    }
    return `[${negated ? "^" : ""}${out}]`;
  }

  #posixSet(): string {
    this.#at += 2;
    const name = this.#until(":]");
    const ranges = posix[name.replace(/^\^/, "")] ?? this.#fail(`[:${name}:] is no class`);
    return inside(name.startsWith("^") ? complement(ranges) : ranges);
  }
}

/** Between a word character and another one, by ASCII's word characters. */
function boundary(not: "" | "!"): string {
  const w = `[${inside(words)}]`;
  const edges = `(?:(?<=${w})(?!${w})|(?<!${w})(?=${w}))`;
  return not ? `(?:(?!${edges}))` : edges;
}

const compiled = new Map<string, (text: string) => boolean>();

/**
 * A test of whole strings against a pattern in RE2's syntax. Throws `RegexPattern` for what RE2 refuses and for the few things that have no
 * counterpart (the flag `i` for a part of the pattern, `\C`).
 *
 * @example
 * compileRe2("RegexFullMatch", "[[:alpha:]]+")("abc"); // true
 */
export function compileRe2(op: string, pattern: string): (text: string) => boolean {
  const known = compiled.get(pattern);
  if (known) return known;
  const fail = (problem: string): never => {
    throw ingotError("RegexPattern", { op, pattern, problem });
  };
  const { source, ignoreCase } = new Re2Reader(pattern, fail).read();
  let regex: RegExp;
  try {
    regex = new RegExp(`^(?:${source})$`, ignoreCase ? "iu" : "u");
  } catch (cause) {
    return fail(cause instanceof Error ? cause.message : String(cause));
  }
  const test = (text: string) => regex.test(text);
  if (compiled.size >= 64) compiled.clear();
  compiled.set(pattern, test);
  return test;
}
