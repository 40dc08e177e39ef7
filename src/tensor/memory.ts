// The limit on the memory of one tensor. Beyond it an allocation would fail with a bare RangeError, or succeed on paper and have the system
// end the process when the pages are touched.
import { totalmem } from "node:os";
import { ingotError } from "../errors/error.ts";
import { formatBytes } from "../errors/quantity.ts";

/** Smaller requests are not worth a question to the system. */
const unquestioned = 2 ** 28;

/** Throws `TensorTooLarge` where this machine cannot hold `count` elements of `bytes` each. */
export function requireRoom(dtype: string, count: number, bytes: number): void {
  const size = count * bytes;
  if (size > unquestioned && size > memory()) throw tooLarge(dtype, count, size);
}

/** Runs an allocation of `count` elements of `bytes` each. Throws `TensorTooLarge` where this machine cannot hold them. */
export function allocating<T>(dtype: string, count: number, bytes: number, make: () => T): T {
  requireRoom(dtype, count, bytes);
  try {
    return make();
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(dtype, count, count * bytes, error);
    throw error;
  }
}

/** Bytes that this process may use: the machine's, or what a container grants. */
function memory(): number {
  const granted = process.constrainedMemory?.() ?? 0;
  return granted > 0 ? Math.min(granted, totalmem()) : totalmem();
}

function tooLarge(dtype: string, count: number, size: number, cause?: unknown): Error {
  return ingotError("TensorTooLarge", { count, dtype, size: formatBytes(size), memory: formatBytes(memory()) }, { cause });
}
