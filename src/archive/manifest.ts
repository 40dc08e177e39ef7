// MAR-INF/MANIFEST.json: what an archive says of itself. Written byte for byte as torch-model-archiver 0.12 writes it, so that every program
// that reads its archives reads ours; read with a name for whatever is wrong.
import { describeValue } from "../errors/describe-value.ts";
import { ingotError } from "../errors/error.ts";
import { checkPath } from "./entry-path.ts";

export const manifestPath = "MAR-INF/MANIFEST.json";

/** The release whose archives ours are equal to; TorchServe and its tools look at nothing else here. */
export const archiverVersion = "0.12.0";

/** Which language TorchServe runs the handler in; it says nothing about Ingot. */
export const runtimes = ["python", "python3", "LSP"] as const;
export type ArchiveRuntime = (typeof runtimes)[number];

/** What the manifest says of the model. Files are named as they stand in the archive. */
export interface ManifestModel {
  readonly modelName: string;
  readonly serializedFile?: string;
  /** A built-in handler's name, or a file. */
  readonly handler?: string;
  readonly modelFile?: string;
  readonly modelVersion: string;
  readonly extensions?: unknown;
  readonly requirementsFile?: string;
  readonly configFile?: string;
}

export interface Manifest {
  /** Local time, `18/11/2026 12:00:00`. */
  readonly createdOn?: string;
  readonly runtime: ArchiveRuntime;
  readonly model: ManifestModel;
  readonly archiverVersion?: string;
}

/** In the order in which the manifest has them. */
const modelKeys = [
  "modelName",
  "serializedFile",
  "handler",
  "modelFile",
  "modelVersion",
  "extensions",
  "requirementsFile",
  "configFile",
] as const satisfies readonly (keyof ManifestModel)[];

export const namePattern = /^[A-Za-z0-9][A-Za-z0-9_\-.]*$/;

/**
 * The manifest's text: two blanks of indent, no newline at the end, other letters than ASCII as `\u` escapes, absent keys left out.
 *
 * @example
 * formatManifest({ runtime: "python", model: { modelName: "m", modelVersion: "1.0" } });
 */
export function formatManifest({ createdOn, runtime, model, archiverVersion: version }: Manifest): string {
  const ordered = { createdOn, runtime, model: Object.fromEntries(modelKeys.map((key) => [key, model[key]])), archiverVersion: version };
  return JSON.stringify(ordered, undefined, 2).replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** `dd/mm/yyyy HH:MM:SS`, in local time or in UTC. */
export function formatDate(date: Date, utc: boolean): string {
  const shifted = utc ? date : new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  const [year, month, day, time] = shifted.toISOString().split(/[-T.]/) as [string, string, string, string];
  return `${day}/${month}/${year} ${time}`;
}

/**
 * Reads a manifest; `path` is the archive's, for errors. What it does not know is left out. Throws `ArchiveManifestInvalid`, which names the field,
 * and `ArchiveUnsafePath` for a file that is not in the archive by its name alone.
 */
export function parseManifest(text: string, path: string): Manifest {
  const invalid = (field: string, problem: string, cause?: unknown) =>
    ingotError("ArchiveManifestInvalid", { path, field, problem }, { cause });
  let data: unknown;
  try {
    data = JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (cause) {
    throw invalid("its JSON", cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (!isRecord(data)) throw invalid("its JSON", `it must be an object, and is ${jsonKind(data)}`);
  const string = (record: Readonly<Record<string, unknown>>, key: string, where = ""): string | undefined => {
    const value = own(record, key);
    if (value === undefined || value === null) return undefined;
    if (typeof value !== "string") throw invalid(`${where}${key}`, `it must be a string, and is ${jsonKind(value)}`);
    return value === "" ? undefined : value;
  };
  const required = (record: Readonly<Record<string, unknown>>, key: string, where: string, problem: string): string => {
    const value = string(record, key, where);
    if (value === undefined) throw invalid(`${where}${key}`, problem);
    return value;
  };

  const model = own(data, "model");
  if (model === undefined || model === null) throw invalid("model", "Missing Model entry in manifest file.");
  if (!isRecord(model)) throw invalid("model", `it must be an object, and is ${jsonKind(model)}`);
  const modelName = required(model, "modelName", "model.", "Model name is not defined.");
  if (!namePattern.test(modelName)) throw invalid("model.modelName", `${JSON.stringify(modelName)} must match ${namePattern.source}`);
  const modelVersion = required(model, "modelVersion", "model.", "Model version is not defined.");
  const runtime = runtimes.find((name) => name === string(data, "runtime"));
  if (runtime === undefined) throw invalid("runtime", "Runtime is not defined or invalid.");
  const file = (key: keyof ManifestModel): string | undefined => {
    const name = string(model, key, "model.");
    return name === undefined ? undefined : checkPath(name, path);
  };
  const extensions = own(model, "extensions");
  return present<Manifest>({
    createdOn: string(data, "createdOn"),
    runtime,
    model: present<ManifestModel>({
      modelName,
      serializedFile: file("serializedFile"),
      handler: string(model, "handler", "model."),
      modelFile: file("modelFile"),
      modelVersion,
      extensions: extensions ?? undefined,
      requirementsFile: file("requirementsFile"),
      configFile: file("configFile"),
    }),
    archiverVersion: string(data, "archiverVersion"),
  });
}

/** Without the keys that have no value. */
const present = <T extends object>(record: { readonly [K in keyof Required<T>]: T[K] | undefined }): T =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Of a record only that it is one: its keys are the stranger's. */
const jsonKind = (value: unknown) => (isRecord(value) ? "an object" : describeValue(value));

const own = (record: Readonly<Record<string, unknown>>, key: string): unknown => (Object.hasOwn(record, key) ? record[key] : undefined);
