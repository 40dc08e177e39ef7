// A restricted unpickler: reads Python's pickle format as data. The opcodes that build numbers, strings and containers are here; what a pickle
// may call is a table that the caller gives, and anything else is an error. Nothing is imported, constructed or run by name.
// Source: CPython, Lib/pickletools.py (protocols 0 to 5).
import { ingotError } from "../errors/error.ts";

/** What a pickle can hold here. Tuples are frozen arrays; integers beyond 2^53 are bigints; `T` is whatever the allowed callables give. */
export type PickleValue<T> =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly PickleValue<T>[]
  | Map<PickleValue<T>, PickleValue<T>>
  | Set<PickleValue<T>>
  | PickleCallable<T>
  | T;

/** Something that a pickle may name: called with the arguments that the pickle gives. */
export interface PickleCallable<T> {
  readonly pickleName: string;
  /** Undefined for names that are only referred to, never called. */
  call?(args: readonly PickleValue<T>[]): PickleValue<T>;
}

export interface PickleRules<T> {
  /** The file, for messages. */
  readonly file: string;
  /** What `module.name` stands for; undefined refuses it. */
  find(module: string, name: string): PickleCallable<T> | undefined;
  /** The object behind a persistent id. */
  persistent(id: PickleValue<T>): PickleValue<T>;
}

/** A value, and where the pickle ended. */
export interface Unpickled<T> {
  readonly value: PickleValue<T>;
  readonly end: number;
}

/**
 * Reads one pickle that begins at `start`. Throws `PickleDamaged` and `PickleRefused`.
 *
 * @example
 * const { value } = unpickle(bytes, { file: "a.pkl", find: () => undefined, persistent: () => null });
 */
export function unpickle<T>(bytes: Uint8Array, rules: PickleRules<T>, start = 0): Unpickled<T> {
  return new Unpickler<T>(bytes, rules, start).run();
}

export function isCallable<T>(value: PickleValue<T>): value is PickleCallable<T> {
  return typeof value === "object" && value !== null && "pickleName" in value;
}

const mark = Symbol("mark");
type Slot<T> = PickleValue<T> | typeof mark;

class Unpickler<T> {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #rules: PickleRules<T>;
  readonly #memo = new Map<number, PickleValue<T>>();
  #stack: Slot<T>[] = [];
  /** How many items the calls so far were given. */
  #given = 0;
  #at: number;

  constructor(bytes: Uint8Array, rules: PickleRules<T>, start: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#rules = rules;
    this.#at = start;
  }

  run(): Unpickled<T> {
    for (;;) {
      const at = this.#at;
      const code = this.#take(1)[0] as number;
      if (code === STOP) return { value: this.#pop(), end: this.#at };
      const action = this.#actions[code];
      if (!action) throw this.#damaged(`byte ${at} is no opcode that data needs (0x${code.toString(16)})`);
      action();
    }
  }

  readonly #actions: Readonly<Record<number, () => void>> = {
    // ---- protocol and framing: nothing to do
    128: () => void this.#take(1),
    149: () => void this.#take(8),
    // ---- constants
    [ascii("N")]: () => this.#push(null),
    136: () => this.#push(true),
    137: () => this.#push(false),
    [ascii("I")]: () => this.#push(this.#decimal(this.#line())),
    [ascii("L")]: () => this.#push(this.#integer(this.#line().replace(/L$/, ""))),
    [ascii("J")]: () => this.#push(this.#view.getInt32(this.#skip(4), true)),
    [ascii("K")]: () => this.#push(this.#u8()),
    [ascii("M")]: () => this.#push(this.#u16()),
    138: () => this.#push(twosComplement(this.#take(this.#u8()))),
    139: () => {
      const length = this.#u32();
      if (length > largestInteger) throw this.#damaged(`an integer of ${length} bytes`);
      this.#push(twosComplement(this.#take(length)));
    },
    [ascii("F")]: () => this.#push(this.#float(this.#line())),
    [ascii("G")]: () => this.#push(this.#view.getFloat64(this.#skip(8), false)),
    [ascii("S")]: () => this.#push(this.#line().replace(/^(['"])(.*)\1$/s, "$2")),
    [ascii("T")]: () => this.#push(latin1(this.#take(this.#u32()))),
    [ascii("U")]: () => this.#push(latin1(this.#take(this.#u8()))),
    [ascii("V")]: () => this.#push(this.#line()),
    [ascii("X")]: () => this.#push(this.#text(this.#u32())),
    140: () => this.#push(this.#text(this.#u8())),
    141: () => this.#push(this.#text(this.#u64())),
    [ascii("B")]: () => this.#push(this.#take(this.#u32())),
    [ascii("C")]: () => this.#push(this.#take(this.#u8())),
    142: () => this.#push(this.#take(this.#u64())),
    150: () => this.#push(this.#take(this.#u64()).slice()),
    // ---- containers
    [ascii("(")]: () => void this.#stack.push(mark),
    [ascii("0")]: () => void this.#stack.pop(),
    [ascii("1")]: () => void this.#toMark(),
    [ascii("2")]: () => this.#push(this.#top()),
    [ascii("]")]: () => this.#push([]),
    [ascii("l")]: () => this.#push(this.#toMark()),
    [ascii("a")]: () => this.#extend([this.#pop()]),
    [ascii("e")]: () => this.#extend(this.#toMark()),
    [ascii(")")]: () => this.#push(Object.freeze([])),
    [ascii("t")]: () => this.#push(Object.freeze(this.#toMark())),
    133: () => this.#push(Object.freeze(this.#popped(1))),
    134: () => this.#push(Object.freeze(this.#popped(2))),
    135: () => this.#push(Object.freeze(this.#popped(3))),
    [ascii("}")]: () => this.#push(new Map()),
    [ascii("d")]: () => {
      const items = this.#toMark();
      this.#push(new Map());
      this.#setItems(items);
    },
    [ascii("s")]: () => this.#setItems(this.#popped(2)),
    [ascii("u")]: () => this.#setItems(this.#toMark()),
    143: () => this.#push(new Set()),
    144: () => {
      const items = this.#toMark();
      const set = this.#top();
      if (!(set instanceof Set)) throw this.#damaged("it adds items to something that is no set");
      for (const item of items) set.add(item);
    },
    145: () => this.#push(new Set(this.#toMark())),
    // ---- memo
    [ascii("p")]: () => void this.#memo.set(Number(this.#decimal(this.#line())), this.#top()),
    [ascii("q")]: () => void this.#memo.set(this.#u8(), this.#top()),
    [ascii("r")]: () => void this.#memo.set(this.#u32(), this.#top()),
    148: () => void this.#memo.set(this.#memo.size, this.#top()),
    [ascii("g")]: () => this.#recall(Number(this.#decimal(this.#line()))),
    [ascii("h")]: () => this.#recall(this.#u8()),
    [ascii("j")]: () => this.#recall(this.#u32()),
    // ---- names, calls, persistent ids
    [ascii("c")]: () => this.#global(this.#line(), this.#line()),
    147: () => {
      const [module, name] = this.#popped(2);
      if (typeof module !== "string" || typeof name !== "string") throw this.#damaged("it names a callable by something that is no text");
      this.#global(module, name);
    },
    [ascii("R")]: () => this.#call(),
    129: () => this.#call(),
    [ascii("i")]: () => {
      const [module, name] = [this.#line(), this.#line()];
      throw this.#refused(module, name);
    },
    [ascii("b")]: () => this.#build(),
    [ascii("P")]: () => this.#push(this.#rules.persistent(this.#line())),
    [ascii("Q")]: () => this.#push(this.#rules.persistent(this.#pop())),
  };

  #push(value: PickleValue<T>): void {
    this.#stack.push(value);
  }

  #pop(): PickleValue<T> {
    const value = this.#top();
    this.#stack.pop();
    return value;
  }

  #top(): PickleValue<T> {
    const value = this.#stack[this.#stack.length - 1];
    if (value === undefined || value === mark) throw this.#damaged("it takes a value that is not there");
    return value;
  }

  #popped(count: number): PickleValue<T>[] {
    return Array.from({ length: count }, () => this.#pop()).reverse();
  }

  #toMark(): PickleValue<T>[] {
    const at = this.#stack.lastIndexOf(mark);
    if (at < 0) throw this.#damaged("it closes a group that was never opened");
    const items = this.#stack.slice(at + 1) as PickleValue<T>[];
    this.#stack.length = at;
    return items;
  }

  #extend(items: readonly PickleValue<T>[]): void {
    const list = this.#top();
    if (!Array.isArray(list) || Object.isFrozen(list)) throw this.#damaged("it appends to something that is no list");
    for (const item of items) list.push(item);
  }

  #setItems(items: readonly PickleValue<T>[]): void {
    const dict = this.#top();
    if (!(dict instanceof Map)) throw this.#damaged("it sets items of something that is no dictionary");
    if (items.length % 2 !== 0) throw this.#damaged("a dictionary has a key without a value");
    for (let i = 0; i < items.length; i += 2) dict.set(items[i] as PickleValue<T>, items[i + 1] as PickleValue<T>);
  }

  #recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw this.#damaged(`it recalls entry ${index} of its memo, which was never written`);
    this.#push(value);
  }

  #global(module: string, name: string): void {
    const found = this.#rules.find(module, name);
    if (!found) throw this.#refused(module, name);
    this.#push(found);
  }

  #call(): void {
    const [callable, args] = this.#popped(2);
    if (!Array.isArray(args) || !Object.isFrozen(args)) throw this.#damaged("it calls something with arguments that are no tuple");
    if (callable === undefined || !isCallable(callable) || !callable.call)
      throw this.#damaged(
        `it calls ${callable !== undefined && isCallable(callable) ? callable.pickleName : "something that cannot be called"}`,
      );
    // A pickle that says each item once says no more of them than it has bytes. One list given to many calls, by the memo, has no limit.
    for (const arg of args) if (Array.isArray(arg)) this.#given += arg.length;
    if (this.#given > this.#bytes.length) throw this.#damaged("its calls are given more items than it can hold");
    this.#push(callable.call(args));
  }

  /** State that an object gets after it was made. Containers have no state worth keeping (a state dict's `_metadata`); others take none. */
  #build(): void {
    this.#pop();
    const target = this.#top();
    if (!(target instanceof Map || target instanceof Set || Array.isArray(target)))
      throw this.#damaged("it sets the state of something that has none");
  }

  // ---- reading

  #take(count: number): Uint8Array {
    const at = this.#skip(count);
    return this.#bytes.subarray(at, at + count);
  }

  #skip(count: number): number {
    const at = this.#at;
    if (!(count <= this.#bytes.length - at)) throw this.#damaged(`it ends at byte ${this.#bytes.length}, inside a value of ${count} bytes`);
    this.#at += count;
    return at;
  }

  #u8(): number {
    return this.#view.getUint8(this.#skip(1));
  }
  #u16(): number {
    return this.#view.getUint16(this.#skip(2), true);
  }
  #u32(): number {
    return this.#view.getUint32(this.#skip(4), true);
  }
  #u64(): number {
    return Number(this.#view.getBigUint64(this.#skip(8), true));
  }

  #line(): string {
    const end = this.#bytes.indexOf(10, this.#at);
    if (end < 0) throw this.#damaged("a line has no end");
    const text = latin1(this.#bytes.subarray(this.#at, end));
    this.#at = end + 1;
    return text;
  }

  #text(length: number): string {
    return new TextDecoder().decode(this.#take(length));
  }

  /** `I` also writes booleans, as 00 and 01. */
  #decimal(text: string): PickleValue<T> {
    return text === "00" ? false : text === "01" ? true : this.#integer(text);
  }

  #integer(text: string): number | bigint {
    if (!/^\s*-?\d{1,400}\s*$/.test(text)) throw this.#damaged(`${JSON.stringify(text.slice(0, 40))} is no integer`);
    return safe(BigInt(text.trim()));
  }

  #float(text: string): number {
    const value = { inf: Number.POSITIVE_INFINITY, "-inf": Number.NEGATIVE_INFINITY, nan: Number.NaN }[text.trim()] ?? Number(text);
    if (Number.isNaN(value) && text.trim() !== "nan") throw this.#damaged(`${JSON.stringify(text.slice(0, 40))} is no number`);
    return value;
  }

  #damaged(problem: string): Error {
    return ingotError("PickleDamaged", { file: this.#rules.file, problem });
  }

  #refused(module: string, name: string): Error {
    return ingotError("PickleRefused", { file: this.#rules.file, callable: `${module}.${name}` });
  }
}

const STOP = ascii(".");
/** In bytes; longer ones are no data of a checkpoint, and slow to read. */
const largestInteger = 1024;

function ascii(letter: string): number {
  return letter.charCodeAt(0);
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** A little-endian integer of any length. */
function twosComplement(bytes: Uint8Array): number | bigint {
  if (bytes.length === 0) return 0;
  const hex = Buffer.from(bytes).reverse().toString("hex");
  const value = BigInt(`0x${hex}`);
  return safe((bytes[bytes.length - 1] as number) >= 128 ? value - (1n << BigInt(8 * bytes.length)) : value);
}

function safe(value: bigint): number | bigint {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}
