// Writes an archive as a folder with its files unpacked: complete under a temporary name, then renamed.
import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ingotError } from "../errors/error.ts";
import { fileError } from "../errors/file-error.ts";
import { manifestPath } from "./manifest.ts";
import type { PackedFile } from "./packed-file.ts";

/**
 * Makes the folder `target` of `files`. One that is there already is replaced, if it holds an archive or nothing. Throws `FileNotWritable`,
 * `DiskFull` and what reading the files throws.
 */
export async function writeFolder(target: string, files: Iterable<PackedFile>): Promise<void> {
  const beside = (kind: string) => join(dirname(target), `.${basename(target).slice(0, 200)}.${randomBytes(6).toString("hex")}.${kind}`);
  const staging = beside("tmp");
  try {
    await checkReplaceable(target);
    await mkdir(staging);
    for (const file of files) await writeOne(join(staging, file.path), file);
    const old = beside("old");
    const replaced = await rename(target, old).then(
      () => true,
      () => false,
    );
    try {
      await rename(staging, target);
    } catch (cause) {
      if (replaced) await rename(old, target);
      throw cause;
    }
    if (replaced) await rm(old, { recursive: true, force: true });
  } catch (cause) {
    throw fileError("write", target, cause);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** Nobody means to lose a folder of other files by the name of a model. */
async function checkReplaceable(target: string): Promise<void> {
  const status = await stat(target).catch(() => undefined);
  if (!status) return;
  const names = status.isDirectory() ? await readdir(target) : undefined;
  const archive = names?.length === 0 || (await stat(join(target, manifestPath)).catch(() => undefined))?.isFile();
  if (archive) return;
  const what = names ? "it is a folder of other files" : "it is a file";
  throw ingotError("FileNotWritable", { path: target, why: `${what}, which is not replaced by an unpacked archive` });
}

async function writeOne(path: string, { content }: PackedFile): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  let file: FileHandle | undefined;
  try {
    file = await open(path, "wx", 0o666);
    for await (const part of content()) for (let at = 0; at < part.length; ) at += (await file.write(part, at)).bytesWritten;
    await file.sync();
  } finally {
    await file?.close();
  }
}
