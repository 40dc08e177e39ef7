// Reads patterns in RE2's syntax. What RE2 refuses (look-around, back-references, repetitions of more than 1000 times all told) is refused
// here too. Source: RE2's syntax page.
import { bracket, code, last, oneOf, perl, posix } from "./classes.ts";
import { mostInstructions, type Pattern, type Place } from "./pattern.ts";

const controls: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

const mostRepeats = 1000;

/** `i`, `m` and `s` as they hold at one place of the pattern. */
interface Flags {
  readonly ignoreCase: boolean;
  readonly multiline: boolean;
  readonly dotAll: boolean;
}
const flagNames: ReadonlyMap<string | undefined, keyof Flags> = new Map([
  ["i", "ignoreCase"],
  ["m", "multiline"],
  ["s", "dotAll"],
]);

/** A pattern, and how often its innermost part may come by repetitions within repetitions. */
interface Piece {
  readonly pattern: Pattern;
  readonly repeats: number;
}

/**
 * Reads a whole pattern; `fail` is told what is wrong with it.
 *
 * @example
 * readRe2("a|b", fail); // { kind: "either", of: [{ kind: "row", … }, { kind: "row", … }] }
 */
export function readRe2(pattern: string, fail: (problem: string) => never): Pattern {
  return new Re2Reader(pattern, fail).read();
}

class Re2Reader {
  readonly #chars: readonly string[];
  readonly #fail: (problem: string) => never;
  readonly #known = new Map<string, Pattern>();
  #at = 0;
  #size = 0;

  constructor(pattern: string, fail: (problem: string) => never) {
    this.#chars = [...pattern];
    this.#fail = fail;
  }

  read(): Pattern {
    const { pattern } = this.#alternatives({ ignoreCase: false, multiline: false, dotAll: false }, 0);
    if (this.#at < this.#chars.length) this.#fail("a `)` closes nothing");
    return pattern;
  }

  #peek(ahead = 0): string | undefined {
    return this.#chars[this.#at + ahead];
  }

  #next(): string {
    return this.#chars[this.#at++] as string;
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

  #alternatives(outer: Flags, depth: number): Piece {
    if (depth > 1000) this.#fail("it is nested more than 1000 deep");
    let flags = outer;
    let repeats = 1;
    const rows: Pattern[][] = [];
    let row: Pattern[] = [];
    /** The piece that a repetition would repeat. */
    let before: Piece | undefined;
    const put = (piece: Piece | undefined): void => {
      before = piece;
      if (piece) row.push(this.#counted(piece.pattern));
      repeats = Math.max(repeats, piece?.repeats ?? 1);
    };
    while (this.#peek() !== undefined && this.#peek() !== ")") {
      const repeat = this.#repeat();
      if (repeat) {
        if (!before) this.#fail("a repetition follows nothing that it could repeat");
        row.pop();
        put(this.#repeated(before, repeat));
        before = undefined;
      } else if (this.#accept("|")) {
        rows.push(row);
        row = [];
        before = undefined;
      } else if (this.#accept("\\Q")) {
        while (this.#peek() !== undefined && !(this.#peek() === "\\" && this.#peek(1) === "E"))
          put({ pattern: this.#character(code(this.#next()), flags), repeats: 1 });
        this.#accept("\\E");
      } else if (this.#accept("(")) {
        const group = this.#group(flags, depth);
        if ("pattern" in group) put(group);
        else {
          flags = group;
          before = undefined;
        }
      } else put({ pattern: this.#atom(flags), repeats: 1 });
    }
    const of = [...rows, row].map((parts): Pattern => ({ kind: "row", of: parts }));
    return { pattern: this.#counted(of.length === 1 ? (of[0] as Pattern) : { kind: "either", of }), repeats };
  }

  #counted(pattern: Pattern): Pattern {
    if (++this.#size > mostInstructions) this.#fail(`it has more than ${mostInstructions} parts`);
    return pattern;
  }

  #repeated({ pattern, repeats }: Piece, { least, most }: { readonly least: number; readonly most: number }): Piece {
    const all = repeats * Math.max(1, least, Number.isFinite(most) ? most : 1);
    if (all > mostRepeats) this.#fail(`RE2 repeats at most ${mostRepeats} times, repetitions within repetitions included`);
    return { pattern: { kind: "repeat", of: pattern, least, most }, repeats: all };
  }

  /** After `(`: the group, or the flags that hold from here on. */
  #group(flags: Flags, depth: number): Piece | Flags {
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
    return body;
  }

  #flags(flags: Flags): Flags {
    let out = flags;
    let on = true;
    for (;;) {
      const c = this.#peek();
      const name = flagNames.get(c);
      if (name) out = { ...out, [name]: on };
      else if (c === "-" && on) on = false;
      // U makes repetitions lazy, which does not change whether the whole matches.
      else if (c !== "U") return out;
      this.#at++;
    }
  }

  #repeat(): { readonly least: number; readonly most: number } | undefined {
    const rest = this.#chars.slice(this.#at, this.#at + 21).join("");
    const match = /^(?:([*+?])|\{(0|[1-9]\d{0,7})(?:(,)(0|[1-9]\d{0,7})?)?\})\??/.exec(rest);
    if (!match) return undefined;
    const [text, sign, low, comma, high] = match;
    this.#at += text.length;
    if (sign) return { least: sign === "+" ? 1 : 0, most: sign === "?" ? 1 : Number.POSITIVE_INFINITY };
    const least = Number(low);
    const most = high !== undefined ? Number(high) : comma ? Number.POSITIVE_INFINITY : least;
    if (most < least) this.#fail(`the repetition ${text} is empty`);
    return { least, most };
  }

  #atom(flags: Flags): Pattern {
    const c = this.#next();
    if (c === ".") return this.#oneOf([bracket(flags.dotAll ? [] : [[10, 10]])], true, flags);
    if (c === "^") return at(flags.multiline ? "lineStart" : "textStart");
    if (c === "$") return at(flags.multiline ? "lineEnd" : "textEnd");
    if (c === "[") return this.#class(flags);
    if (c !== "\\") return this.#character(code(c), flags);
    if (this.#accept("A")) return at("textStart");
    if (this.#accept("z")) return at("textEnd");
    if (this.#accept("b")) return at("wordEdge");
    if (this.#accept("B")) return at("noWordEdge");
    if (this.#peek() === "C") this.#fail("\\C, a single byte, has no meaning for text");
    const set = this.#escapedSet();
    return set === undefined ? this.#character(this.#escaped(), flags) : this.#oneOf([set], false, flags);
  }

  #character(c: number, flags: Flags): Pattern {
    return flags.ignoreCase ? this.#oneOf([bracket([[c, c]])], false, flags) : { kind: "character", takes: (other) => other === c };
  }

  #oneOf(brackets: readonly string[], not: boolean, { ignoreCase }: Flags): Pattern {
    const key = `${ignoreCase} ${not} ${brackets.join("|")}`;
    let found = this.#known.get(key);
    if (!found) {
      found = { kind: "character", takes: this.#classTest(brackets, not, ignoreCase) };
      this.#known.set(key, found);
    }
    return found;
  }

  #classTest(brackets: readonly string[], not: boolean, ignoreCase: boolean): (c: number) => boolean {
    try {
      return oneOf(brackets, not, ignoreCase);
    } catch (cause) {
      return this.#fail(cause instanceof Error ? cause.message : String(cause));
    }
  }

  /** After a backslash: a class such as \d or \pL. */
  #escapedSet(): string | undefined {
    const c = this.#peek() ?? "";
    const ranges = perl.get(c.toLowerCase());
    if (ranges) {
      this.#at++;
      return bracket(ranges, c !== c.toLowerCase());
    }
    if (c !== "p" && c !== "P") return undefined;
    this.#at++;
    const name = this.#accept("{") ? this.#until("}") : (this.#chars[this.#at++] ?? "");
    const plain = name.replace(/^\^/, "");
    const not = (c === "P") !== name.startsWith("^");
    if (plain === "Any") return bracket([], !not);
    return `[${not ? "^" : ""}\\p{${plain.length <= 2 ? "" : "Script="}${plain}}]`;
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
  #class(flags: Flags): Pattern {
    const negated = this.#accept("^");
    const brackets: string[] = [];
    for (let first = true; ; first = false) {
      if (this.#peek() === undefined) this.#fail("a `[` is not closed");
      if (!first && this.#accept("]")) break;
      const set = this.#posixSet();
      if (set !== undefined) {
        brackets.push(set);
        continue;
      }
      const escaped = this.#accept("\\");
      const named = escaped ? this.#escapedSet() : undefined;
      if (named !== undefined) {
        brackets.push(named);
        continue;
      }
      const from = escaped ? this.#escaped() : code(this.#next());
      let to = from;
      if (this.#peek() === "-" && this.#peek(1) !== "]" && this.#peek(1) !== undefined) {
        this.#at++;
        to = this.#accept("\\") ? this.#escaped() : code(this.#next());
        if (to < from) this.#fail("a range of a class runs backwards");
      }
      brackets.push(bracket([[from, to]]));
    }
    return this.#oneOf(brackets, negated, flags);
  }

  #posixSet(): string | undefined {
    if (!this.#accept("[:")) return undefined;
    const name = this.#until(":]");
    const ranges = posix.get(name.replace(/^\^/, "")) ?? this.#fail(`[:${name}:] is no class`);
    return bracket(ranges, name.startsWith("^"));
  }
}

const at = (place: Place): Pattern => ({ kind: "place", place });
