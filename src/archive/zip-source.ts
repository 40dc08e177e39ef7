// The files of a zip archive. yauzl reads the format, zip64 and data descriptors included; what it leaves to its caller is checked here:
// that the two headers of an entry agree, that entries do not overlap, that nothing is a link, and every checksum.
import type { FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { type Entry, fromFd, getFileNameLowLevel, type LocalFileHeader, type ZipFile } from "yauzl";
import { IngotError, ingotError } from "../errors/error.ts";
import type { ArchiveEntry, EntryCheck } from "./entry.ts";

const encryptedFlags = 0x2041;
const descriptorFlag = 0x8;
const utf8Flag = 0x800;
const madeByUnix = 3;
const fileKind = 0o170000;
const kinds = new Map([
  [0o120000, "a symbolic link"],
  [0o020000, "a device"],
  [0o060000, "a device"],
  [0o010000, "a pipe"],
  [0o140000, "a socket"],
]);
const regular = 0o100000;
const folder = 0o040000;
const STORED = 0;
const DEFLATED = 8;
/** What a 32-bit size says where the real one is in the zip64 field. */
const elsewhere = 0xffffffff;

interface Placed {
  readonly entry: Entry;
  /** Of a folder, with `/` at the end. */
  readonly path: string;
  readonly begin: number;
  readonly end: number;
}

/** The entries of an open zip archive, in its directory's order; all of them are checked before the first is given. */
export async function* zipEntries(file: FileHandle, path: string, check: EntryCheck): AsyncIterable<ArchiveEntry> {
  const damaged = (cause: unknown) => damage(path, cause);
  const zip = await openDirectory(file.fd).catch((cause) => {
    throw damaged(cause);
  });
  const placed: Placed[] = [];
  const ends = iterate(zip);
  for (;;) {
    const entry = await ends.next().catch((cause) => {
      throw damaged(cause);
    });
    if (entry === undefined) break;
    placed.push(await place(zip, entry, path, check));
  }
  checkOverlap(placed, path);
  for (const { entry, path: name } of placed)
    if (!name.endsWith("/")) yield { path: name, bytes: entry.uncompressedSize, content: () => contentOf(zip, entry, name, path) };
}

/** Checks one entry of the directory against its local header. */
async function place(zip: ZipFile, entry: Entry, path: string, check: EntryCheck): Promise<Placed> {
  const raw = entry.fileNameRaw;
  const name = nameOf(raw, entry.generalPurposeBitFlag);
  const shown = JSON.stringify(name.slice(0, 200));
  if (entry.generalPurposeBitFlag & encryptedFlags) throw ingotError("ArchiveEncrypted", { path, entry: shown });
  const kind = entry.versionMadeBy >>> 8 === madeByUnix ? (entry.externalFileAttributes >>> 16) & fileKind : 0;
  const isFolder = name.endsWith("/");
  if (kind !== 0 && kind !== (isFolder ? folder : regular))
    throw ingotError("ArchiveLink", { path, entry: shown, what: kinds.get(kind) ?? "neither a file nor a folder" });
  if (isFolder && entry.uncompressedSize > 0) throw damage(path, new Error(`the folder ${shown} has content`));
  if (isFolder) check.folder(name);
  const safe = isFolder ? name : check.file(name, entry.uncompressedSize);
  if (entry.compressionMethod !== STORED && entry.compressionMethod !== DEFLATED)
    throw damage(path, new Error(`${shown} is packed by method ${entry.compressionMethod}, which only few programs know`));
  const local = await localHeader(zip, entry).catch((cause) => {
    throw damage(path, cause);
  });
  const problem = disagreement(entry, raw, local);
  if (problem !== undefined) throw ingotError("ArchiveHeaders", { path, entry: shown, problem });
  const begin = entry.relativeOffsetOfLocalHeader;
  return { entry, path: safe, begin, end: local.fileDataStart + entry.compressedSize };
}

/**
 * The name as bytes say it: yauzl's own checks would give errors of its own, its table of the old code page has signs for control characters, and
 * few programs read the field with a second name.
 */
function nameOf(raw: Buffer, flags: number): string {
  const old = (flags & utf8Flag) === 0 && raw.some((byte) => byte >= 0x80) && raw.every((byte) => byte >= 0x20);
  return old ? getFileNameLowLevel(flags, raw, [], true) : raw.toString("utf8");
}

/** How the header in front of an entry differs from the directory's. */
function disagreement(entry: Entry, name: Uint8Array, local: LocalFileHeader): string | undefined {
  if (Buffer.compare(name, local.fileName) !== 0)
    return `it is called ${JSON.stringify(local.fileName.toString("utf8").slice(0, 200))} in the other place`;
  if (entry.compressionMethod !== local.compressionMethod) return "the ways in which it is packed differ";
  if ((entry.generalPurposeBitFlag ^ local.generalPurposeBitFlag) & encryptedFlags) return "only one says that it is encrypted";
  const later = (local.generalPurposeBitFlag & descriptorFlag) !== 0;
  const same = (there: number, here: number) => there === here || there === elsewhere || (later && there === 0);
  if (!same(local.compressedSize, entry.compressedSize)) return `it has ${entry.compressedSize} packed bytes, or ${local.compressedSize}`;
  if (!same(local.uncompressedSize, entry.uncompressedSize)) return `it has ${entry.uncompressedSize} bytes, or ${local.uncompressedSize}`;
  if (local.crc32 !== entry.crc32 && !(later && local.crc32 === 0)) return "the checksums differ";
  return undefined;
}

function checkOverlap(placed: readonly Placed[], path: string): void {
  const sorted = [...placed].sort((a, b) => a.begin - b.begin);
  for (const [i, { begin, path: entry }] of sorted.entries()) {
    const before = sorted[i - 1];
    if (before && begin < before.end) throw ingotError("ArchiveOverlap", { path, entry: before.path, other: entry });
  }
}

async function* contentOf(zip: ZipFile, entry: Entry, name: string, path: string): AsyncIterable<Uint8Array> {
  try {
    const stream = await zip.openReadStreamPromise(entry);
    let sum = 0;
    let bytes = 0;
    try {
      for await (const chunk of stream) {
        sum = crc32(chunk as Uint8Array, sum);
        bytes += (chunk as Uint8Array).length;
        yield chunk as Uint8Array;
      }
    } finally {
      stream.destroy();
    }
    if (bytes !== entry.uncompressedSize) throw new Error(`${name} has ${bytes} bytes instead of ${entry.uncompressedSize}`);
    if (sum !== entry.crc32) throw new Error(`the checksum of ${name} is not what it must be`);
  } catch (cause) {
    throw damage(path, cause);
  }
}

function openDirectory(fd: number): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    fromFd(fd, { lazyEntries: true, autoClose: false, decodeStrings: false }, (error, zip) => (error ? reject(error) : resolve(zip)));
  });
}

/** The directory's entries, one by one. */
function iterate(zip: ZipFile): { next(): Promise<Entry | undefined> } {
  let settle: { resolve(entry: Entry | undefined): void; reject(cause: Error): void } | undefined;
  zip.on("entry", (entry: Entry) => settle?.resolve(entry));
  zip.on("end", () => settle?.resolve(undefined));
  zip.on("error", (cause: Error) => settle?.reject(cause));
  return {
    next: () =>
      new Promise((resolve, reject) => {
        settle = { resolve, reject };
        zip.readEntry();
      }),
  };
}

function localHeader(zip: ZipFile, entry: Entry): Promise<LocalFileHeader> {
  return new Promise((resolve, reject) => {
    zip.readLocalFileHeader(entry, (error, header) => (error ? reject(error) : resolve(header)));
  });
}

function damage(path: string, cause: unknown): unknown {
  if (cause instanceof IngotError) return cause;
  const problem = cause instanceof Error ? cause.message : String(cause);
  if (/encrypt/i.test(problem)) return ingotError("ArchiveEncrypted", { path, entry: "all of them" }, { cause });
  return ingotError("ArchiveDamaged", { path, problem }, { cause });
}
