// Reads ONNX's text syntax token by token, with the place of each token for error messages.
import { ingotError } from "../errors/error.ts";

export type TokenKind = "id" | "string" | "number" | "mark" | "comment" | "end";

export interface Token {
  readonly kind: TokenKind;
  /** As written; for strings the text they stand for; for comments the text behind `#`. */
  readonly text: string;
  /** Offset in the source. */
  readonly at: number;
}

const pattern =
  /(?<skip>\s+)|(?<comment>#[^\n]*)|(?<id>[A-Za-z_]\w*)|(?<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|(?<string>"[^"\\]*(?:\\.[^"\\]*)*")|(?<mark>=>|\.\.\.|-|[<>()[\]{},:=@?.|])/y;

export class TextReader {
  readonly #source: string;
  #at: number;
  #token: Token;
  /** Where the token passed last ends. */
  #passed = 0;
  /** The last comment before the present token, until it is taken. */
  #comment: Token | undefined;

  constructor(source: string) {
    this.#source = source;
    this.#at = 0;
    this.#token = this.#scan();
  }

  get token(): Token {
    return this.#token;
  }

  /** Moves on and gives the token passed. */
  next(): Token {
    const token = this.#token;
    this.#passed = this.#at;
    this.#comment = undefined;
    this.#token = this.#scan();
    return token;
  }

  /** Passes the mark or identifier `text` if it is there. */
  accept(text: string): boolean {
    if (!this.is(text)) return false;
    this.next();
    return true;
  }

  is(text: string): boolean {
    return (this.#token.kind === "mark" || this.#token.kind === "id") && this.#token.text === text;
  }

  expect(text: string): Token {
    if (!this.is(text)) throw this.syntax(`\`${text}\``);
    return this.next();
  }

  /** The comment between the token passed last and the present one, if it stands on the line of the former. */
  trailingComment(): string | undefined {
    const comment = this.#comment;
    return comment && !this.#source.slice(this.#passed, comment.at).includes("\n") ? comment.text : undefined;
  }

  /** An identifier, or a quoted name. */
  name(expected = "a name"): Token {
    if (this.#token.kind !== "id" && this.#token.kind !== "string") throw this.syntax(expected);
    return this.next();
  }

  /** Items between `open` and `close`, separated by commas. */
  list<T>(open: string, close: string, item: () => T): T[] {
    const items: T[] = [];
    this.expect(open);
    while (!this.is(close)) {
      items.push(item());
      if (!this.accept(",")) break;
    }
    this.expect(close);
    return items;
  }

  syntax(expected: string, token: Token = this.#token): Error {
    const found = token.kind === "end" ? "the end of the text" : `\`${token.text.slice(0, 40)}\``;
    return ingotError("GraphSyntax", { ...this.place(token), expected, found });
  }

  place(token: Token): { line: number; column: number } {
    const before = this.#source.slice(0, token.at);
    return { line: before.split("\n").length, column: token.at - before.lastIndexOf("\n") };
  }

  #scan(): Token {
    for (;;) {
      pattern.lastIndex = this.#at;
      const at = this.#at;
      if (at >= this.#source.length) return { kind: "end", text: "", at };
      const match = pattern.exec(this.#source);
      if (!match) throw this.syntax("a name, a number, a string or a mark", { kind: "mark", text: this.#source.slice(at, at + 10), at });
      this.#at = pattern.lastIndex;
      const [text] = match;
      const kind = (Object.keys(match.groups ?? {}) as (TokenKind | "skip")[]).find((k) => match.groups?.[k] !== undefined);
      if (kind === "skip" || kind === undefined) continue;
      if (kind === "comment") this.#comment ??= { kind, text: text.slice(1).trim(), at };
      else return { kind, text: kind === "string" ? this.#unquote(text, at) : text, at };
    }
  }

  #unquote(text: string, at: number): string {
    try {
      return JSON.parse(text) as string;
    } catch {
      throw this.syntax('a string with JSON escapes, as in "a\\n"', { kind: "string", text, at });
    }
  }
}
