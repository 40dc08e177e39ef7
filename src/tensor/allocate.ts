// Where the memory of new tensors comes from. The graph evaluator installs a pool that hands dead buffers out again;
// outside of it, plain allocation.
import { ingotError } from "../errors/error.ts";
import { type DType, dtypeInfo, type Elements } from "./dtype.ts";

/** Gives memory of at least `bytes` bytes with any content, or undefined to have it allocated anew. */
export interface BufferPool {
  take(bytes: number): ArrayBuffer | undefined;
}

let current: BufferPool | undefined;

/** Runs `body` with `pool` as the source of buffers for `allocate`. */
export function withPool<T>(pool: BufferPool | undefined, body: () => T): T {
  const before = current;
  current = pool;
  try {
    return body();
  } finally {
    current = before;
  }
}

/** Elements with *any* content: for kernels that write every element. */
export function allocate(dtype: DType, length: number): Elements {
  const info = dtypeInfo(dtype);
  if (current && info.view) {
    const buffer = current.take(length * info.bytes);
    if (buffer) return info.view(buffer, 0, length);
  }
  return allocateZeroed(dtype, length);
}

/** Elements that are all zero (or empty strings). Throws `OutOfMemory` when there is no room for them. */
export function allocateZeroed(dtype: DType, length: number): Elements {
  const info = dtypeInfo(dtype);
  try {
    return info.make(length);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw ingotError("OutOfMemory", { count: length, dtype, size: formatBytes(length * Math.max(1, info.bytes)) }, { cause });
  }
}

function formatBytes(bytes: number): string {
  return bytes >= 2 ** 30 ? `${(bytes / 2 ** 30).toFixed(1)} GiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
