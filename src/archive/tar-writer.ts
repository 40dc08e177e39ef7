// Writes a gzip-packed tar archive, each file as it is read; the library `tar` encodes the headers. Equal files give equal bytes: every entry
// has the same date, owner and mode, and gzip's header has no date.
import type { FileHandle } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { Header, Pax } from "tar";
import { type PackedFile, writeAt } from "./packed-file.ts";

const block = 512;
/** 1 January 1980, as in our zip archives: some programs do not like files of 1970. */
const date = new Date("1980-01-01T00:00:00Z");

export interface TarWriteOptions {
  /** Whether gzip stores the bytes as they are. */
  readonly store?: boolean;
}

/** Writes `files` in their order, below the folder `top`, into an empty file. */
export async function writeTarGz(
  file: FileHandle,
  top: string,
  files: Iterable<PackedFile>,
  { store = false }: TarWriteOptions = {},
): Promise<void> {
  async function* records() {
    for (const packed of files) {
      yield* headersOf(`${top}/${packed.path}`, packed.bytes);
      yield* packed.content();
      yield Buffer.alloc(Math.ceil(packed.bytes / block) * block - packed.bytes);
    }
    yield Buffer.alloc(2 * block);
  }
  let position = 0;
  await pipeline(records, createGzip({ chunkSize: 2 ** 18, ...(store && { level: 0 }) }), async (parts: AsyncIterable<Uint8Array>) => {
    for await (const part of parts) position += await writeAt(file, part, position);
  });
}

/** The header of a file, behind a record with what does not fit into it. */
function headersOf(path: string, size: number): Buffer[] {
  const fields = { path, size, mode: 0o644, uid: 0, gid: 0, uname: "root", gname: "root", mtime: date, type: "File" } as const;
  const header = new Header(fields);
  const block0 = Buffer.alloc(block);
  const needPax = header.encode(block0, 0);
  // The library's own test is of bytes; a name beyond ASCII has no meaning in a plain header either.
  return needPax || /[^\x20-\x7e]/.test(path) ? [new Pax({ path, size, mtime: date }).encode(), block0] : [block0];
}
