// The fields of a protobuf message, one after the other, as views of its bytes: for messages whose tensors must not be copied into objects.
import protobuf from "protobufjs/minimal.js";
import { refuse } from "../fault.ts";

/** How a field is written. */
export const wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** One field: `payload` are the bytes of its value, without its length. */
export interface Field {
  readonly number: number;
  readonly wire: number;
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** Calls `each` with every field. Throws ServeFault 400 for bytes that are no message; `what` names it. */
export function eachField(what: string, bytes: Uint8Array<ArrayBuffer>, each: (field: Field) => void): void {
  const reader = protobuf.Reader.create(bytes);
  // A view of plain bytes, whatever kind of array came.
  const view = (begin: number, end: number) => new Uint8Array(bytes.buffer, bytes.byteOffset + begin, end - begin);
  while (reader.pos < bytes.byteLength) {
    let field: Field;
    try {
      const tag = reader.uint32();
      const type = tag & 7;
      const begin = type === wire.bytes ? reader.uint32() : 0;
      const start = reader.pos;
      if (type === wire.bytes) reader.skip(begin);
      else reader.skipType(type);
      if (tag >>> 3 === 0) throw new RangeError("field number 0");
      field = { number: tag >>> 3, wire: type, payload: view(start, reader.pos) };
    } catch (cause) {
      throw refuse("BadRequestException", `The request is no ${what}: it is damaged at byte ${reader.pos}.`, { cause });
    }
    each(field);
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Throws ServeFault 400 where the field is no text. */
export function textField(what: string, field: Field): string {
  if (field.wire === wire.bytes)
    try {
      return utf8.decode(field.payload);
    } catch {
      // Told below.
    }
  throw refuse("BadRequestException", `${what} is no text.`);
}

/** A number of 64 bits, exact. */
export function int64Of(reader: protobuf.Reader, signed: boolean): bigint {
  const { low, high } = (signed ? reader.int64() : reader.uint64()) as unknown as { readonly low: number; readonly high: number };
  const bits = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  return signed ? BigInt.asIntN(64, bits) : bits;
}

/** How many varints there are in bytes that hold nothing else. */
export function countVarints(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if (byte < 0x80) count++;
  return count;
}
