// Gives memory that native code has freed back to the system. glibc keeps it for later, and after a session was made that is
// twice the weights: the optimiser's copies of them.
import type { Ffi } from "./library.ts";

/** Keeps the image loaded beside the function. */
interface Trimmer {
  readonly image: unknown;
  readonly trim: { async(pad: number, done: (error: Error | null) => void): void } | undefined;
}

let trimmer: Trimmer | undefined;

/** Trims the native heap off the event loop; does nothing where the C library has no such function. Never fails. */
export function trimMemory(ffi: Ffi): Promise<void> {
  trimmer ??= findTrimmer(ffi);
  const { trim } = trimmer;
  return new Promise((resolve) => {
    if (trim) trim.async(0, () => resolve());
    else resolve();
  });
}

function findTrimmer(ffi: Ffi): Trimmer {
  if (process.platform !== "linux") return { image: undefined, trim: undefined };
  try {
    const image = ffi.load("libc.so.6");
    return { image, trim: image.func("malloc_trim", "int", ["size_t"]) };
  } catch {
    return { image: undefined, trim: undefined }; // musl
  }
}
