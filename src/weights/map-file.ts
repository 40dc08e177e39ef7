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
 * Maps an open file of `bytes` bytes; the function given back makes memory of a part of it, without a copy. Undefined where this system
 * cannot. The file may be closed at once.
 */
export function mapFile(file: number, bytes: number): ((begin: number, length: number) => ArrayBuffer) | undefined {
  mapper ??= loadMapper();
  if (mapper === "none" || bytes === 0) return undefined;
  const { ffi, mmap, munmap } = mapper;
  const address = BigInt(mmap(null, bytes, READ_WRITE, PRIVATE, file, 0));
  if (address === FAILED) return undefined;
  const mapping: Mapping = { address, bytes, unmap: munmap, views: 0 };
  return (begin, length) => {
    if (begin < 0 || length < 0 || begin + length > bytes) throw new RangeError("a view outside a mapped file");
    const buffer = ffi.view(address + BigInt(begin), length);
    mapping.views++;
    collected.register(buffer, mapping);
    return buffer;
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
