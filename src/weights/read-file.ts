// A file that is opened once: its first bytes say what it is, and the rest is read into memory of its own, without a copy.
import { type FileHandle, open } from "node:fs/promises";

/** The system reads at most about 2 GiB in one call. In bytes. */
export const LARGEST_READ = 1 << 30;

/** In bytes: enough to tell every format of weights. */
const headBytes = 16;

/** Opens a file for the time of one call, which also gets its first bytes. Throws the system's errors and what the call throws. */
export async function withFile<T>(path: string, use: (file: FileHandle, head: Uint8Array) => Promise<T>): Promise<T> {
  const file = await open(path, "r");
  try {
    const head = new Uint8Array(headBytes);
    return await use(file, head.subarray(0, await readInto(file, head, 0)));
  } finally {
    await file.close();
  }
}

/** Fills `out` from `position`; gives the number of bytes read, which is smaller where the file ends before. */
export async function readInto(file: FileHandle, out: Uint8Array, position: number): Promise<number> {
  let at = 0;
  while (at < out.length) {
    const { bytesRead } = await file.read(out, at, Math.min(out.length - at, LARGEST_READ), position + at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return at;
}

/** All of a file, in memory that nothing else shares. */
export async function readWhole(file: FileHandle): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array((await file.stat()).size);
  return bytes.subarray(0, await readInto(file, bytes, 0));
}
