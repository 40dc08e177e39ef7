// Unpacks an archive of a stranger: into a new folder beside the one that was asked for, which takes its name when all of it was found good.
import { randomBytes } from "node:crypto";
import { type FileHandle, lstat, mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { IngotError, ingotError } from "../errors/error.ts";
import { fileError } from "../errors/file-error.ts";
import { externalFiles } from "../onnx/external-data.ts";
import type { ModelProto } from "../onnx/schema.ts";
import type { Archive } from "./archive-file.ts";
import type { ArchiveEntry } from "./entry.ts";
import { readOnnxMessages } from "./onnx-file.ts";
import { describeArchive, isOnnxName, type ReadArchiveOptions, visitEntries, withoutTop } from "./open-archive.ts";

/**
 * Unpacks an archive into `folder`, which must not exist yet and holds the archive's files afterwards; the result's `path` is that folder.
 * After an error, or when `signal` ends the work, nothing is left behind. The folder's parent must exist. Files are not flushed to the disk
 * one by one: what is unpacked can be unpacked again.
 *
 * Throws what `openArchive` throws, `ArchiveExternalData`, `FileNotWritable` and `DiskFull`.
 *
 * @example
 * const { manifest } = await extractArchive("model_store/m.mar", "state/m-1.0");
 * const model = join("state/m-1.0", manifest.model.serializedFile);
 */
export async function extractArchive(path: string, folder: string, options: ReadArchiveOptions = {}): Promise<Archive> {
  const target = resolve(folder);
  const writing = <T>(work: Promise<T>) =>
    work.catch((cause) => {
      throw fileError("write", folder, cause);
    });
  if (await exists(target)) throw ingotError("FileNotWritable", { path: folder, why: "it exists already" });
  const staging = join(dirname(target), `.${basename(target).slice(0, 200)}.${randomBytes(6).toString("hex")}.tmp`);
  await writing(mkdir(staging, { mode: 0o700 }));
  try {
    const files: { path: string; bytes: number }[] = [];
    const { packed } = await visitEntries(path, options, async (entry) => {
      files.push({ path: entry.path, bytes: entry.bytes });
      await writing(unpack(entry, staging, options.signal));
    });
    const { top, inside } = withoutTop(files, packed);
    const root = join(staging, top);
    const archive = await describeArchive(path, inside, (name) => readFile(join(root, name)), options);
    const warnings = await checkModel(archive, root, path);
    if (await exists(target)) throw ingotError("FileNotWritable", { path: folder, why: "it exists already" });
    await writing(rename(root, target));
    return { ...archive, path: folder, warnings: [...archive.warnings, ...warnings] };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function unpack(entry: ArchiveEntry, staging: string, signal: AbortSignal | undefined): Promise<void> {
  const path = join(staging, entry.path);
  await mkdir(dirname(path), { recursive: true });
  let file: FileHandle | undefined;
  try {
    // Where capitals do not count, two entries can still meet: "wx" refuses.
    file = await open(path, "wx", 0o644);
    for await (const part of entry.content()) {
      signal?.throwIfAborted();
      for (let at = 0; at < part.length; ) at += (await file.write(part, at)).bytesWritten;
    }
  } finally {
    await file?.close();
  }
}

/** Tensors kept in other files must be the archive's. A model that cannot be decoded cannot be loaded either: that is for whoever loads it. */
async function checkModel({ manifest }: Archive, root: string, path: string): Promise<readonly string[]> {
  const { serializedFile } = manifest.model;
  if (!isOnnxName(serializedFile)) return [];
  const model = join(root, serializedFile);
  let messages: ModelProto;
  try {
    messages = await readOnnxMessages(model);
  } catch (cause) {
    if (!(cause instanceof IngotError)) throw cause;
    return [`${serializedFile} cannot be read as an ONNX model: ${cause.summary.replaceAll(model, serializedFile)}`];
  }
  try {
    await externalFiles(messages, model);
    return [];
  } catch (cause) {
    if (!(cause instanceof IngotError)) throw cause;
    throw ingotError("ArchiveExternalData", { path, problem: cause.summary.replaceAll(`${root}/`, "") }, { cause });
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
