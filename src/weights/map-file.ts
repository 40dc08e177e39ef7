// Files as memory: the system reads a page when it is first touched, and may drop it again. koffi calls the C library's mmap; where that is
// not to be had (Windows), callers read instead. Pages are private to the process: writing to them changes no file.
// A file that another program cuts off while it is mapped kills the process on reading, as it does in every program that maps files.
import { createRequire } from "node:module";
import type koffi from "koffi";

interface Mapper {
  /** Kept referenced for as long as the functions are. */
  readonly image: unknown;
  readonly ffi: typeof koffi;
  readonly mmap: (address: null, length: number, protection: number, flags: number, file: number, offset: number) => bigint | number;
  readonly munmap: (address: bigint, length: number) => number;
}

const READ_WRITE = 3;
const PRIVATE = 2;

let mapper: Mapper | undefined | "none";

interface Mapping {
  readonly address: bigint;
  readonly bytes: number;
  readonly unmap: Mapper["munmap"];
  /** How many views are still reachable. */
  views: number;
}

/** Gives the memory of a file back when the last view of it was collected. */
const collected = new FinalizationRegistry<Mapping>((mapping) => {
  if (--mapping.views === 0) mapping.unmap(mapping.address, mapping.bytes);
});

/** What mmap returns when it fails: all ones. */
const FAILED = 2n ** 64n - 1n;

/**
 * V8 collects garbage whenever this much memory more is announced to it, so few large buffers are announced rather than one for each tensor: a
 * file of forty tensors took forty collections to open.
 */
const WINDOW_BYTES = 2 ** 31;
/** A larger buffer cannot be made, and trying ends the process. */
const LARGEST_WINDOW_BYTES = 2 ** 32;
const PAGE_BYTES = 4096;

interface Window {
  readonly begin: number;
  readonly buffer: ArrayBuffer;
}

/**
 * Maps an open file of `bytes` bytes; the function given back makes memory of a part of it, without a copy, and gives undefined for a part
 * that is too large for one buffer. Undefined where this system cannot map. The file may be closed at once.
 */
export function mapFile(file: number, bytes: number): ((begin: number, length: number) => Uint8Array<ArrayBuffer> | undefined) | undefined {
  mapper ??= loadMapper();
  if (mapper === "none" || bytes === 0) return undefined;
  const { ffi, mmap, munmap } = mapper;
  const address = BigInt(mmap(null, bytes, READ_WRITE, PRIVATE, file, 0));
  if (address === FAILED) return undefined;
  const mapping: Mapping = { address, bytes, unmap: munmap, views: 0 };
  const openWindow = (begin: number, least: number): Window => {
    const buffer = ffi.view(address + BigInt(begin), Math.max(least, Math.min(WINDOW_BYTES, bytes - begin)));
    mapping.views++;
    collected.register(buffer, mapping);
    return { begin, buffer };
  };
  let window: Window | undefined;
  return (begin, length) => {
    if (begin < 0 || length < 0 || begin + length > bytes) throw new RangeError("a view outside a mapped file");
    const before = begin % PAGE_BYTES;
    if (before + length > LARGEST_WINDOW_BYTES) return undefined;
    const fits = window && window.begin <= begin && begin + length <= window.begin + window.buffer.byteLength;
    if (!window || !fits) window = openWindow(begin - before, before + length);
    return new Uint8Array(window.buffer, begin - window.begin, length);
  };
}

function loadMapper(): Mapper | "none" {
  if (process.platform === "win32") return "none";
  try {
    const ffi = createRequire(import.meta.url)("koffi") as typeof koffi;
    // Without a name: what this process has loaded already, the C library among it.
    const image = ffi.load(null);
    const mmap = image.func("mmap", "uintptr_t", ["void *", "size_t", "int", "int", "int", "int64_t"]);
    const munmap = image.func("munmap", "int", ["uintptr_t", "size_t"]);
    return { image, ffi, mmap, munmap };
  } catch {
    return "none";
  }
}
