// safetensors files: named tensors, read and written without running anything. A large file is mapped: it opens at once, and its pages are
// read when they are first used. A small one is read, each tensor into memory of its own.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { ingotError } from "../errors/error.ts";
import { fileError } from "../errors/file-error.ts";
import { dtypeInfo, type Elements } from "../tensor/dtype.ts";
import { allocating } from "../tensor/memory.ts";
import { Storage } from "../tensor/storage.ts";
import { writeFileAtomically } from "./atomic-write.ts";
import { mapFile } from "./map-file.ts";
import { LARGEST_READ, readInto } from "./read-file.ts";
import { encodeHeader, headerLength, PREFIX_BYTES, parseHeader, type TensorPlace } from "./safetensors-header.ts";

/** What a safetensors file holds. */
export interface SafetensorsFile {
  /** By name, in the order of the header. */
  readonly tensors: Map<string, Storage>;
  /** The file's `__metadata__`. */
  readonly metadata: ReadonlyMap<string, string>;
}

export interface ReadOptions {
  /**
   * Whether the file becomes memory without being read (a page is read when it is first used). Default: from 64 MiB, where the system can.
   * While a file is mapped, no program may cut it off: replacing it (as `writeSafetensors` does) is safe, truncating it is not.
   */
  readonly map?: boolean;
}

/** In bytes: below it, reading costs a few milliseconds and has no risk. */
const mapFrom = 64 * 2 ** 20;

/**
 * Reads or maps a file. Throws `FileNotFound`, `FileNotReadable` and, for content that breaks the format, `SafetensorsTruncated`, `SafetensorsHeader`,
 * `SafetensorsTensor`, `SafetensorsDType`.
 *
 * @example
 * const { tensors } = await readSafetensors("resnet152.safetensors");
 * tensors.get("conv1.weight"); // Storage of shape [64, 3, 7, 7]
 */
export async function readSafetensors(path: string, options: ReadOptions = {}): Promise<SafetensorsFile> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, "r");
    const fileBytes = (await file.stat()).size;
    const prefix = new Uint8Array(PREFIX_BYTES);
    await fill(file, prefix, 0, path);
    const header = new Uint8Array(headerLength(prefix, fileBytes, path));
    await fill(file, header, PREFIX_BYTES, path);
    const dataStart = PREFIX_BYTES + header.length;
    const { places, metadata } = parseHeader(header, fileBytes - dataStart, path);
    const mapped = mapTensors(file.fd, fileBytes, dataStart, places, path, options);
    if (mapped) return { tensors: mapped, metadata };
    const tensors = new Map<string, Storage>();
    for (const place of places) {
      const { bytes, storage } = room(place);
      await fill(file, bytes, dataStart + place.begin, path);
      tensors.set(place.name, checkBooleans(place, storage, path));
    }
    return { tensors, metadata };
  } catch (cause) {
    throw fileError("read", path, cause);
  } finally {
    await file?.close();
  }
}

/** `readSafetensors`, for places that cannot wait. */
export function readSafetensorsSync(path: string, options: ReadOptions = {}): SafetensorsFile {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    const fileBytes = fstatSync(file).size;
    const prefix = new Uint8Array(PREFIX_BYTES);
    fillSync(file, prefix, 0, path);
    const header = new Uint8Array(headerLength(prefix, fileBytes, path));
    fillSync(file, header, PREFIX_BYTES, path);
    const dataStart = PREFIX_BYTES + header.length;
    const { places, metadata } = parseHeader(header, fileBytes - dataStart, path);
    const mapped = mapTensors(file, fileBytes, dataStart, places, path, options);
    if (mapped) return { tensors: mapped, metadata };
    const tensors = new Map<string, Storage>();
    for (const place of places) {
      const { bytes, storage } = room(place);
      fillSync(file, bytes, dataStart + place.begin, path);
      tensors.set(place.name, checkBooleans(place, storage, path));
    }
    return { tensors, metadata };
  } catch (cause) {
    throw fileError("read", path, cause);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Reads safetensors from memory; the tensors are views of `bytes` where alignment allows, copies elsewhere. */
export function parseSafetensors(bytes: Uint8Array<ArrayBuffer>, name = "the file"): SafetensorsFile {
  const header = bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + headerLength(bytes, bytes.length, name));
  const data = bytes.subarray(PREFIX_BYTES + header.length);
  const { places, metadata } = parseHeader(header, data.length, name);
  const tensors = new Map<string, Storage>();
  for (const place of places) {
    const own = data.subarray(place.begin, place.begin + place.bytes);
    const aligned = own.byteOffset % dtypeInfo(place.dtype).bytes === 0 ? own : own.slice();
    tensors.set(place.name, checkBooleans(place, over(place, aligned), name));
  }
  return { tensors, metadata };
}

/**
 * Writes tensors and metadata, all or nothing, without a second copy of the elements (but of those of strided views, one at a time).
 * Large element types come first, then names in order, as the format's own writer does, so that every tensor is aligned.
 * Throws `SafetensorsName`, `SafetensorsUnwritable`, `FileNotWritable`, `DiskFull`.
 *
 * @example
 * await writeSafetensors("masks.safetensors", [["mask", mask.storage]], new Map([["format", "pt"]]));
 */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<readonly [string, Storage]>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Promise<void> {
  await writeFileAtomically(path, safetensorsChunks(tensors, metadata));
}

/** The bytes of a safetensors file, piece by piece. The header is checked and made before the first piece is asked for. */
export function safetensorsChunks(
  tensors: Iterable<readonly [string, Storage]>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Iterable<Uint8Array> {
  const width = (storage: Storage) => dtypeInfo(storage.dtype).bytes;
  const sorted = [...tensors].sort(([a, s], [b, t]) => width(t) - width(s) || (a < b ? -1 : a > b ? 1 : 0));
  const header = encodeHeader(
    sorted.map(([name, { dtype, shape }]) => ({ name, dtype, shape })),
    metadata,
  );
  function* pieces() {
    yield header;
    for (const [, storage] of sorted) yield bytesOf(storage.dense());
  }
  return pieces();
}

function bytesOf(elements: Elements): Uint8Array {
  // Strings were refused when the header was made.
  if (Array.isArray(elements)) return new Uint8Array(0);
  return new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
}

/** The tensors over the mapped file; undefined where it is to be read. */
function mapTensors(
  file: number,
  fileBytes: number,
  dataStart: number,
  places: readonly TensorPlace[],
  path: string,
  { map = fileBytes >= mapFrom }: ReadOptions,
): Map<string, Storage> | undefined {
  const view = map ? mapFile(file, fileBytes) : undefined;
  if (!view) return undefined;
  const tensors = new Map<string, Storage>();
  for (const place of places) {
    const begin = dataStart + place.begin;
    const bytes = place.bytes === 0 ? new Uint8Array(0) : view(begin, place.bytes);
    if (!bytes) return undefined;
    // Elements must stand at multiples of their size: a file that was not padded so is copied, tensor by tensor.
    const aligned = begin % dtypeInfo(place.dtype).bytes === 0 ? bytes : bytes.slice();
    tensors.set(place.name, checkBooleans(place, over(place, aligned), path));
  }
  return tensors;
}

/** Memory of its own for a tensor, as bytes and as a storage. Throws `TensorTooLarge`. */
function room(place: TensorPlace): { bytes: Uint8Array; storage: Storage } {
  const bytes = allocating("uint8", place.bytes, 1, () => new Uint8Array(place.bytes));
  return { bytes, storage: over(place, bytes) };
}

function over({ dtype, shape }: TensorPlace, bytes: Uint8Array<ArrayBuffer>): Storage {
  const { view, bytes: width, make } = dtypeInfo(dtype);
  const count = bytes.length / width;
  return Storage.of(dtype, view ? view(bytes.buffer, bytes.byteOffset, count) : make(count), shape);
}

/** A boolean is 0 or 1 everywhere in Ingot; other bytes would make kernels disagree. */
function checkBooleans({ name, dtype }: TensorPlace, storage: Storage, file: string): Storage {
  if (dtype !== "bool") return storage;
  const wrong = storage.numbers().find((byte) => byte > 1);
  if (wrong !== undefined)
    throw ingotError("SafetensorsTensor", { file, tensor: name, problem: `it is BOOL but holds a byte of ${wrong}` });
  return storage;
}

async function fill(file: FileHandle, out: Uint8Array, position: number, path: string): Promise<void> {
  const count = await readInto(file, out, position);
  if (count < out.length) throw endsEarly(path, position + count);
}

function fillSync(file: number, out: Uint8Array, position: number, path: string): void {
  for (let at = 0; at < out.length; ) {
    const bytesRead = readSync(file, out, at, Math.min(out.length - at, LARGEST_READ), position + at);
    if (bytesRead === 0) throw endsEarly(path, position + at);
    at += bytesRead;
  }
}

function endsEarly(file: string, at: number) {
  return ingotError("SafetensorsTruncated", { file, problem: `it ends at byte ${at}` });
}
