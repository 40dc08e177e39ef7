// Reads what an archive says of itself: its manifest, its list of files and its configuration. Every entry's header is checked on the way.
import { constants } from "node:fs";
import { open, stat } from "node:fs/promises";
import { abortSignal, checkOptions, flag, type OptionTable } from "../compile/options.ts";
import { ingotError } from "../errors/error.ts";
import { fileError } from "../errors/file-error.ts";
import { formatBytes } from "../errors/quantity.ts";
import type { Archive, ArchiveFile, FileRole } from "./archive-file.ts";
import { type ArchiveEntry, EntryCheck } from "./entry.ts";
import { folderEntries } from "./folder-source.ts";
import { handlerFile } from "./handlers.ts";
import { type ArchiveLimits, cap, defaultLimits, maxTextBytes, withDefaults } from "./limits.ts";
import { type Manifest, type ManifestModel, manifestPath, parseManifest } from "./manifest.ts";
import { readModelConfig } from "./model-config.ts";
import { tarEntries } from "./tar-source.ts";
import { zipEntries } from "./zip-source.ts";

export interface ReadArchiveOptions extends ArchiveLimits {
  /** Whether an archive whose model Ingot cannot serve (TorchScript, Python) is read all the same. Default: no, it is `ArchiveNotOnnx`. */
  readonly anyModel?: boolean;
  /** Ends the work with the signal's reason; nothing is left behind. */
  readonly signal?: AbortSignal;
}

const rules: OptionTable<ReadArchiveOptions> = {
  maxBytes: cap(defaultLimits.maxBytes),
  maxEntries: cap(defaultLimits.maxEntries),
  maxRatio: cap(defaultLimits.maxRatio),
  maxDepth: cap(defaultLimits.maxDepth),
  anyModel: flag("Give true to read archives that only TorchServe can serve."),
  signal: abortSignal,
};

/**
 * Opens an archive: a `.mar` (zip), a `.tar.gz`, or a folder with the unpacked files; which of them is seen from its first bytes. Nothing of it
 * is run. A zip archive's contents are not read but for manifest and configuration; a tar archive is read through.
 *
 * Throws an `ArchiveError` for whatever is wrong with it (`torchserveAnswers` says what a server answers to each code), `FileNotFound`
 * and `FileNotReadable`.
 *
 * @example
 * const { manifest, files, config } = await openArchive("model_store/my_fancy_model.mar");
 */
export async function openArchive(path: string, options: ReadArchiveOptions = {}): Promise<Archive> {
  const files: Sized[] = [];
  const texts = new Map<string, Uint8Array>();
  const keep = async (entry: ArchiveEntry) => void texts.set(entry.path, await bytesOf(entry));
  const { packed } = await visitEntries(path, options, async (entry) => {
    files.push({ path: entry.path, bytes: entry.bytes });
    if (mayDescribe.test(entry.path) && entry.bytes <= maxTextBytes && texts.size < mostTexts) await keep(entry);
  });
  const { top, inside } = withoutTop(files, packed);
  const read = async (name: string) => {
    const full = top + name;
    if (!texts.has(full)) await visitEntries(path, options, async (entry) => (entry.path === full ? keep(entry) : undefined));
    return texts.get(full) as Uint8Array;
  };
  return describeArchive(path, inside, read, options);
}

/** Which file is the configuration is known from the manifest, which comes last; a second way through the archive is rarely needed. */
const mayDescribe = /(?:^|\/)MAR-INF\/MANIFEST\.json$|\.ya?ml$/;
const mostTexts = 16;

export type Packing = "zip" | "tar" | "no";

/**
 * Hands the entries of an archive to `visit`, one by one, all checked. Gives how it was packed. Throws as `openArchive` does, and what `visit` throws.
 */
export async function visitEntries(
  path: string,
  options: ReadArchiveOptions,
  visit: (entry: ArchiveEntry) => Promise<void>,
): Promise<{ readonly packed: Packing }> {
  checkOptions("openArchive", options, rules);
  const limits = withDefaults(options);
  const each = async (entries: AsyncIterable<ArchiveEntry>) => {
    for await (const entry of entries) {
      options.signal?.throwIfAborted();
      await visit(entry);
    }
  };
  const status = await stat(path).catch((cause) => {
    throw fileError("read", path, cause);
  });
  if (status.isDirectory()) {
    await each(folderEntries(path, new EntryCheck(path, undefined, limits)));
    return { packed: "no" };
  }
  if (!status.isFile()) throw ingotError("ArchiveFormat", { path, problem: "it is neither a file nor a folder" });
  // A pipe that takes the file's place after the check would be waited for.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((cause) => {
    throw fileError("read", path, cause);
  });
  try {
    const head = Buffer.alloc(4);
    const { bytesRead } = await file.read(head, 0, 4, 0);
    const check = new EntryCheck(path, status.size, limits);
    if (bytesRead === 4 && zipStarts.includes(head.toString("latin1"))) {
      await each(zipEntries(file, path, check));
      return { packed: "zip" };
    }
    if (bytesRead >= 2 && head[0] === 0x1f && head[1] === 0x8b) {
      await each(tarEntries(file, path, check));
      return { packed: "tar" };
    }
    const problem = status.size === 0 ? "it is empty" : "it begins neither as a zip archive nor as one packed by gzip";
    throw ingotError("ArchiveFormat", { path, problem });
  } catch (cause) {
    throw fileError("read", path, cause);
  } finally {
    await file.close();
  }
}

/** Of an archive with entries, and of one without. */
const zipStarts: readonly string[] = ["PK\x03\x04", "PK\x05\x06"];

/** The name and size of one file. */
interface Sized {
  readonly path: string;
  readonly bytes: number;
}

/** tar archives have all files under one folder, named after the model: gives its name with `/`, or `""`, and the files' names inside of it. */
export function withoutTop(files: readonly Sized[], packed: Packing): { readonly top: string; readonly inside: readonly Sized[] } {
  const found = files.find(({ path }) => /^[^/]+\/MAR-INF\/MANIFEST\.json$/.test(path));
  if (packed !== "tar" || found === undefined || files.some(({ path }) => path === manifestPath)) return { top: "", inside: files };
  const top = found.path.slice(0, -manifestPath.length);
  const inside = files.filter(({ path }) => path.startsWith(top));
  return { top, inside: inside.map(({ path, bytes }) => ({ path: path.slice(top.length), bytes })) };
}

/** Puts together what the files of an archive say. `read` gives the content of a small file. */
export async function describeArchive(
  path: string,
  files: readonly Sized[],
  read: (name: string) => Promise<Uint8Array>,
  { anyModel = false }: ReadArchiveOptions,
): Promise<Archive> {
  const sizes = new Map(files.map((file) => [file.path, file.bytes]));
  const text = async (name: string): Promise<string> => {
    const bytes = sizes.get(name) ?? 0;
    if (bytes <= maxTextBytes) return decode(await read(name), name, path);
    throw ingotError("ArchiveManifestTooLarge", { path, what: name, bytes: formatBytes(bytes), limit: formatBytes(maxTextBytes) });
  };
  if (!sizes.has(manifestPath)) throw ingotError("ArchiveManifestMissing", { path });
  const manifest = parseManifest(await text(manifestPath), path);
  const { configFile, serializedFile } = manifest.model;
  for (const field of ["serializedFile", "configFile"] as const) {
    const name = manifest.model[field];
    if (name !== undefined && !sizes.has(name)) throw ingotError("ArchiveFileMissing", { path, field, name });
  }
  if (!anyModel && !isOnnxName(serializedFile)) throw notOnnx(path, manifest);
  const { config, warnings } =
    configFile === undefined ? { config: { backend: {} }, warnings: [] } : readModelConfig(await text(configFile), configFile, path);
  const unread = configFile === undefined && sizes.has("model-config.yaml");
  return {
    path,
    manifest,
    files: files.map(({ path: name, bytes }): ArchiveFile => ({ path: name, bytes, role: roleOf(name, manifest) })),
    config,
    warnings: unread ? [...warnings, "model-config.yaml is not read: the manifest does not name it as its configFile"] : warnings,
  };
}

/** Whether a model of this name is one that Ingot serves. */
export const isOnnxName = (name: string | undefined): name is string => name?.toLowerCase().endsWith(".onnx") === true;

const roles: readonly (readonly [keyof ManifestModel, FileRole])[] = [
  ["serializedFile", "model"],
  ["modelFile", "modelFile"],
  ["requirementsFile", "requirements"],
  ["configFile", "config"],
];

function roleOf(name: string, { model, runtime }: Manifest): FileRole {
  if (name === manifestPath) return "manifest";
  if (model.handler !== undefined && [model.handler, handlerFile(model.handler, runtime)].includes(name)) return "handler";
  return roles.find(([key]) => model[key] === name)?.[1] ?? "extra";
}

function notOnnx(path: string, { model }: Manifest): Error {
  const parts = [model.serializedFile, model.modelFile, model.handler].filter((name) => name !== undefined);
  const found = parts.length > 0 ? `its files are ${parts.join(", ")}` : "the manifest names no serializedFile";
  const handler = model.handler?.includes(".") || model.handler?.includes(":") ? "base_handler" : (model.handler ?? "base_handler");
  return ingotError("ArchiveNotOnnx", { path, found, name: model.modelName, version: model.modelVersion, handler });
}

async function bytesOf(entry: ArchiveEntry): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of entry.content()) parts.push(part);
  return Buffer.concat(parts);
}

function decode(bytes: Uint8Array, name: string, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw ingotError("ArchiveManifestInvalid", { path, field: name, problem: "its text is not UTF-8" }, { cause });
  }
}
