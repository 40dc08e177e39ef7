// Makes an archive of a model's files: what torch-model-archiver does, with the same options, names, layout and manifest.
import { lstat, readFile, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { abortSignal, checkOptions, flag, type OptionRule, type OptionTable, oneOf, text } from "../compile/options.ts";
import { describeValue } from "../errors/describe-value.ts";
import { ingotError } from "../errors/error.ts";
import { fileError } from "../errors/file-error.ts";
import { formatBytes } from "../errors/quantity.ts";
import { fillFileAtomically } from "../weights/atomic-write.ts";
import { FileCollection } from "./collect-files.ts";
import { EntryCheck } from "./entry.ts";
import { writeFolder } from "./folder-writer.ts";
import { builtInHandlers, handlerFile, handlerKind } from "./handlers.ts";
import { defaultLimits, maxTextBytes, ratioFrom } from "./limits.ts";
import {
  type ArchiveRuntime,
  archiverVersion,
  formatDate,
  formatManifest,
  type Manifest,
  manifestPath,
  namePattern,
  runtimes,
} from "./manifest.ts";
import { readModelConfig } from "./model-config.ts";
import { isOnnxName } from "./open-archive.ts";
import { fromFile, fromText, type PackedFile } from "./packed-file.ts";
import { writeTarGz } from "./tar-writer.ts";
import { writeZip } from "./zip-writer.ts";

/** What the archive's name ends with, by the format. */
const endings = { default: ".mar", "zip-store": ".mar", tgz: ".tar.gz", "no-archive": "" } as const;

export type ArchiveFormat = keyof typeof endings;
export const archiveFormats = Object.keys(endings) as readonly ArchiveFormat[];

export interface ArchiveOptions {
  /** Letters, digits, `_`, `-` and `.`; also the archive's file name. */
  readonly modelName: string;
  /** Of the model, as in `1.0`. */
  readonly version: string;
  /** `image_classifier`, `object_detector`, `image_segmenter`, `text_classifier`, `base_handler`, or a file with code for TorchServe. */
  readonly handler: string;
  /** The model: `.onnx` for Ingot and TorchServe, other files for TorchServe alone. */
  readonly serializedFile?: string;
  /** Python code of an eager model, for TorchServe. */
  readonly modelFile?: string;
  /** Files, folders (whose contents go to the top) and wildcards; a text is split at its commas. */
  readonly extraFiles?: string | readonly string[];
  /** Default: `python`. */
  readonly runtime?: ArchiveRuntime;
  /** The folder that the archive is written into. Default: the working directory. */
  readonly exportPath?: string;
  /** `default`: a packed `.mar`; `zip-store`: one that is not packed; `tgz`: a `.tar.gz`; `no-archive`: a folder. */
  readonly archiveFormat?: ArchiveFormat;
  /** Whether an archive of that name is replaced. */
  readonly force?: boolean;
  /** Python packages, for TorchServe. */
  readonly requirementsFile?: string;
  /** The model's configuration in YAML. */
  readonly configFile?: string;
  /** Ends the work with the signal's reason; nothing is left behind. */
  readonly signal?: AbortSignal;
}

export interface ArchiveReport {
  readonly path: string;
  /** Of the archive; of all files together where it is a folder. */
  readonly bytes: number;
  readonly manifest: Manifest;
  /** In the archive's order, the manifest last. */
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  readonly warnings: readonly string[];
}

/**
 * Packs a model and what belongs to it. An `.onnx` model is checked and its data files are packed too; files are read piece by piece, so that
 * their size does not matter. The archive takes its name when it is complete. The same files give the same bytes but for the date in the
 * manifest, which `SOURCE_DATE_EPOCH` sets.
 *
 * Throws `InvalidArgument`, `UnknownOption`, `SourceDateEpoch`, `ArchiveName`, `ArchiveExportPath`, `ArchiveExists`, `ArchiveNameClash`, `ArchiveConfig`, `NotOnnx`, `OnnxExternalData`, and the
 * errors of files.
 *
 * @example
 * await archive({ modelName: "r152", version: "1.0", serializedFile: "m.onnx", handler: "image_classifier", exportPath: "model_store" });
 */
export async function archive(options: ArchiveOptions): Promise<ArchiveReport> {
  const { modelName, exportPath = ".", archiveFormat = "default", force = false, signal } = options;
  checkArchiveOptions(options);
  if (!namePattern.test(modelName)) throw ingotError("ArchiveName", { name: modelName });
  if (!(await stat(exportPath).catch(() => undefined))?.isDirectory()) throw ingotError("ArchiveExportPath", { path: exportPath });
  const path = join(exportPath, `${modelName}${endings[archiveFormat]}`);
  const exists = await lstat(path).then(
    () => true,
    () => false,
  );
  if (exists && !force) throw ingotError("ArchiveExists", { path });

  const manifest = manifestOf(options);
  const { files, warnings } = await collect(options, path);
  const packed: PackedFile[] = [...files.map((file) => fromFile(file, signal)), fromText(manifestPath, formatManifest(manifest))];
  // What is written must be readable again.
  const check = new EntryCheck(path, undefined, { ...defaultLimits, maxBytes: Number.POSITIVE_INFINITY });
  for (const file of packed) check.file(file.path, file.bytes);
  signal?.throwIfAborted();
  await write(path, options, packed);
  const bytes = packed.reduce((sum, file) => sum + file.bytes, 0);
  return {
    path,
    bytes: archiveFormat === "no-archive" ? bytes : (await stat(path)).size,
    manifest,
    files: packed.map((file) => ({ path: file.path, bytes: file.bytes })),
    warnings: exists ? [`${path} was there already and is replaced`, ...warnings] : warnings,
  };
}

const file = text("a file's name", "Give a path; relative ones start at the working directory.");
const rules: OptionTable<ArchiveOptions> = {
  modelName: text("a text", 'As in modelName: "my_fancy_model".'),
  version: text("a text", 'As in version: "1.0".'),
  handler: text("a text", `Name a handler: ${builtInHandlers.join(", ")}.`),
  serializedFile: file,
  modelFile: file,
  extraFiles: {
    expected: "names, or a text with commas between them",
    hint: 'As in extraFiles: ["index_to_name.json"].',
    holds: (value) => typeof value === "string" || (Array.isArray(value) && value.every((name) => typeof name === "string")),
  },
  runtime: oneOf(runtimes, "Leave it out for python."),
  exportPath: file,
  archiveFormat: oneOf(archiveFormats, "Leave it out for a packed .mar."),
  force: flag("Give true to replace an archive that is there."),
  requirementsFile: file,
  configFile: file,
  signal: abortSignal,
};

function checkArchiveOptions(options: ArchiveOptions): void {
  checkOptions("archive", options, rules);
  for (const key of ["modelName", "version", "handler"] as const) {
    const { expected, hint } = rules[key] as OptionRule;
    if (options[key] === undefined) throw ingotError("InvalidArgument", { op: "archive", name: key, expected, actual: "undefined", hint });
  }
}

function manifestOf(options: ArchiveOptions): Manifest {
  const { modelName, version, handler, serializedFile, modelFile, runtime = "python", requirementsFile, configFile } = options;
  return {
    createdOn: creationDate(),
    runtime,
    model: {
      modelName,
      ...(serializedFile !== undefined && { serializedFile: basename(serializedFile) }),
      handler: basename(handler),
      ...(modelFile !== undefined && { modelFile: basename(modelFile) }),
      modelVersion: version,
      ...(requirementsFile !== undefined && { requirementsFile: basename(requirementsFile) }),
      ...(configFile !== undefined && { configFile: basename(configFile) }),
    },
    archiverVersion,
  };
}

/** Now in local time, or the second that SOURCE_DATE_EPOCH (reproducible-builds.org) sets, in UTC. */
function creationDate(): string {
  const epoch = process.env.SOURCE_DATE_EPOCH;
  if (epoch === undefined || epoch === "") return formatDate(new Date(), false);
  const date = new Date(Number(epoch) * 1000);
  if (/^\d+$/.test(epoch) && !Number.isNaN(date.getTime())) return formatDate(date, true);
  throw ingotError("SourceDateEpoch", { value: describeValue(epoch) });
}

async function collect(options: ArchiveOptions, target: string) {
  const { handler, serializedFile, modelFile, extraFiles = [], runtime = "python", requirementsFile, configFile } = options;
  const collection = await FileCollection.of(resolve(target));
  const { warnings } = collection;
  if (isOnnxName(serializedFile)) await collection.addModel(serializedFile);
  else if (serializedFile !== undefined) {
    await collection.add(serializedFile);
    warnings.push(`only TorchServe can serve ${basename(serializedFile)}: Ingot serves .onnx files, which torch.onnx.export writes`);
  } else warnings.push("only TorchServe can serve an archive without a serialized file: Ingot serves .onnx files");
  if (modelFile !== undefined) {
    await collection.add(modelFile);
    warnings.push(`${basename(modelFile)} is packed for TorchServe; Ingot does not run it`);
  }
  const kind = handlerKind(handler, runtime);
  if (kind === "foreign") warnings.push(`only TorchServe has the handler ${handler}`);
  if (kind === "file") {
    const file = handlerFile(handler, runtime);
    await collection.add(file);
    const instead = "the server's operator names handlers on its command line";
    warnings.push(`${basename(file)} is packed for TorchServe; Ingot runs no code out of an archive: ${instead}`);
  }
  for (const given of typeof extraFiles === "string" ? extraFiles.split(",") : extraFiles)
    if (given.trim() !== "") await collection.addExtra(given.trim());
  if (requirementsFile !== undefined) await collection.add(requirementsFile);
  if (configFile !== undefined) {
    await collection.add(configFile);
    warnings.push(...(await checkConfig(configFile)));
  }
  return { files: collection.files, warnings };
}

/** A configuration that no server could read is better found now. */
async function checkConfig(file: string): Promise<readonly string[]> {
  const bytes = await readFile(file).catch((cause) => {
    throw fileError("read", file, cause);
  });
  if (bytes.length > maxTextBytes)
    throw ingotError("ArchiveManifestTooLarge", {
      path: file,
      what: "the configuration",
      bytes: formatBytes(bytes.length),
      limit: formatBytes(maxTextBytes),
    });
  return readModelConfig(bytes.toString("utf8"), basename(file), file).warnings;
}

async function write(path: string, { modelName, archiveFormat = "default" }: ArchiveOptions, files: readonly PackedFile[]): Promise<void> {
  if (archiveFormat === "no-archive") return writeFolder(path, files);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  await fillFileAtomically(path, async (file) => {
    const fill = (store: boolean) =>
      archiveFormat === "tgz" ? writeTarGz(file, modelName, files, { store }) : writeZip(file, files, { store });
    await fill(archiveFormat === "zip-store");
    // What packs this well looks like a bomb to readers, ours among them.
    if (bytes <= Math.max(ratioFrom, defaultLimits.maxRatio * (await file.stat()).size)) return;
    await file.truncate(0);
    await fill(true);
  });
}
