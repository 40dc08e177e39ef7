// The header of a safetensors file: parsed with every rule of the format, because the file may come from anyone; and made.
// Source: the format's description in huggingface/safetensors, README, "Format".
import { ingotError } from "../errors/error.ts";
import { type DType, dtypeInfo } from "../tensor/dtype.ts";
import { formatShape, largestRank, type Shape } from "../tensor/shape.ts";

/** The format's limit on its header, in bytes. */
export const LARGEST_HEADER = 100_000_000;
/** Before the header stands its length, as a 64-bit little-endian integer. */
export const PREFIX_BYTES = 8;

/** Where a tensor stands; `begin` counts from the first byte after the header. */
export interface TensorPlace {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly begin: number;
  readonly bytes: number;
}

export interface SafetensorsHeader {
  readonly metadata: ReadonlyMap<string, string>;
  readonly places: readonly TensorPlace[];
}

const dtypeOf = new Map<string, DType>([
  ["F64", "float64"],
  ["F32", "float32"],
  ["F16", "float16"],
  ["BF16", "bfloat16"],
  ["I64", "int64"],
  ["I32", "int32"],
  ["I16", "int16"],
  ["I8", "int8"],
  ["U64", "uint64"],
  ["U32", "uint32"],
  ["U16", "uint16"],
  ["U8", "uint8"],
  ["BOOL", "bool"],
  ["F8_E4M3", "float8e4m3fn"],
  ["F8_E5M2", "float8e5m2"],
  ["F8_E8M0", "float8e8m0"],
]);
const nameOf = new Map([...dtypeOf].map(([name, dtype]) => [dtype, name]));
const known = [...dtypeOf.keys()].join(", ");

/** Reads the header's length from the first 8 bytes and checks it against the file's. Throws `SafetensorsTruncated`. */
export function headerLength(prefix: Uint8Array, fileBytes: number, file: string): number {
  const truncated = (problem: string) => ingotError("SafetensorsTruncated", { file, problem });
  if (fileBytes < PREFIX_BYTES) throw truncated(`it has ${fileBytes} bytes, fewer than the ${PREFIX_BYTES} of the length it begins with`);
  const length = new DataView(prefix.buffer, prefix.byteOffset, PREFIX_BYTES).getBigUint64(0, true);
  if (length > BigInt(LARGEST_HEADER)) throw truncated(`it announces a header of ${length} bytes; the format allows ${LARGEST_HEADER}`);
  if (length > BigInt(fileBytes - PREFIX_BYTES))
    throw truncated(`it announces a header of ${length} bytes and has ${fileBytes - PREFIX_BYTES}`);
  return Number(length);
}

/** Parses and checks a header; `dataBytes` is what follows it in the file. Throws `SafetensorsHeader`, `SafetensorsTensor`, `SafetensorsDType`, `SafetensorsTruncated`. */
export function parseHeader(bytes: Uint8Array, dataBytes: number, file: string): SafetensorsHeader {
  const invalid = (problem: string) => ingotError("SafetensorsHeader", { file, problem });
  if (bytes[0] !== 0x7b) throw invalid("it does not begin with {");
  let text: string;
  let parsed: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    parsed = JSON.parse(text);
  } catch (cause) {
    throw invalid(cause instanceof SyntaxError ? `it is not JSON: ${cause.message}` : "it is not UTF-8");
  }
  const twice = repeatedKey(text);
  if (twice !== undefined) throw invalid(`the key ${twice} stands twice in one object`);
  if (!isRecord(parsed)) throw invalid("it is not an object");
  const metadata = new Map<string, string>();
  const places: TensorPlace[] = [];
  for (const [name, entry] of Object.entries(parsed)) {
    if (name !== "__metadata__") {
      places.push(parsePlace(name, entry, dataBytes, file));
      continue;
    }
    if (!isRecord(entry)) throw invalid("__metadata__ is not an object");
    for (const [key, value] of Object.entries(entry)) {
      if (typeof value !== "string") throw invalid(`__metadata__ holds something other than a string at ${JSON.stringify(key)}`);
      metadata.set(key, value);
    }
  }
  checkCover(places, dataBytes, file);
  return { metadata, places };
}

function parsePlace(name: string, entry: unknown, dataBytes: number, file: string): TensorPlace {
  const invalid = (problem: string) => ingotError("SafetensorsTensor", { file, tensor: name, problem });
  if (!isRecord(entry)) throw invalid("its entry is not an object");
  const { dtype: typeName, shape, data_offsets: offsets } = entry;
  if (typeof typeName !== "string") throw invalid("it has no dtype");
  const dtype = dtypeOf.get(typeName);
  if (dtype === undefined) throw ingotError("SafetensorsDType", { file, tensor: name, dtype: typeName, known });
  if (!isSizes(shape)) throw invalid("its shape is not a list of integers from 0");
  if (!isSizes(offsets) || offsets.length !== 2) throw invalid("its data_offsets are not two integers from 0");
  if (shape.length > largestRank) throw invalid(`it has ${shape.length} axes, and a tensor has at most ${largestRank}`);
  const [begin, end] = offsets as [number, number];
  if (begin > end) throw invalid(`its data end (${end}) before they begin (${begin})`);
  if (end > dataBytes)
    throw ingotError("SafetensorsTruncated", { file, problem: `tensor "${name}" ends at byte ${end} of ${dataBytes} bytes of data` });
  // BigInt, because a product of hostile sizes does not fit a number.
  const needed = shape.reduce((product, size) => product * BigInt(size), BigInt(dtypeInfo(dtype).bytes));
  if (needed !== BigInt(end - begin))
    throw invalid(`${typeName} of shape ${formatShape(shape)} takes ${needed} bytes, but it has ${end - begin}`);
  return { name, dtype, shape, begin, bytes: end - begin };
}

/** The data must be covered from the first to the last byte, each once. */
function checkCover(places: readonly TensorPlace[], dataBytes: number, file: string): void {
  let at = 0;
  for (const { name, begin, bytes } of [...places].sort((a, b) => a.begin - b.begin || a.bytes - b.bytes)) {
    if (begin !== at) {
      const problem =
        begin < at
          ? `it begins at byte ${begin}, inside another tensor that ends at ${at}`
          : `nothing stands in bytes ${at} to ${begin} before it`;
      throw ingotError("SafetensorsTensor", { file, tensor: name, problem });
    }
    at = begin + bytes;
  }
  if (at !== dataBytes)
    throw ingotError("SafetensorsHeader", { file, problem: `its tensors end at byte ${at}, but ${dataBytes} bytes of data follow it` });
}

/**
 * The first key (as written) that an object of the JSON text holds twice; `JSON.parse` would keep the last and say nothing. The text is valid
 * JSON. Read letter by letter: a regular expression would need a stack as long as the longest name.
 */
function repeatedKey(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (letter === "{") open.push(new Set());
    else if (letter === "[") open.push(undefined);
    else if (letter === "}" || letter === "]") open.pop();
    else if (letter === '"') {
      const end = endOfString(text, at);
      const keys = open.at(-1);
      if (keys && isKey(text, end)) {
        const key: string = JSON.parse(text.slice(at, end));
        if (keys.has(key)) return JSON.stringify(key);
        keys.add(key);
      }
      at = end - 1;
    }
  }
  return undefined;
}

/** The place behind the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}

/** Whether a colon follows, with any space before it. */
function isKey(text: string, end: number): boolean {
  let at = end;
  while (/\s/.test(text[at] ?? "")) at++;
  return text[at] === ":";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((v) => Number.isSafeInteger(v) && v >= 0);
}

/** What a tensor to be written is. */
export interface TensorToWrite {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

/**
 * Length, header and padding for tensors that will follow in this order, without gaps. The header is padded with spaces so that the data
 * begin at a multiple of 8. Throws `SafetensorsName`, `SafetensorsUnwritable`.
 */
export function encodeHeader(tensors: readonly TensorToWrite[], metadata: ReadonlyMap<string, string>): Uint8Array {
  const entries: [string, unknown][] = metadata.size > 0 ? [["__metadata__", Object.fromEntries(metadata)]] : [];
  const seen = new Set<string>();
  let at = 0;
  for (const { name, dtype, shape } of tensors) {
    const typeName = nameOf.get(dtype);
    if (typeName === undefined) throw ingotError("SafetensorsUnwritable", { tensor: name, dtype, known: [...nameOf.keys()].join(", ") });
    if (name === "__metadata__") throw ingotError("SafetensorsName", { tensor: name, problem: "the format reserves it" });
    if (seen.has(name)) throw ingotError("SafetensorsName", { tensor: name, problem: "another tensor has it too" });
    seen.add(name);
    const bytes = shape.reduce((product, size) => product * size, dtypeInfo(dtype).bytes);
    entries.push([name, { dtype: typeName, shape, data_offsets: [at, at + bytes] }]);
    at += bytes;
  }
  // Built from entries, so that a tensor called "__proto__" or "0" keeps its name and place.
  const json = new TextEncoder().encode(`{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`);
  if (json.length > LARGEST_HEADER)
    throw ingotError("SafetensorsName", { tensor: tensors[0]?.name ?? "", problem: "all names together exceed the format's header" });
  const padded = Math.ceil(json.length / 8) * 8;
  const out = new Uint8Array(PREFIX_BYTES + padded).fill(0x20);
  new DataView(out.buffer).setBigUint64(0, BigInt(padded), true);
  out.set(json, PREFIX_BYTES);
  return out;
}
