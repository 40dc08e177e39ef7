// From bytes to messages. protobufjs reads the wire format; the table in schema.ts says what the fields are. `bytes` fields are views on
// the file's memory, not copies. Hostile bytes end in a named error after time and memory in proportion to the file.
import protobuf from "protobufjs/minimal.js";
import { IngotError, ingotError } from "../errors/error.ts";
import { type FieldPlan, fieldPlans, isMessageKind, type Message, type MessageName, type ModelProto, type ScalarKind } from "./schema.ts";

/** Messages nest at most this deep, as in Google's own implementation. */
const deepest = 100;

const varint = 0;
const fixed64 = 1;
const delimited = 2;
const fixed32 = 5;

/** A message being filled; typed from outside through the table. */
type Draft = Record<string, unknown>;

/** What is wrong with bytes, found at an offset. */
class WireError extends Error {}

/**
 * Decodes one message. `file` stands in errors. Throws `NotOnnx`.
 *
 * @example
 * const tensor = decodeMessage("TensorProto", readFileSync("input_0.pb"), "input_0.pb");
 */
export function decodeMessage<M extends MessageName>(name: M, bytes: Uint8Array, file: string): Message<M> {
  const reader = new protobuf.Reader(bytes);
  try {
    const draft: Draft = {};
    readInto(draft, name, reader, bytes.length, 0);
    return draft as Message<M>;
  } catch (cause) {
    if (cause instanceof IngotError) throw cause;
    const problem = cause instanceof WireError ? cause.message : `its bytes end or break at offset ${reader.pos} of ${bytes.length}`;
    throw ingotError("NotOnnx", { file, problem }, { cause });
  }
}

/** Decodes a model and checks that it is one. Throws `NotOnnx`. */
export function decodeModel(bytes: Uint8Array, file: string): ModelProto {
  if (bytes.length === 0) throw ingotError("NotOnnx", { file, problem: "it is empty" });
  const kind = signatures.find(({ start }) => start.every((b, i) => bytes[i] === b));
  if (kind) throw ingotError("NotOnnx", { file, problem: `it is ${kind.what}` });
  const model = decodeMessage("ModelProto", bytes, file);
  if (model.graph === undefined) throw ingotError("NotOnnx", { file, problem: "it holds no graph" });
  if (model.irVersion === undefined) throw ingotError("NotOnnx", { file, problem: "it does not say which IR version it has" });
  return model;
}

const ascii = (text: string) => [...Buffer.from(text)];
/** What people give by mistake. None of these starts an ONNX model, whose first byte is a field's tag. */
const signatures = [
  { start: [0xff, 0xd8, 0xff], what: "a JPEG picture" },
  { start: [0x89, ...ascii("PNG")], what: "a PNG picture" },
  { start: ascii("PK\x03\x04"), what: "a zip archive (a PyTorch checkpoint or a .mar?)" },
  { start: ascii("version https://git-lfs"), what: "a pointer of Git LFS, not the file itself" },
  { start: ascii("<"), what: "text (a web page?)" },
  { start: ascii("{"), what: "text (JSON?)" },
];

function readInto(draft: Draft, name: MessageName, reader: protobuf.Reader, end: number, depth: number): void {
  if (depth > deepest) throw new WireError(`messages nest more than ${deepest} deep`);
  const plans = fieldPlans(name);
  while (reader.pos < end) {
    const start = reader.pos;
    const tag = reader.tag();
    const wire = tag & 7;
    const plan = plans.get(tag >>> 3);
    if (tag >>> 3 === 0) throw new WireError(`there is no field 0, at offset ${start}`);
    if (plan && isMessageKind(plan.kind) && wire === delimited) readNested(draft, plan, plan.kind, reader, end, depth);
    else if (!plan || isMessageKind(plan.kind) || !readScalar(draft, plan, plan.kind, wire, reader, end)) {
      skip(reader, wire, end);
      keepUnknown(draft, reader.raw(start, reader.pos));
    }
    if (reader.pos > end) throw new WireError(`field ${plan?.name ?? tag >>> 3} of ${name} runs past its end, at offset ${start}`);
  }
}

/** The end of a length-delimited field, which must lie inside the message. */
function delimitedEnd(reader: protobuf.Reader, end: number): number {
  const size = reader.size();
  const stop = reader.pos + size;
  if (stop > end) throw new WireError(`${size} bytes are announced at offset ${reader.pos}, but ${end - reader.pos} are left`);
  return stop;
}

function readNested(draft: Draft, plan: FieldPlan, kind: MessageName, reader: protobuf.Reader, end: number, depth: number): void {
  const stop = delimitedEnd(reader, end);
  let child: Draft = {};
  if (plan.label === "repeated") list(draft, plan.name).push(child);
  // A single message that comes in parts is merged, as protobuf says.
  else if (draft[plan.name]) child = draft[plan.name] as Draft;
  else draft[plan.name] = child;
  readInto(child, kind, reader, stop, depth + 1);
}

function list(draft: Draft, name: string): unknown[] {
  const existing = draft[name];
  if (existing) return existing as unknown[];
  const made: unknown[] = [];
  draft[name] = made;
  return made;
}

/** How each kind stands on the wire and is read. */
const scalars: { readonly [K in ScalarKind]: { readonly wire: number; readonly read: (reader: protobuf.Reader, end: number) => unknown } } =
  {
    int32: { wire: varint, read: (r) => r.int32() },
    int64: { wire: varint, read: (r) => toBigInt(r.int64(), true) },
    uint64: { wire: varint, read: (r) => toBigInt(r.uint64(), false) },
    size: { wire: varint, read: (r) => toSize(toBigInt(r.int64(), true)) },
    float: { wire: fixed32, read: (r) => r.float() },
    double: { wire: fixed64, read: (r) => r.double() },
    string: { wire: delimited, read: (r, end) => text(readBytes(r, end)) },
    bytes: { wire: delimited, read: readBytes },
  };

/** False when the field has another wire type than its kind: then it is not the field we know. */
function readScalar(draft: Draft, plan: FieldPlan, kind: ScalarKind, wire: number, reader: protobuf.Reader, end: number): boolean {
  const scalar = scalars[kind];
  if (plan.label === "one") {
    if (wire !== scalar.wire) return false;
    draft[plan.name] = scalar.read(reader, end);
    return true;
  }
  const many = wire === delimited && scalar.wire !== delimited;
  if (!many && wire !== scalar.wire) return false;
  const stop = many ? delimitedEnd(reader, end) : undefined;
  if (plan.label === "packed") draft[plan.name] = appendPacked(draft[plan.name], kind, reader, stop, end);
  else {
    const items = list(draft, plan.name);
    if (stop === undefined) items.push(scalar.read(reader, end));
    else while (reader.pos < stop) items.push(scalar.read(reader, stop));
  }
  return true;
}

type Elements = Int32Array | BigInt64Array | BigUint64Array | Float32Array | Float64Array;
const packed: { readonly [kind: string]: { make(length: number): Elements; readonly bytes: number } } = {
  int32: { make: (n) => new Int32Array(n), bytes: 0 },
  int64: { make: (n) => new BigInt64Array(n), bytes: 0 },
  uint64: { make: (n) => new BigUint64Array(n), bytes: 0 },
  float: { make: (n) => new Float32Array(n), bytes: 4 },
  double: { make: (n) => new Float64Array(n), bytes: 8 },
};

/** Reads a packed run up to `stop` (or one unpacked element) behind what was there. */
function appendPacked(before: unknown, kind: ScalarKind, reader: protobuf.Reader, stop: number | undefined, end: number): Elements {
  const type = packed[kind] as (typeof packed)[string];
  const existing = (before as Elements | undefined) ?? type.make(0);
  const count = stop === undefined ? 1 : type.bytes > 0 ? Math.floor((stop - reader.pos) / type.bytes) : countVarints(reader, stop);
  const out = existing.length === 0 ? type.make(count) : grown(existing, type.make(existing.length + count));
  const base = existing.length;
  if (stop !== undefined && type.bytes > 0) {
    new Uint8Array(out.buffer, base * type.bytes).set(reader.raw(reader.pos, reader.pos + count * type.bytes));
    reader.pos += count * type.bytes;
    if (reader.pos !== stop) throw new WireError(`a packed list at offset ${reader.pos} ends inside an element`);
    return out;
  }
  const read = scalars[kind].read;
  const target = out as unknown as unknown[];
  for (let i = 0; i < count; i++) target[base + i] = read(reader, end);
  if (stop !== undefined && reader.pos !== stop) throw new WireError(`a packed list at offset ${reader.pos} ends inside an element`);
  return out;
}

function grown(from: Elements, to: Elements): Elements {
  (to as Float64Array).set(from as Float64Array);
  return to;
}

function countVarints(reader: protobuf.Reader, stop: number): number {
  let count = 0;
  for (let at = reader.pos; at < stop; at++) if ((reader.buf[at] as number) < 0x80) count++;
  return count;
}

function readBytes(reader: protobuf.Reader, end: number): Uint8Array {
  const stop = delimitedEnd(reader, end);
  const bytes = reader.buf.subarray(reader.pos, stop);
  reader.pos = stop;
  return bytes;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function text(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new WireError(`a name or text is not UTF-8 (${Buffer.from(bytes.subarray(0, 16)).toString("hex")}…)`);
  }
}

/** protobufjs gives 64-bit integers as two halves (Long). */
function toBigInt(value: { low: number; high: number } | number, signed: boolean): bigint {
  if (typeof value === "number") return BigInt(value);
  const { low, high } = value;
  if (high === 0) return BigInt(low >>> 0);
  const bits = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  return signed ? BigInt.asIntN(64, bits) : bits;
}

function toSize(value: bigint): number {
  const size = Number(value);
  if (!Number.isSafeInteger(size)) throw new WireError(`${value} is no version number`);
  return size;
}

function skip(reader: protobuf.Reader, wire: number, end: number): void {
  if (wire === varint) reader.uint64();
  else if (wire === fixed64) reader.pos += 8;
  else if (wire === fixed32) reader.pos += 4;
  else if (wire === delimited) reader.pos = delimitedEnd(reader, end);
  else throw new WireError(`there is no wire type ${wire}, at offset ${reader.pos}`);
}

function keepUnknown(draft: Draft, bytes: Uint8Array): void {
  list(draft, "unknown").push(bytes);
}
