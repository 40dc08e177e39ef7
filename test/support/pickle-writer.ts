// Writes pickles (protocol 2) for tests of the reader: plain values, and calls of any name.

/** A call of `module.name` with arguments. */
export class PickleCall {
  readonly module: string;
  readonly name: string;
  readonly args: readonly unknown[];

  constructor(module: string, name: string, args: readonly unknown[]) {
    this.module = module;
    this.name = name;
    this.args = args;
  }
}

/** A name that is only referred to. */
export class PickleName {
  readonly module: string;
  readonly name: string;

  constructor(module: string, name: string) {
    this.module = module;
    this.name = name;
  }
}

/** An object that is kept outside of the pickle. */
export class PicklePersistent {
  readonly id: readonly unknown[];

  constructor(id: readonly unknown[]) {
    this.id = id;
  }
}

/** A tuple; plain arrays are written as lists. */
export class PickleTuple {
  readonly items: readonly unknown[];

  constructor(items: readonly unknown[]) {
    this.items = items;
  }
}

/** The bytes of one pickle. Maps become dictionaries, integers INT or LONG, other numbers floats. */
export function pickle(value: unknown): Buffer {
  return Buffer.concat([Buffer.from([0x80, 2]), ...encode(value), Buffer.from(".")]);
}

function* encode(value: unknown): Generator<Buffer> {
  const code = (text: string) => Buffer.from(text, "latin1");
  if (value === null) yield code("N");
  else if (typeof value === "boolean") yield Buffer.from([value ? 0x88 : 0x89]);
  else if (typeof value === "bigint") yield code(`L${value}L\n`);
  else if (typeof value === "number" && Number.isInteger(value)) yield code(`I${value}\n`);
  else if (typeof value === "number") {
    const out = Buffer.from("G________");
    out.writeDoubleBE(value, 1);
    yield out;
  } else if (typeof value === "string") {
    const text = Buffer.from(value);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(text.length);
    yield Buffer.concat([code("X"), length, text]);
  } else if (Array.isArray(value)) {
    yield code("](");
    for (const item of value) yield* encode(item);
    yield code("e");
  } else if (value instanceof Map) {
    yield code("}(");
    for (const [key, item] of value) {
      yield* encode(key);
      yield* encode(item);
    }
    yield code("u");
  } else if (value instanceof PickleTuple) {
    yield code("(");
    for (const item of value.items) yield* encode(item);
    yield code("t");
  } else if (value instanceof PickleName) yield code(`c${value.module}\n${value.name}\n`);
  else if (value instanceof PickleCall) {
    yield code(`c${value.module}\n${value.name}\n`);
    yield* encode(new PickleTuple(value.args));
    yield code("R");
  } else if (value instanceof PicklePersistent) {
    yield* encode(new PickleTuple(value.id));
    yield code("Q");
  } else throw new TypeError(`no pickle for ${String(value)}`);
}
