// The entries of a zip archive, read into memory of their own one by one. yauzl reads the directory and refuses what is malformed; sizes
// are checked against what the file can hold before memory is asked for.
import type { FileHandle } from "node:fs/promises";
import { promisify } from "node:util";
import { inflateRaw } from "node:zlib";
import { type Entry, fromFd, type ZipFile } from "yauzl";
import { formatBytes } from "../errors/quantity.ts";
import { hasRoom } from "../tensor/memory.ts";
import { readInto } from "./read-file.ts";

/** An archive that is open for reading. */
export interface ZipArchive {
  readonly names: readonly string[];
  /** The bytes of an entry; undefined where there is none of that name. Throws an error whose message says what is wrong. */
  read(name: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
}

/** An archive that breaks the rules of the format. */
export class ZipProblem extends Error {}

const STORED = 0;
const DEFLATED = 8;
/** The best that deflate can do, with room: what claims more is a bomb. */
const largestRatio = 1040;
const inflate = promisify(inflateRaw);

/** Whether a file that begins with these bytes is a zip archive. */
export const isZip = (head: Uint8Array): boolean => head[0] === 0x50 && head[1] === 0x4b && head[2] === 3 && head[3] === 4;

/** Reads the directory of an archive; its entries can be read as long as the file is open. Throws `ZipProblem`, and the system's errors. */
export async function openZip(file: FileHandle): Promise<ZipArchive> {
  const { size } = await file.stat();
  const zip = await directoryOf(file.fd);
  const entries = await entriesOf(zip);
  checkRoom(entries, size);
  return {
    names: [...entries.keys()],
    async read(name) {
      const entry = entries.get(name);
      if (!entry) return undefined;
      const at = await dataStart(zip, entry);
      if (at + entry.compressedSize > size) throw new ZipProblem(`the entry ${name} ends at byte ${at + entry.compressedSize} of ${size}`);
      const raw = new Uint8Array(entry.compressedSize);
      if ((await readInto(file, raw, at)) < raw.length) throw new ZipProblem(`the entry ${name} is cut off`);
      return expand(entry, raw);
    },
  };
}

/** Entries that share bytes, or unpack to more than this machine has, make much memory of a small file. Throws `ZipProblem`. */
function checkRoom(entries: ReadonlyMap<string, Entry>, fileBytes: number): void {
  let packed = 0;
  let unpacked = 0;
  for (const [name, { compressedSize, uncompressedSize }] of entries) {
    packed += compressedSize;
    unpacked += uncompressedSize;
    if (packed > fileBytes)
      throw new ZipProblem(`its entries up to ${name} are packed in ${packed} bytes, but the file has ${fileBytes}: some share bytes`);
  }
  if (!hasRoom(unpacked)) throw new ZipProblem(`its entries unpack to ${formatBytes(unpacked)}, more than this machine has`);
}

async function expand(entry: Entry, raw: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const { fileName: name, compressionMethod, uncompressedSize } = entry;
  if (compressionMethod === STORED) {
    if (uncompressedSize !== raw.length)
      throw new ZipProblem(`the entry ${name} is stored in ${raw.length} bytes but claims ${uncompressedSize}`);
    return raw;
  }
  if (compressionMethod !== DEFLATED)
    throw new ZipProblem(`the entry ${name} is packed by method ${compressionMethod}, which is not known`);
  if (uncompressedSize > (raw.length + 1) * largestRatio)
    throw new ZipProblem(`the entry ${name} claims ${uncompressedSize} bytes out of ${raw.length}, more than packing can do`);
  try {
    const bytes = await inflate(raw, { maxOutputLength: Math.max(1, uncompressedSize) });
    if (bytes.length !== uncompressedSize)
      throw new ZipProblem(`the entry ${name} unpacks to ${bytes.length} bytes instead of ${uncompressedSize}`);
    return new Uint8Array(bytes);
  } catch (cause) {
    if (cause instanceof ZipProblem) throw cause;
    throw new ZipProblem(`the entry ${name} cannot be unpacked: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function directoryOf(fd: number): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    fromFd(fd, { lazyEntries: true, autoClose: false }, (error, zip) => (error ? reject(new ZipProblem(error.message)) : resolve(zip)));
  });
}

function entriesOf(zip: ZipFile): Promise<Map<string, Entry>> {
  return new Promise((resolve, reject) => {
    const entries = new Map<string, Entry>();
    zip.on("entry", (entry: Entry) => {
      if (entries.has(entry.fileName)) reject(new ZipProblem(`two entries are called ${entry.fileName}`));
      entries.set(entry.fileName, entry);
      zip.readEntry();
    });
    zip.once("end", () => resolve(entries));
    zip.once("error", (error: Error) => reject(new ZipProblem(error.message)));
    zip.readEntry();
  });
}

function dataStart(zip: ZipFile, entry: Entry): Promise<number> {
  return new Promise((resolve, reject) => {
    zip.readLocalFileHeader(entry, { minimal: true }, (error, header) =>
      error ? reject(new ZipProblem(error.message)) : resolve(header.fileDataStart),
    );
  });
}
