// Settings of one version of a model, as they stand in `models` and `model_snapshot`: {"NAME": {"VERSION": {…}}}.
import { describeValue } from "../../errors/describe-value.ts";
import { didYouMean } from "../../errors/nearest.ts";

/** What a configuration file says of a version of a model. Times are in ms. */
export interface ModelSettings {
  /** The version that answers where a request names none. */
  readonly defaultVersion?: boolean;
  /** The archive's file in the model store, or the URL that it came from. */
  readonly marName?: string;
  readonly minWorkers?: number;
  readonly maxWorkers?: number;
  readonly batchSize?: number;
  /** The longest that a request waits for others to share its batch. */
  readonly maxBatchDelay?: number;
  /** A worker that has not answered after so long is ended. */
  readonly responseTimeout?: number;
  readonly startupTimeout?: number;
  /** Requests that wait at most. */
  readonly jobQueueSize?: number;
  /** A client that has had no answer after so long is told that it will get none. */
  readonly clientTimeoutInMills?: number;
}

/** By name, then by version. */
export type ModelVersions<S = ModelSettings> = ReadonlyMap<string, ReadonlyMap<string, S>>;

interface Field<T> {
  readonly expected: string;
  /** Undefined where the value is wrong. */
  read(value: unknown): T | undefined;
}

const whole = (least: number): Field<number> => ({
  expected: `an integer from ${least}`,
  read: (v) => (typeof v === "number" && Number.isSafeInteger(v) && v >= least ? v : undefined),
});

const seconds: Field<number> = {
  expected: "a number of seconds above 0",
  read: (v) => (typeof v === "number" && v > 0 && Number.isSafeInteger(Math.round(v * 1000)) ? Math.round(v * 1000) : undefined),
};

type Fields = { readonly [K in keyof ModelSettings]-?: Field<NonNullable<ModelSettings[K]>> };

export const modelFields: Fields = {
  defaultVersion: { expected: "true or false", read: (v) => (typeof v === "boolean" ? v : undefined) },
  marName: { expected: "the name of an archive", read: (v) => (typeof v === "string" && v !== "" ? v : undefined) },
  minWorkers: whole(0),
  maxWorkers: whole(0),
  batchSize: whole(1),
  maxBatchDelay: whole(0),
  responseTimeout: seconds,
  startupTimeout: seconds,
  jobQueueSize: whole(1),
  clientTimeoutInMills: whole(0),
};

/** What TorchServe knows besides, and this server has no use for. */
const others = [
  "runtimeType",
  "parallelLevel",
  "parallelType",
  "deviceType",
  "deviceIds",
  "useJobTicket",
  "useVenv",
  "handler",
  "maxRetryTimeoutInSec",
  "continuousBatching",
  "sequenceBatching",
  "asyncCommunication",
];

/** Settings, or what is wrong with them; a field that nobody knows is told, and the others hold. */
export interface SettingsRead<S> {
  readonly versions: ModelVersions<S>;
  readonly warnings: readonly string[];
}

/** A wrong value inside of the JSON: where it stands, and what belongs there. */
export interface SettingsProblem {
  readonly path: string;
  readonly actual: string;
  readonly expected: string;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** JSON, or where it stops being JSON. */
export function parseJson(text: string): { readonly value: unknown } | SettingsProblem {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { path: "", actual: `no JSON (${problem})`, expected: 'JSON such as {"resnet": {"1.0": {"minWorkers": 1}}}' };
  }
}

/** Reads `{"NAME": {"VERSION": {…}}}`. */
export function readModelSettings(value: unknown): SettingsRead<ModelSettings> | SettingsProblem {
  if (!isRecord(value)) return { path: "", actual: describeValue(value), expected: 'models by name: {"NAME": {"VERSION": {…}}}' };
  const versions = new Map<string, ReadonlyMap<string, ModelSettings>>();
  const warnings: string[] = [];
  for (const [name, byVersion] of Object.entries(value)) {
    if (!isRecord(byVersion)) return { path: name, actual: describeValue(byVersion), expected: 'versions: {"1.0": {…}}' };
    const ofModel = new Map<string, ModelSettings>();
    for (const [version, settings] of Object.entries(byVersion)) {
      const read = readSettings(`${name}.${version}`, settings, warnings);
      if ("expected" in read) return read;
      ofModel.set(version, read.settings);
    }
    versions.set(name, ofModel);
  }
  return { versions, warnings };
}

function readSettings(path: string, value: unknown, warnings: string[]): { readonly settings: ModelSettings } | SettingsProblem {
  if (!isRecord(value)) return { path, actual: describeValue(value), expected: 'settings: {"minWorkers": 1, …}' };
  const settings: Record<string, unknown> = {};
  const fields: Readonly<Record<string, Field<unknown>>> = modelFields;
  for (const [key, given] of Object.entries(value)) {
    const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (!field) {
      if (!others.includes(key)) warnings.push(`${path}: unknown setting \`${key}\`${didYouMean(key, Object.keys(fields))}`);
      continue;
    }
    const read = field.read(given);
    if (read === undefined) return { path: `${path}.${key}`, actual: describeValue(given), expected: field.expected };
    settings[key] = read;
  }
  const { minWorkers, maxWorkers } = settings as ModelSettings;
  if (minWorkers !== undefined && maxWorkers !== undefined && maxWorkers < minWorkers)
    return { path: `${path}.maxWorkers`, actual: String(maxWorkers), expected: `at least minWorkers, which is ${minWorkers}` };
  return { settings };
}
