// The one way this project writes a file that matters: a temporary name beside it, flushed to the disk, then renamed.
// A reader sees the old file or the whole new one; a crash or a full disk leaves the old one.
import { randomBytes } from "node:crypto";
import { access, constants, type FileHandle, open, realpath, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileError } from "../errors/file-error.ts";

/** Linux writes at most about 2 GiB in one call. */
const LARGEST_WRITE = 1 << 30;

/**
 * Writes `chunks` to `path`, all or nothing. Chunks are written as they come, without a copy. A symbolic link is followed;
 * a device or pipe (which cannot be renamed over) is written to directly. Throws `FileNotWritable` or `DiskFull`.
 *
 * @example
 * await writeFileAtomically("model.onnx", [header, weights]);
 */
export async function writeFileAtomically(path: string, chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
  try {
    const target = await realpath(path).catch(() => path);
    const before = await stat(target).catch(() => undefined);
    if (before && !before.isFile()) return await writeThrough(target, chunks);
    // Renaming asks only for rights on the folder; a file that is marked read-only is to be respected all the same.
    if (before) await access(target, constants.W_OK);
    await writeAside(target, before?.mode, chunks);
  } catch (cause) {
    throw fileError("write", path, cause);
  }
}

async function writeAside(
  target: string,
  mode: number | undefined,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<void> {
  const aside = join(dirname(target), `.${basename(target).slice(0, 200)}.${randomBytes(6).toString("hex")}.tmp`);
  const file = await open(aside, "wx", 0o666);
  try {
    try {
      if (mode !== undefined) await file.chmod(mode & 0o777);
      await writeAll(file, chunks);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, target);
  } catch (cause) {
    await unlink(aside).catch(() => {});
    throw cause;
  }
  await syncFolder(dirname(target));
}

async function writeThrough(target: string, chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(target, "w");
  try {
    await writeAll(file, chunks);
  } finally {
    await file.close();
  }
}

async function writeAll(file: FileHandle, chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of chunks) {
    let at = 0;
    while (at < chunk.length) at += (await file.write(chunk, at, Math.min(chunk.length - at, LARGEST_WRITE))).bytesWritten;
  }
}

/** Makes the new name itself durable; some file systems do not take it, and then nothing is lost but that. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {}
}
