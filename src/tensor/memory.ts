// The limit on the memory of one tensor. Beyond it an allocation would fail with a bare RangeError, or succeed on paper and have the system
// end the process when the pages are touched.
import { totalmem } from "node:os";
import { ingotError } from "../errors/error.ts";
import { formatBytes } from "../errors/quantity.ts";

/** Smaller requests are not worth a question to the system. */
const unquestioned = 2 ** 28;

/** Whether this machine can hold so many bytes. */
export function hasRoom(bytes: number): boolean {
  return bytes <= Math.min(unquestioned, limit) || bytes <= memory();
}

/** Throws `TensorTooLarge` where this machine cannot hold `count` elements of `bytes` each. */
export function requireRoom(dtype: string, count: number, bytes: number): void {
  const size = count * (bytes || bytesPerReference);
  if (!hasRoom(size)) throw tooLarge(dtype, count, size);
}

/** Runs an allocation of `count` elements of `bytes` each. Throws `TensorTooLarge` where this machine cannot hold them. */
export function allocating<T>(dtype: string, count: number, bytes: number, make: () => T): T {
  requireRoom(dtype, count, bytes);
  try {
    return make();
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(dtype, count, count * (bytes || bytesPerReference), error);
    throw error;
  }
}

/** Of an element that stands elsewhere: a string. */
const bytesPerReference = 8;

let limit = Number.POSITIVE_INFINITY;

/**
 * Sets the most bytes that one tensor may take, for processes that run files of strangers; undefined goes back to what the machine has. What
 * would be larger is `TensorTooLarge`, before memory is asked for.
 *
 * @example limitTensorMemory(2 ** 30);
 */
export function limitTensorMemory(bytes: number | undefined): void {
  limit = bytes ?? Number.POSITIVE_INFINITY;
}

/** Bytes that this process may use: the machine's, or what a container grants, or what the limit says. */
function memory(): number {
  return Math.min(limit, available());
}

function available(): number {
  const granted = process.constrainedMemory?.() ?? 0;
  return granted > 0 ? Math.min(granted, totalmem()) : totalmem();
}

function tooLarge(dtype: string, count: number, size: number, cause?: unknown): Error {
  return ingotError("TensorTooLarge", { count, dtype, size: formatBytes(size), memory: formatBytes(memory()) }, { cause });
}
