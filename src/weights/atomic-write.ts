// The one way this project writes a file that matters: a temporary name beside it, flushed to the disk, then renamed.
// A reader sees the old file or the whole new one; a crash or a full disk leaves the old one.
import { randomBytes } from "node:crypto";
import { access, constants, type FileHandle, open, realpath, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileError } from "../errors/file-error.ts";

/** Linux writes at most about 2 GiB in one call. */
const LARGEST_WRITE = 1 << 30;

/** The bytes of a file, piece by piece; a piece may be made while the one before it is written. */
export type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Writes into an open file. */
export type Fill = (file: FileHandle) => Promise<void>;

export interface FileToWrite {
  readonly path: string;
  readonly chunks: Chunks;
  /** Who may read a file that was not there before; everybody whom the process's umask lets, if it does not say. */
  readonly mode?: number;
}

/** A file that is written in full but has not taken its name. */
interface Staged {
  readonly target: string;
  /** Undefined where it was written to directly. */
  readonly aside: string | undefined;
}

/**
 * Writes `chunks` to `path`, all or nothing. Chunks are written as they come, without a copy. A symbolic link is followed;
 * a device or pipe (which cannot be renamed over) is written to directly. Throws `FileNotWritable` or `DiskFull`.
 *
 * @example
 * await writeFileAtomically("model.onnx", [header, weights]);
 */
export async function writeFileAtomically(path: string, chunks: Chunks): Promise<void> {
  await writeFilesTogether([{ path, chunks }]);
}

/**
 * As `writeFileAtomically`, for a format whose beginning is only known at its end: `fill` gets the open file, empty, and may write anywhere in it. The
 * path must not be that of a device or pipe.
 *
 * @example
 * await fillFileAtomically("m.mar", (file) => writeZip(file, files));
 */
export async function fillFileAtomically(path: string, fill: Fill): Promise<void> {
  const { aside, target } = await named(path, stage(path, fill));
  if (aside === undefined) return;
  try {
    await named(path, rename(aside, target));
  } catch (cause) {
    await unlink(aside).catch(() => {});
    throw cause;
  }
  await syncFolder(dirname(target));
}

/**
 * Writes files that belong together. All are written and flushed before the first takes its name, so that a full disk or a bad value changes
 * nothing; then those of `replaced` are removed, and the new ones take their names in order. The last should be the one that names the others.
 * Throws `FileNotWritable` or `DiskFull`.
 *
 * @example
 * await writeFilesTogether([{ path: "model.onnx.data", chunks: weights }, { path: "model.onnx", chunks: parts }]);
 */
export async function writeFilesTogether(files: readonly FileToWrite[], replaced: readonly string[] = []): Promise<void> {
  const staged: Staged[] = [];
  try {
    for (const { path, chunks, mode } of files)
      staged.push(
        await named(
          path,
          stage(path, (file) => writeAll(file, chunks), mode),
        ),
      );
    for (const path of replaced) await named(path, unlink(path).catch(unlessAbsent));
    for (const [i, { aside, target }] of staged.entries())
      if (aside !== undefined) await named(files[i]?.path as string, rename(aside, target));
  } catch (cause) {
    // Those that took their names are not there any more under the temporary ones.
    for (const { aside } of staged) if (aside !== undefined) await unlink(aside).catch(() => {});
    throw cause;
  }
  for (const folder of new Set(staged.flatMap(({ aside, target }) => (aside === undefined ? [] : [dirname(target)]))))
    await syncFolder(folder);
}

/** Errors of the system in the words of the catalogue, about the path that the user gave. */
async function named<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw fileError("write", path, cause);
  }
}

function unlessAbsent(cause: unknown): void {
  if (!(cause instanceof Error && "code" in cause && cause.code === "ENOENT")) throw cause;
}

async function stage(path: string, fill: Fill, newMode?: number): Promise<Staged> {
  const target = await realpath(path).catch(() => path);
  const before = await stat(target).catch(() => undefined);
  if (before && !before.isFile()) {
    await writeThrough(target, fill);
    return { target, aside: undefined };
  }
  // Renaming asks only for rights on the folder; a file that is marked read-only is to be respected all the same.
  if (before) await access(target, constants.W_OK);
  return { target, aside: await writeAside(target, before?.mode, fill, newMode) };
}

/** Gives the temporary name. */
async function writeAside(target: string, mode: number | undefined, fill: Fill, newMode = 0o666): Promise<string> {
  const aside = join(dirname(target), `.${basename(target).slice(0, 200)}.${randomBytes(6).toString("hex")}.tmp`);
  const file = await open(aside, "wx", newMode);
  try {
    try {
      if (mode !== undefined) await file.chmod(mode & 0o777);
      await fill(file);
      await file.sync();
    } finally {
      await file.close();
    }
    return aside;
  } catch (cause) {
    await unlink(aside).catch(() => {});
    throw cause;
  }
}

async function writeThrough(target: string, fill: Fill): Promise<void> {
  const file = await open(target, "w");
  try {
    await fill(file);
  } finally {
    await file.close();
  }
}

async function writeAll(file: FileHandle, chunks: Chunks): Promise<void> {
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
