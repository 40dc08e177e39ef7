// From messages to bytes. protobufjs writes the small parts; the memory of large tensors stands between them as it is, uncopied:
// the result is a list of chunks, ready to be written one after the other.
import protobuf from "protobufjs/minimal.js";
import { type FieldPlan, fieldPlans, isMessageKind, type Message, type MessageName, type ScalarKind } from "./schema.ts";

/** Bytes in pieces, in order. */
export interface Chunks {
  readonly parts: readonly Uint8Array[];
  /** Bytes in all. */
  readonly size: number;
}

/** Memory of at least this many bytes is not copied. */
const large = 16 * 1024;

const varint = 0;
const fixed64 = 1;
const delimited = 2;
const fixed32 = 5;

/**
 * Encodes a message. Parts may be the caller's own memory: write them before changing it.
 *
 * @example
 * await writeFileAtomically("model.onnx", encodeMessage("ModelProto", model).parts);
 */
export function encodeMessage<M extends MessageName>(name: M, message: Message<M>): Chunks {
  return encodeDraft(name, message as Readonly<Record<string, unknown>>).finish();
}

/** Encodes a message into one array: for small ones. */
export function encodeToBytes<M extends MessageName>(name: M, message: Message<M>): Uint8Array {
  const { parts, size } = encodeMessage(name, message);
  return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts, size);
}

/** A writer that keeps large memory apart. */
class ChunkWriter {
  #writer = protobuf.Writer.create();
  readonly #parts: Uint8Array[] = [];
  #size = 0;

  tag(field: number, wire: number): protobuf.Writer {
    return this.#writer.uint32(((field << 3) | wire) >>> 0);
  }

  /** Bytes without a length in front. */
  raw(bytes: Uint8Array): void {
    if (bytes.length < large) {
      this.#writer.raw(bytes);
      return;
    }
    this.#flush();
    this.#parts.push(bytes);
    this.#size += bytes.length;
  }

  delimited(field: number, { parts, size }: Chunks): void {
    this.tag(field, delimited).uint32(size);
    for (const part of parts) this.raw(part);
  }

  finish(): Chunks {
    this.#flush();
    return { parts: this.#parts, size: this.#size };
  }

  #flush(): void {
    const bytes = this.#writer.finish();
    if (bytes.length === 0) return;
    this.#parts.push(bytes);
    this.#size += bytes.length;
    this.#writer = protobuf.Writer.create();
  }
}

function encodeDraft(name: MessageName, message: Readonly<Record<string, unknown>>): ChunkWriter {
  const out = new ChunkWriter();
  for (const plan of fieldPlans(name).values()) {
    const value = message[plan.name];
    if (value === undefined) continue;
    if (plan.label === "packed") writePacked(out, plan, value as ArrayBufferView & ArrayLike<number | bigint>);
    else for (const item of plan.label === "repeated" ? (value as readonly unknown[]) : [value]) writeOne(out, plan, item);
  }
  for (const bytes of (message.unknown ?? []) as readonly Uint8Array[]) out.raw(bytes);
  return out;
}

function writeOne(out: ChunkWriter, plan: FieldPlan, value: unknown): void {
  if (isMessageKind(plan.kind)) out.delimited(plan.number, encodeDraft(plan.kind, value as Readonly<Record<string, unknown>>).finish());
  else scalars[plan.kind](out, plan.number, value);
}

/** protobufjs takes 64-bit integers as two halves. */
type Halves = Exclude<Parameters<protobuf.Writer["int64"]>[0], number | string>;

function long(value: bigint): Halves {
  const halves = { low: Number(BigInt.asIntN(32, value)), high: Number(BigInt.asIntN(32, value >> 32n)), unsigned: false };
  return halves as Halves;
}

const scalars: { readonly [K in ScalarKind]: (out: ChunkWriter, field: number, value: unknown) => void } = {
  int32: (out, field, value) => void out.tag(field, varint).int32(value as number),
  int64: (out, field, value) => void out.tag(field, varint).int64(long(value as bigint)),
  uint64: (out, field, value) => void out.tag(field, varint).uint64(long(value as bigint)),
  size: (out, field, value) => void out.tag(field, varint).int64(long(BigInt(value as number))),
  float: (out, field, value) => void out.tag(field, fixed32).float(value as number),
  double: (out, field, value) => void out.tag(field, fixed64).double(value as number),
  string: (out, field, value) => void out.tag(field, delimited).string(value as string),
  bytes: (out, field, value) => {
    const bytes = value as Uint8Array;
    out.delimited(field, { parts: [bytes], size: bytes.length });
  },
};

/** Fixed-width lists are their own memory; varints are written one by one. */
function writePacked(out: ChunkWriter, plan: FieldPlan, values: ArrayBufferView & ArrayLike<number | bigint>): void {
  if (values.length === 0) return;
  if (plan.kind === "float" || plan.kind === "double") {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    out.delimited(plan.number, { parts: [bytes], size: bytes.length });
    return;
  }
  const writer = protobuf.Writer.create();
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number | bigint;
    if (typeof value === "number") writer.int32(value);
    else if (plan.kind === "uint64") writer.uint64(long(value));
    else writer.int64(long(value));
  }
  const bytes = writer.finish();
  out.delimited(plan.number, { parts: [bytes], size: bytes.length });
}
