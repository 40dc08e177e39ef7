// A JSON reader for the bodies of requests. JSON.parse will not do: it rounds integers beyond 2^53, lets 1e999 become Infinity and makes one
// value per number, where a tensor needs its elements in an array of its type. This one is asked for what is expected, and reads that in place.
import { refuse, type ServeFault } from "../fault.ts";

/** Parsed JSON. Integers that a number cannot hold are bigints; an object has no prototype, so that no key means anything but itself. */
export type JsonValue = null | boolean | number | bigint | string | readonly JsonValue[] | JsonObject;
export type JsonObject = { readonly [key: string]: JsonValue };

/** Lists and objects in each other, at most: no request needs more, and a million of `[` must not end a worker. */
export const deepest = 128;
/** Characters of a whole number that is read exactly; longer ones are beyond every type. */
const longestInteger = 400;
/** Digits of which a double holds any number exactly. */
const exactDigits = 15;
/** Powers of ten that a double holds exactly. */
const powers = Array.from({ length: 23 }, (_, i) => 10 ** i);
/** Twice what reading up to 19 digits can be off by, relative. */
const slack = 2 ** -48;

const [quote, comma, minus, dot, zero, colon] = [0x22, 0x2c, 0x2d, 0x2e, 0x30, 0x3a] as const;
const [open, close, openBrace, closeBrace, backslash] = [0x5b, 0x5d, 0x7b, 0x7d, 0x5c] as const;

const isDigit = (byte: number | undefined): byte is number => byte !== undefined && byte >= zero && byte <= zero + 9;
const isSpace = (byte: number | undefined) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** Reads `bytes` from `at` on. All methods throw ServeFault 400 with the place of what is wrong. */
export class JsonReader {
  readonly bytes: Buffer;
  at = 0;
  readonly #what: string;
  #depth = 0;

  /** `what` begins the sentences of errors. */
  constructor(bytes: Uint8Array, what = "The body") {
    this.#what = what;
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Any value. */
  value(): JsonValue {
    const byte = this.peek();
    if (byte === quote) return this.string();
    if (byte === openBrace) {
      const object = Object.create(null) as Record<string, JsonValue>;
      this.object((key) => {
        object[key] = this.value();
      });
      return object;
    }
    if (byte === open) {
      const list: JsonValue[] = [];
      this.array(() => list.push(this.value()));
      return list;
    }
    if (byte === 0x74) return this.#word("true", true);
    if (byte === 0x66) return this.#word("false", false);
    if (byte === 0x6e) return this.#word("null", null);
    return this.#anyNumber();
  }

  /** An object; `each` has to read the value of its key. */
  object(each: (key: string) => void): void {
    this.#enter(openBrace, "an object");
    if (this.peek() === closeBrace) this.at++;
    else
      for (;;) {
        if (this.peek() !== quote) throw this.unexpected("a key");
        const key = this.string();
        if (this.peek() !== colon) throw this.unexpected('":"');
        this.at++;
        each(key);
        if (!this.#goesOn(closeBrace)) break;
      }
    this.#depth--;
  }

  /** A list; `each` has to read one element. Returns how many there were. */
  array(each: (index: number) => void): number {
    this.#enter(open, "a list");
    let count = 0;
    if (this.peek() === close) this.at++;
    else
      do each(count++);
      while (this.#goesOn(close));
    this.#depth--;
    return count;
  }

  string(): string {
    if (this.peek() !== quote) throw this.unexpected("a string");
    const begin = this.at;
    const end = this.#endOfString();
    const { bytes } = this;
    this.at = end;
    const plain = bytes.subarray(begin + 1, end - 1);
    if (!plain.includes(backslash) && !plain.some((b) => b < 0x20)) return this.#utf8(plain);
    try {
      return JSON.parse(this.#utf8(bytes.subarray(begin, end))) as string;
    } catch (cause) {
      throw refuse("BadRequestException", `${this.#what} is not valid JSON: a damaged string at byte ${begin}.`, { cause });
    }
  }

  /** true, false, 0 or 1. */
  boolean(): boolean {
    const byte = this.peek();
    if (byte === 0x74) return this.#word("true", true);
    if (byte === 0x66) return this.#word("false", false);
    const begin = this.at;
    const value = this.integer();
    if (value === 0 || value === 1) return value === 1;
    this.at = begin;
    throw this.unexpected("true, false, 0 or 1");
  }

  /** A number, rounded to the nearest double. */
  double(): number {
    return this.#number(false);
  }

  /** A number for a float32: what it is rounded to there is the same as for the nearest double. */
  float(): number {
    return this.#number(true);
  }

  /** A number without a fraction: 3, 3.0 and 3e0 are the same. Exact: a bigint where a number would not be. */
  integer(): number | bigint {
    this.peek();
    const begin = this.at;
    const value = this.#number(false);
    if (Number.isSafeInteger(value)) return value === 0 ? 0 : value;
    const text = this.bytes.toString("latin1", begin, this.at);
    if (/^-?\d+$/.test(text) && text.length < longestInteger) return BigInt(text);
    this.at = begin;
    throw this.unexpected("an integer");
  }

  /** Passes over a list of lists of scalars without reading them; where it ends and how many scalars it holds. */
  skipData(): { readonly begin: number; readonly end: number; readonly scalars: number } {
    if (this.peek() !== open) throw this.unexpected("a list");
    const { bytes } = this;
    const begin = this.at;
    let depth = 0;
    let scalars = 0;
    let inside = false;
    for (;;) {
      const byte = bytes[this.at];
      if (byte === undefined) throw this.unexpected('"]"');
      if (byte === quote) {
        scalars++;
        this.at = this.#endOfString();
        continue;
      }
      this.at++;
      if (byte === comma || isSpace(byte)) inside = false;
      else if (byte === open) {
        inside = false;
        if (this.#depth + ++depth > deepest) throw this.#tooDeep();
      } else if (byte === close) {
        inside = false;
        if (--depth === 0) return { begin, end: this.at, scalars };
      } else if (byte === openBrace || byte === closeBrace || byte === colon) {
        this.at--;
        throw this.unexpected("a number, a string or a list");
      } else if (!inside) {
        inside = true;
        scalars++;
      }
    }
  }

  /** That nothing follows. */
  end(): void {
    if (this.peek() !== undefined) throw this.unexpected("the end");
  }

  /** The next byte that is no space. */
  peek(): number | undefined {
    const { bytes } = this;
    while (isSpace(bytes[this.at])) this.at++;
    return bytes[this.at];
  }

  /** The error for what stands at `at`. */
  unexpected(expected: string): ServeFault {
    const { bytes, at } = this;
    const text = bytes.subarray(at, at + 12).toString("utf8");
    const found = at >= bytes.byteLength ? "its end" : JSON.stringify(/^[-+\w.]+/.exec(text)?.[0] ?? [...text][0]);
    const hint = /^[-+]?(NaN|Infinity|nan|inf)/.test(text) ? ": JSON has no NaN and no infinities; send the tensor as binary data" : "";
    return refuse("BadRequestException", `${this.#what} is not valid JSON: expected ${expected} at byte ${at}, found ${found}${hint}.`);
  }

  #enter(byte: number, what: string): void {
    if (this.peek() !== byte) throw this.unexpected(what);
    this.at++;
    if (++this.#depth > deepest) throw this.#tooDeep();
  }

  /** After an element: whether another one comes. */
  #goesOn(end: number): boolean {
    const byte = this.peek();
    if (byte !== comma && byte !== end) throw this.unexpected(end === close ? '"," or "]"' : '"," or "}"');
    this.at++;
    return byte === comma;
  }

  #word<T>(word: string, value: T): T {
    if (this.bytes.toString("latin1", this.at, this.at + word.length) !== word) throw this.unexpected("a value");
    this.at += word.length;
    return value;
  }

  /** Behind the closing quote of the string at `at`. */
  #endOfString(): number {
    const { bytes } = this;
    for (let i = this.at + 1; ; i++) {
      const end = bytes.indexOf(quote, i);
      if (end < 0) {
        this.at = bytes.byteLength;
        throw this.unexpected("the end of a string");
      }
      let escapes = 0;
      while (bytes[end - 1 - escapes] === backslash) escapes++;
      if (escapes % 2 === 0) return end + 1;
      i = end;
    }
  }

  #utf8(bytes: Uint8Array): string {
    try {
      return utf8.decode(bytes);
    } catch (cause) {
      throw refuse("BadRequestException", `${this.#what} is not valid JSON: a string before byte ${this.at} is not UTF-8.`, { cause });
    }
  }

  #anyNumber(): number | bigint {
    const begin = this.at;
    const value = this.#number(false);
    if (Number.isSafeInteger(value)) return value;
    const text = this.bytes.toString("latin1", begin, this.at);
    if (/^-?\d+$/.test(text) && text.length < longestInteger) return BigInt(text);
    if (Number.isFinite(value)) return value;
    throw refuse("BadRequestException", `${this.#what} has a number that is too large: ${text.slice(0, 40)}.`);
  }

  #number(single: boolean): number {
    this.peek();
    const { bytes } = this;
    const begin = this.at;
    let i = begin;
    if (bytes[i] === minus) i++;
    let byte = bytes[i];
    let mantissa = 0;
    let digits = 0;
    let scale = 0;
    const isZero = byte === zero;
    if (!isDigit(byte)) throw this.unexpected("a value");
    do {
      mantissa = mantissa * 10 + (byte - zero);
      if (mantissa !== 0) digits++;
      byte = bytes[++i];
    } while (isDigit(byte) && !isZero);
    if (byte === dot) {
      byte = bytes[++i];
      if (!isDigit(byte)) throw this.unexpected("a number");
      do {
        mantissa = mantissa * 10 + (byte - zero);
        if (mantissa !== 0) digits++;
        scale--;
        byte = bytes[++i];
      } while (isDigit(byte));
    }
    if (byte === 0x65 || byte === 0x45) {
      byte = bytes[++i];
      const negative = byte === minus;
      if (negative || byte === 0x2b) byte = bytes[++i];
      if (!isDigit(byte)) throw this.unexpected("a number");
      let exponent = 0;
      do {
        exponent = Math.min(exponent * 10 + (byte - zero), 99999);
        byte = bytes[++i];
      } while (isDigit(byte));
      scale += negative ? -exponent : exponent;
    }
    this.at = i;
    if (scale >= -22 && scale <= 22) {
      const value = scale < 0 ? mantissa / (powers[-scale] as number) : mantissa * (powers[scale] as number);
      const signed = bytes[begin] === minus ? -value : value;
      // One rounding of exact numbers is the nearest double; doubles next to it give the same float32 unless two of those are equally near.
      if (digits <= exactDigits) return signed;
      if (single && digits <= 19) {
        const least = Math.fround(signed * (1 - slack));
        if (least === Math.fround(signed * (1 + slack))) return least;
      }
    }
    return Number(bytes.toString("latin1", begin, i));
  }

  #tooDeep(): ServeFault {
    return refuse("BadRequestException", `${this.#what} is nested more than ${deepest} levels deep, at byte ${this.at}.`);
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
