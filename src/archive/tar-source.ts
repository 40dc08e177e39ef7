// The files of a gzip-packed tar archive, one after the other as they are unpacked; a header is 512 bytes, and the library `tar` decodes it.
// The stream is walked here rather than by the library's own parser, which would unpack a second time what looks packed.
// Source: POSIX.1-2017, pax interchange format, and GNU's long names.
import type { FileHandle } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { Header, Pax } from "tar";
import { IngotError, ingotError } from "../errors/error.ts";
import type { ArchiveEntry, EntryCheck } from "./entry.ts";

const block = 512;
/** Of names and attributes that stand in records of their own, in bytes. */
const longestRecord = 2 ** 16;
const regular = new Set(["File", "OldFile", "ContiguousFile"]);
const refused: Readonly<Record<string, string>> = {
  Link: "a hard link",
  SymbolicLink: "a symbolic link",
  CharacterDevice: "a device",
  BlockDevice: "a device",
  FIFO: "a pipe",
};

/** The entries of an open .tar.gz. The content of each must be taken, or left, before the next. */
export async function* tarEntries(file: FileHandle, path: string, check: EntryCheck): AsyncIterable<ArchiveEntry> {
  const source = file.createReadStream({ autoClose: false, start: 0 });
  const unpacked = createGunzip({ chunkSize: 2 ** 18 });
  source.on("error", (cause) => unpacked.destroy(cause));
  source.pipe(unpacked);
  const reader = new ByteReader(unpacked);
  try {
    yield* entriesOf(reader, path, check);
  } catch (cause) {
    throw damage(path, cause);
  } finally {
    source.destroy();
    unpacked.destroy();
  }
}

async function* entriesOf(reader: ByteReader, path: string, check: EntryCheck): AsyncIterable<ArchiveEntry> {
  let attributes: Pax | undefined;
  let longName: string | undefined;
  for (;;) {
    const bytes = await reader.take(block);
    // Archives end with two blocks of zeros; some programs write one, or none.
    if (bytes === undefined || bytes.every((b) => b === 0)) break;
    const header = new Header(bytes, 0, attributes);
    if (!header.cksumValid) throw new Error("there is no tar header where one must be");
    const size = header.size ?? 0;
    if (!Number.isSafeInteger(size)) throw new Error(`an entry claims ${size} bytes`);
    const { type } = header;
    if (type === "ExtendedHeader" || type === "GlobalExtendedHeader" || type === "NextFileHasLongPath") {
      check.count();
      const text = await record(reader, size);
      if (/GNU\.sparse/.test(text)) throw new Error("it has a sparse file, which only GNU tar writes");
      if (type === "NextFileHasLongPath") longName = text.replace(/\0[\s\S]*$/, "");
      // Global attributes are times and comments: those of a name or size for all files would make no sense.
      else if (type === "ExtendedHeader") attributes = Pax.parse(text, attributes, false);
      continue;
    }
    const name = attributes?.path ?? longName ?? header.path ?? "";
    attributes = undefined;
    longName = undefined;
    if (type === "Directory" || type === "GNUDumpDir") {
      check.folder(name);
      await reader.skip(padded(size));
    } else if (regular.has(type)) {
      const safe = check.file(name, size);
      let left = size;
      yield {
        path: safe,
        bytes: size,
        async *content() {
          try {
            for await (const part of reader.body(size)) {
              left -= part.length;
              yield part;
            }
          } catch (cause) {
            throw damage(path, cause);
          }
        },
      };
      await reader.skip(left + padded(size) - size);
    } else {
      const what = refused[type] ?? "of a kind that only its own program knows";
      throw ingotError("ArchiveLink", { path, entry: JSON.stringify(name.slice(0, 200)), what });
    }
  }
  // The checksum of gzip stands at the end.
  await reader.drain(block * 2 ** 11);
}

function damage(path: string, cause: unknown): unknown {
  if (cause instanceof IngotError) return cause;
  return ingotError("ArchiveDamaged", { path, problem: cause instanceof Error ? cause.message : String(cause) }, { cause });
}

async function record(reader: ByteReader, size: number): Promise<string> {
  if (size > longestRecord) throw new Error(`a name or its attributes take ${size} bytes`);
  const bytes = await reader.take(padded(size));
  if (bytes === undefined) throw new Error("it is cut off");
  return bytes.toString("utf8", 0, size);
}

const padded = (size: number) => Math.ceil(size / block) * block;

/** A stream, by the number of bytes. */
class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #left: Buffer = Buffer.alloc(0);

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  async #fill(): Promise<boolean> {
    const { done, value } = await this.#chunks.next();
    if (done) return false;
    this.#left = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    return true;
  }

  /** So many bytes; undefined where the stream has ended before the first. */
  async take(bytes: number): Promise<Buffer | undefined> {
    if (bytes === 0) return Buffer.alloc(0);
    const parts: Buffer[] = [];
    for await (const part of this.#pieces(bytes)) parts.push(part);
    const all = Buffer.concat(parts);
    if (all.length === 0) return undefined;
    if (all.length < bytes) throw new Error("it is cut off");
    return all;
  }

  /** So many bytes as they come; what is left of them is left for the next who asks. */
  async *body(bytes: number): AsyncIterable<Buffer> {
    let left = bytes;
    for await (const part of this.#pieces(bytes)) {
      left -= part.length;
      yield part;
    }
    if (left > 0) throw new Error("it is cut off");
  }

  async skip(bytes: number): Promise<void> {
    for await (const _part of this.body(bytes));
  }

  /** To the end; more than `most` bytes there are no padding any more. */
  async drain(most: number): Promise<void> {
    let seen = this.#left.length;
    while (await this.#fill()) {
      seen += this.#left.length;
      if (seen > most) throw new Error("there are other bytes behind its end");
    }
  }

  async *#pieces(bytes: number): AsyncIterable<Buffer> {
    for (let left = bytes; left > 0; ) {
      if (this.#left.length === 0 && !(await this.#fill())) return;
      const part = this.#left.subarray(0, left);
      this.#left = this.#left.subarray(part.length);
      left -= part.length;
      yield part;
    }
  }
}
