// Writes a zip archive, each file as it is read. yazl would put the sizes of entries behind their bytes, and Java's streaming reader, which
// TorchServe unpacks with, refuses that for stored entries; so the headers are written here, and filled in when an entry is complete.
// Equal files give equal bytes: every entry has the same date, owner and mode. Source: APPNOTE.TXT 6.3.10.
import type { FileHandle } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { crc32, createDeflateRaw } from "node:zlib";
import { type PackedFile, writeAt } from "./packed-file.ts";

export interface ZipWriteOptions {
  /** Whether files are stored as they are; default: they are deflated. */
  readonly store?: boolean;
  /** From which size in bytes on numbers take 64 bits. Default: where 32 do not do. */
  readonly zip64From?: number;
}

interface Written {
  readonly name: Buffer;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
  /** Whether sizes stand in the extra field. */
  readonly large: boolean;
}

const LARGEST_32 = 0xffffffff;
const LARGEST_16 = 0xffff;
/** 1 January 1980, the first day that the format has. */
const firstDay = 0x0021;
const utf8Flag = 0x800;
const madeByUnix = 3 << 8;
const readableFile = 0o100644;

/** Writes `files` in their order into an empty file. */
export async function writeZip(file: FileHandle, files: Iterable<PackedFile>, options: ZipWriteOptions = {}): Promise<void> {
  const { store = false, zip64From = LARGEST_32 } = options;
  const written: Written[] = [];
  let at = 0;
  for (const packedFile of files) {
    const offset = at;
    // What cannot be packed grows a little. The header's length must be known before the content is.
    const large = packedFile.bytes + packedFile.bytes / 1000 + 100 >= zip64From;
    const name = Buffer.from(packedFile.path);
    at += localHeader({ name, method: 0, crc: 0, packed: 0, size: 0, offset, large }).length;
    const begin = at;
    let crc = 0;
    async function* watched() {
      for await (const part of packedFile.content()) {
        crc = crc32(part, crc);
        yield part;
      }
    }
    const sink = async (parts: AsyncIterable<Uint8Array>) => {
      for await (const part of parts) at += await writeAt(file, part, at);
    };
    if (store) await sink(watched());
    else await pipeline(watched, createDeflateRaw({ chunkSize: 2 ** 18 }), sink);
    const entry: Written = { name, method: store ? 0 : 8, crc, packed: at - begin, size: packedFile.bytes, offset, large };
    await writeAt(file, localHeader(entry), offset);
    written.push(entry);
  }
  const directory = Buffer.concat(written.map((entry) => directoryRecord(entry, zip64From)));
  await writeAt(file, Buffer.concat([directory, endOf(written.length, directory.length, at, zip64From)]), at);
}

/** The fields that both headers of an entry have, 26 bytes. */
function commonFields({ name, method, crc, packed, size, large }: Written, extra: number): Buffer {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(large ? 45 : 20, 0);
  fields.writeUInt16LE(name.some((byte) => byte >= 0x80) ? utf8Flag : 0, 2);
  fields.writeUInt16LE(method, 4);
  fields.writeUInt16LE(firstDay, 8);
  fields.writeUInt32LE(crc, 10);
  fields.writeUInt32LE(large ? LARGEST_32 : packed, 14);
  fields.writeUInt32LE(large ? LARGEST_32 : size, 18);
  fields.writeUInt16LE(name.length, 22);
  fields.writeUInt16LE(extra, 24);
  return fields;
}

function localHeader(entry: Written): Buffer {
  const extra = entry.large ? extraField([entry.size, entry.packed]) : Buffer.alloc(0);
  return Buffer.concat([Buffer.from("PK\x03\x04"), commonFields(entry, extra.length), entry.name, extra]);
}

function directoryRecord(entry: Written, zip64From: number): Buffer {
  const far = entry.offset >= zip64From;
  const numbers = [...(entry.large ? [entry.size, entry.packed] : []), ...(far ? [entry.offset] : [])];
  const extra = numbers.length > 0 ? extraField(numbers) : Buffer.alloc(0);
  const start = Buffer.from("PK\x01\x02\0\0");
  start.writeUInt16LE(madeByUnix | 45, 4);
  const rest = Buffer.alloc(14);
  rest.writeUInt32LE((readableFile << 16) >>> 0, 6);
  rest.writeUInt32LE(far ? LARGEST_32 : entry.offset, 10);
  return Buffer.concat([start, commonFields(entry, extra.length), rest, entry.name, extra]);
}

/** The field with the numbers that 32 bits do not hold. */
function extraField(numbers: readonly number[]): Buffer {
  const field = Buffer.alloc(4 + 8 * numbers.length);
  field.writeUInt16LE(1, 0);
  field.writeUInt16LE(8 * numbers.length, 2);
  numbers.forEach((value, i) => {
    field.writeBigUInt64LE(BigInt(value), 4 + 8 * i);
  });
  return field;
}

/** What stands behind the directory. */
function endOf(entries: number, bytes: number, offset: number, zip64From: number): Buffer {
  const large = entries >= LARGEST_16 || offset >= zip64From || bytes >= zip64From;
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  const short = large ? LARGEST_16 : entries;
  end.writeUInt16LE(short, 8);
  end.writeUInt16LE(short, 10);
  end.writeUInt32LE(large ? LARGEST_32 : bytes, 12);
  end.writeUInt32LE(large ? LARGEST_32 : offset, 16);
  if (!large) return end;
  const record = Buffer.alloc(56);
  record.write("PK\x06\x06", "latin1");
  record.writeBigUInt64LE(44n, 4);
  record.writeUInt16LE(madeByUnix | 45, 12);
  record.writeUInt16LE(45, 14);
  record.writeBigUInt64LE(BigInt(entries), 24);
  record.writeBigUInt64LE(BigInt(entries), 32);
  record.writeBigUInt64LE(BigInt(bytes), 40);
  record.writeBigUInt64LE(BigInt(offset), 48);
  const locator = Buffer.alloc(20);
  locator.write("PK\x06\x07", "latin1");
  locator.writeBigUInt64LE(BigInt(offset + bytes), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([record, locator, end]);
}
