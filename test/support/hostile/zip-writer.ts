// Writes a zip archive of stored entries, without any check: what a test says is what the file holds.
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
}

export function zipOf(parts: readonly ZipPart[]): Buffer {
  const pieces: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, bytes, method = 0, claimedSize = bytes.length, claimedOffset = at } of parts) {
    const title = Buffer.from(name);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(method, 4);
    common.writeUInt32LE(crc32(bytes), 10);
    common.writeUInt32LE(bytes.length, 14);
    common.writeUInt32LE(claimedSize, 18);
    common.writeUInt16LE(title.length, 22);
    pieces.push(Buffer.from("PK\x03\x04"), common, title, Buffer.from(bytes));
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(claimedOffset, 10);
    directory.push(Buffer.from("PK\x01\x02\x14\x00", "latin1"), common, rest, title);
    at += 30 + title.length + bytes.length;
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
