// Writes a zip archive byte by byte, without any check: what a test says is what the file holds.
import { crc32 } from "node:zlib";

/** One entry, and what its headers claim instead of the truth. */
export interface ZipPart {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** 0 stored (default), 8 deflated. */
  readonly method?: number;
  /** Of the content once it is unpacked; default: of `bytes`. */
  readonly claimedSize?: number;
  /** Where the local header is said to be; default: where it is. */
  readonly claimedOffset?: number;
  /** Of the content once it is unpacked; default: of `bytes`. */
  readonly crc?: number;
  /** General-purpose flags of both headers: 1 encrypted, 8 sizes behind the content, 0x800 UTF-8. */
  readonly flags?: number;
  /** A Unix mode with its kind of file, as in `0o120777`. */
  readonly mode?: number;
  /** Sizes and checksum stand behind the content, and are zero in the local header. */
  readonly descriptor?: boolean;
  /** Sizes stand in the extra field for large files, in both headers. */
  readonly zip64?: boolean;
  /** What only the local header says. */
  readonly local?: { readonly name?: string; readonly method?: number; readonly size?: number; readonly crc?: number };
}

interface HeaderFields {
  readonly name: Buffer;
  readonly method: number;
  readonly flags: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly zip64: boolean;
}

/** Both headers have these 26 bytes in common. */
function commonFields({ name, method, flags, crc, packed, size, zip64 }: HeaderFields): Buffer {
  const common = Buffer.alloc(26);
  common.writeUInt16LE(zip64 ? 45 : 20, 0);
  common.writeUInt16LE(flags, 2);
  common.writeUInt16LE(method, 4);
  common.writeUInt32LE(crc, 10);
  common.writeUInt32LE(zip64 ? 0xffffffff : packed, 14);
  common.writeUInt32LE(zip64 ? 0xffffffff : size, 18);
  common.writeUInt16LE(name.length, 22);
  common.writeUInt16LE(zip64 ? 20 : 0, 24);
  return common;
}

function extraField({ packed, size, zip64 }: HeaderFields): Buffer {
  if (!zip64) return Buffer.alloc(0);
  const extra = Buffer.alloc(20);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(16, 2);
  extra.writeBigUInt64LE(BigInt(size), 4);
  extra.writeBigUInt64LE(BigInt(packed), 12);
  return extra;
}

function descriptorOf({ crc, packed, size }: HeaderFields): Buffer {
  const descriptor = Buffer.from("PK\x07\x08............");
  [crc, packed, size].forEach((value, i) => {
    descriptor.writeUInt32LE(value, 4 + 4 * i);
  });
  return descriptor;
}

export function zipOf(parts: readonly ZipPart[]): Buffer {
  const pieces: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const part of parts) {
    const { bytes, claimedSize = bytes.length, claimedOffset = at, descriptor = false, local = {}, mode } = part;
    const central: HeaderFields = {
      name: Buffer.from(part.name),
      method: part.method ?? 0,
      flags: (part.flags ?? 0) | (descriptor ? 8 : 0),
      crc: part.crc ?? crc32(bytes),
      packed: bytes.length,
      size: claimedSize,
      zip64: part.zip64 ?? false,
    };
    const front: HeaderFields = {
      ...central,
      ...(local.name !== undefined && { name: Buffer.from(local.name) }),
      ...(local.method !== undefined && { method: local.method }),
      ...(local.size !== undefined && { size: local.size }),
      ...(local.crc !== undefined && { crc: local.crc }),
      ...(descriptor && { crc: 0, packed: 0, size: 0 }),
    };
    const written = [
      Buffer.from("PK\x03\x04"),
      commonFields(front),
      front.name,
      extraField(front),
      Buffer.from(bytes),
      ...(descriptor ? [descriptorOf(central)] : []),
    ];
    const rest = Buffer.alloc(14);
    if (mode !== undefined) rest.writeUInt32LE((mode << 16) >>> 0, 6);
    rest.writeUInt32LE(claimedOffset, 10);
    const madeBy = Buffer.from([0x14, mode === undefined ? 0 : 3]);
    directory.push(Buffer.from("PK\x01\x02"), madeBy, commonFields(central), rest, central.name, extraField(central));
    pieces.push(...written);
    at += written.reduce((sum, piece) => sum + piece.length, 0);
  }
  const table = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(parts.length, 4);
  end.writeUInt16LE(parts.length, 6);
  end.writeUInt32LE(table.length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...pieces, table, Buffer.from("PK\x05\x06"), end]);
}

/** The stored entries of an archive that `zipOf` wrote. */
export function entriesOf(bytes: Uint8Array): ZipPart[] {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: ZipPart[] = [];
  for (let at = 0; at + 30 <= view.length && view.readUInt32LE(at) === 0x04034b50; ) {
    const size = view.readUInt32LE(at + 18);
    const start = at + 30 + view.readUInt16LE(at + 26) + view.readUInt16LE(at + 28);
    parts.push({ name: view.toString("utf8", at + 30, at + 30 + view.readUInt16LE(at + 26)), bytes: bytes.subarray(start, start + size) });
    at = start + size;
  }
  return parts;
}
