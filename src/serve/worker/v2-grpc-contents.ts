// InferTensorContents: elements of a tensor in the field for its datatype, read into an array of its type and written from one.
import protobuf from "protobufjs/minimal.js";
import { dtypeInfo, type Elements, integerRange } from "../../tensor/dtype.ts";
import type { Storage } from "../../tensor/storage.ts";
import { refuse } from "../fault.ts";
import { countVarints, eachField, type Field, int64Of, wire } from "./protobuf-fields.ts";
import { type Datatype, datatypes } from "./v2-datatypes.ts";
import { wrongCount } from "./v2-inputs.ts";
import { elementText } from "./v2-text-elements.ts";

type Kind = "bool" | "int" | "int64" | "uint" | "uint64" | "fp32" | "fp64" | "bytes";

interface ContentsField {
  readonly name: string;
  readonly number: number;
  /** Bytes of an element where all have as many; 0 otherwise. */
  readonly size: 0 | 4 | 8;
}

const fields: Readonly<Record<Kind, ContentsField>> = {
  bool: { name: "bool_contents", number: 1, size: 0 },
  int: { name: "int_contents", number: 2, size: 0 },
  int64: { name: "int64_contents", number: 3, size: 0 },
  uint: { name: "uint_contents", number: 4, size: 0 },
  uint64: { name: "uint64_contents", number: 5, size: 0 },
  fp32: { name: "fp32_contents", number: 6, size: 4 },
  fp64: { name: "fp64_contents", number: 7, size: 8 },
  bytes: { name: "bytes_contents", number: 8, size: 0 },
};

const kinds: { readonly [D in Datatype]: Kind | undefined } = {
  BOOL: "bool",
  INT8: "int",
  INT16: "int",
  INT32: "int",
  INT64: "int64",
  UINT8: "uint",
  UINT16: "uint",
  UINT32: "uint",
  UINT64: "uint64",
  FP16: undefined,
  BF16: undefined,
  FP32: "fp32",
  FP64: "fp64",
  BYTES: "bytes",
};

/** Whether the message has a field for elements of a datatype. */
export const hasContents = (datatype: Datatype): boolean => kinds[datatype] !== undefined;

/** Throws ServeFault 400 for another number of elements, another field, and values that the datatype cannot hold. */
export function readContents(
  name: string,
  message: Uint8Array<ArrayBuffer>,
  datatype: Datatype,
  shape: readonly number[],
  count: number,
): Elements {
  const kind = kinds[datatype];
  if (kind === undefined) throw refuse("BadRequestException", `Input ${name}: ${datatype} has no contents, send raw_input_contents.`);
  const wanted = fields[kind];
  const parts: Field[] = [];
  eachField("InferTensorContents", message, (field) => {
    if (field.number === wanted.number) parts.push(field);
    else if (field.payload.byteLength > 0) {
      const other = Object.values(fields).find((f) => f.number === field.number)?.name ?? `field ${field.number}`;
      throw refuse(
        "BadRequestException",
        `Input ${name} is ${datatype}: its elements belong into ${wanted.name}, and there are some in ${other}.`,
      );
    }
  });
  const found = kind === "bytes" ? parts.length : parts.reduce((n, part) => n + elementsIn(name, part, wanted), 0);
  if (found !== count) throw wrongCount(name, found, shape);
  if (kind === "bytes") return parts.map(({ payload }, i) => elementText(name, i, payload));
  const elements = dtypeInfo(datatypes[datatype]).make(count);
  if (wanted.size > 0) copyFixed(parts, elements as Float32Array | Float64Array);
  else readVarints(name, parts, kind, datatype, elements);
  return elements;
}

/** Elements of a part, which is one of them or as many as there are (packed). */
function elementsIn(name: string, { wire: type, payload }: Field, { size, name: field }: ContentsField): number {
  const single = size === 4 ? wire.fixed32 : size === 8 ? wire.fixed64 : wire.varint;
  if (type === single) return 1;
  const count = size > 0 ? payload.byteLength / size : countVarints(payload);
  const whole = size > 0 ? Number.isInteger(count) : (payload.at(-1) ?? 0) < 0x80;
  if (type !== wire.bytes || !whole) throw refuse("BadRequestException", `Input ${name}: its ${field} are damaged.`);
  return count;
}

function copyFixed(parts: readonly Field[], into: Float32Array | Float64Array): void {
  const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
  let at = 0;
  for (const { payload } of parts) {
    bytes.set(payload, at);
    at += payload.byteLength;
  }
}

function readVarints(name: string, parts: readonly Field[], kind: Kind, datatype: Datatype, elements: Elements): void {
  const into = elements as unknown as { [i: number]: number | bigint };
  const [least, most] = integerRange(datatypes[datatype]);
  const [low, high] = [Number(least), Number(most)];
  let at = 0;
  const read = (reader: protobuf.Reader) => {
    try {
      if (kind === "int64" || kind === "uint64") return int64Of(reader, kind === "int64");
      return kind === "bool" ? Number(reader.bool()) : kind === "int" ? reader.int32() : reader.uint32();
    } catch (cause) {
      throw refuse("BadRequestException", `Input ${name}: element ${at} is damaged.`, { cause });
    }
  };
  for (const { payload } of parts) {
    const reader = protobuf.Reader.create(payload);
    while (reader.pos < payload.byteLength) {
      const value = read(reader);
      if (typeof value === "bigint") into[at++] = value;
      else {
        if (value < low || value > high)
          throw refuse("BadRequestException", `Input ${name}: element ${at} is ${value}, which ${datatype} cannot hold.`);
        into[at++] = value;
      }
    }
  }
}

/** An InferTensorContents with the elements of an output. */
export function writeContents(datatype: Datatype, value: Storage): Uint8Array {
  const kind = kinds[datatype];
  if (kind === undefined) throw new Error(`${datatype} has no contents`);
  const writer = protobuf.Writer.create();
  const { number } = fields[kind];
  const elements = value.dense();
  if (Array.isArray(elements)) {
    for (const text of elements) writer.uint32((number << 3) | wire.bytes).string(text);
    return writer.finish();
  }
  writer.uint32((number << 3) | wire.bytes);
  if (kind === "fp32" || kind === "fp64") {
    writer.bytes(new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength));
    return writer.finish();
  }
  writer.fork();
  for (const v of elements) {
    if (typeof v === "bigint") writeInt64(writer, v);
    else if (kind === "int") writer.int32(v);
    else writer.uint32(v);
  }
  return writer.ldelim().finish();
}

/** A bigint as a varint: protobufjs takes it in two halves. */
export function writeInt64(writer: protobuf.Writer, value: bigint): void {
  const bits = BigInt.asUintN(64, value);
  const halves = { low: Number(bits & 0xffffffffn) | 0, high: Number(bits >> 32n) | 0, unsigned: true };
  writer.uint64(halves as unknown as number);
}
