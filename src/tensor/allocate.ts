// Where the memory of new tensors comes from. The graph evaluator installs a pool that hands dead buffers out again;
// outside of it, plain allocation.
import { type DType, dtypeInfo, type Elements } from "./dtype.ts";
import { allocating } from "./memory.ts";

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
  const pool = current;
  if (pool && info.view) {
    const buffer = allocating(dtype, length, info.bytes, () => pool.take(length * info.bytes));
    if (buffer) return info.view(buffer, 0, length);
  }
  return allocateZeroed(dtype, length);
}

/** Elements that are all zero (or empty strings). Throws `TensorTooLarge`. */
export function allocateZeroed(dtype: DType, length: number): Elements {
  const { bytes, make } = dtypeInfo(dtype);
  return allocating(dtype, length, bytes, () => make(length));
}

/** Zeros to be filled with numbers. Throws `TensorTooLarge`. */
export function allocateFloats(length: number): Float32Array<ArrayBuffer> {
  return allocating("float32", length, 4, () => new Float32Array(length));
}
