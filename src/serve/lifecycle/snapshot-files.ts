// Snapshots on disk: what the models were after each change, so that the next start can begin with them. A file is a config.properties, named
// by the time: `20260102030405678-startup.cfg`.
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { writeFilesTogether } from "../../weights/atomic-write.ts";
import type { ConfigFile } from "../config/layers.ts";
import { snapshotFolder } from "../config/locations.ts";
import { snapshotKind } from "../config/model-kinds.ts";
import type { ModelVersions } from "../config/model-settings.ts";
import { propertyLine, readProperties } from "../config/properties.ts";
import type { ServerConfig } from "../config/server-config.ts";
import { type ModelState, snapshotJson } from "../config/snapshot-state.ts";

/** After the start, after a change by a request, and at the end. */
export type SnapshotOccasion = "startup" | "snapshot" | "shutdown";

const namePattern = /^(\d{17})-(?:startup|snapshot|shutdown)\.cfg$/;

/**
 * Writes a snapshot, whole or not at all, and gives its path. It holds the settings that came from a configuration file, as they stood there,
 * and the models; what flags and environment said of that run is not kept. Throws `FileNotWritable` or `DiskFull`.
 *
 * @example
 * await writeSnapshot(config, "startup", new Map([["m", new Map([["1.0", { marName: "m.mar", defaultVersion: true }]])]]));
 */
export async function writeSnapshot(
  config: ServerConfig,
  occasion: SnapshotOccasion,
  models: ModelVersions<ModelState>,
  now: () => Date = () => new Date(),
): Promise<string> {
  const folder = snapshotFolder(config);
  // Where that fails, writing the file says why.
  await mkdir(folder, { recursive: true }).catch(() => {});
  const latest = newestFirst(await readdir(folder).catch(() => []))[0];
  const time = now();
  const name = `${stampAfter(stamp(time), latest)}-${occasion}.cfg`;
  const path = join(folder, name);
  const settings = [...config.origin].flatMap(([key, origin]) =>
    origin.from === "file" && key !== "model_snapshot" ? [propertyLine(key, origin.written)] : [],
  );
  const state = { name, created: time.getTime(), models };
  // The models come last: a file that was cut has no whole JSON there.
  const lines = ["#Saving snapshot", `#${time.toISOString()}`, ...settings, propertyLine("model_snapshot", snapshotJson(state)), ""];
  // A keystore's password may be among the settings.
  await writeFilesTogether([{ path, chunks: [Buffer.from(lines.join("\n"))], mode: 0o600 }]);
  return path;
}

/** A snapshot as the configuration file that it is, and what was passed over to find it. */
export interface FoundSnapshot {
  readonly file: ConfigFile | undefined;
  readonly warnings: readonly string[];
}

/** The newest snapshot that can be read; damaged ones are told and passed over. */
export function lastSnapshot(folder: string): FoundSnapshot {
  const warnings: string[] = [];
  for (const name of newestFirst(names(folder))) {
    const path = join(folder, name);
    const read = readSnapshot(path);
    if ("file" in read) return { file: read.file, warnings };
    warnings.push(`the snapshot ${path} is damaged and is passed over: ${read.problem}`);
  }
  return { file: undefined, warnings };
}

function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readSnapshot(path: string): { readonly file: ConfigFile } | { readonly problem: string } {
  try {
    const text = readFileSync(path, "utf8");
    const models = readProperties(text, path).findLast(({ key }) => key === "model_snapshot");
    if (!models) return { problem: "it has no model_snapshot" };
    const reading = snapshotKind.read(models.value, { cwd: "/" });
    if ("wrong" in reading) return { problem: `model_snapshot is ${reading.actual}, expected ${reading.expected}` };
    return { file: { path, text } };
  } catch (error) {
    return { problem: error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error) };
  }
}

const newestFirst = (files: readonly string[]): string[] =>
  files
    .filter((name) => namePattern.test(name))
    .sort()
    .reverse();

/** yyyyMMddHHmmssSSS in local time, as TorchServe names its own. */
function stamp(time: Date): string {
  const pad = (n: number, digits = 2) => String(n).padStart(digits, "0");
  const day = `${pad(time.getFullYear(), 4)}${pad(time.getMonth() + 1)}${pad(time.getDate())}`;
  return `${day}${pad(time.getHours())}${pad(time.getMinutes())}${pad(time.getSeconds())}${pad(time.getMilliseconds(), 3)}`;
}

/** The stamp; one ms after the latest file's where the clock was set back, or winter time began: the last one written must sort last. */
function stampAfter(wanted: string, latest: string | undefined): string {
  const before = latest === undefined ? undefined : namePattern.exec(latest)?.[1];
  if (before === undefined || wanted > before) return wanted;
  const [year, month, day, hours, minutes, seconds, ms] = (/(....)(..)(..)(..)(..)(..)(...)/.exec(before) ?? []).slice(1).map(Number);
  // Counted as if it were UTC, where no hour comes twice.
  const next = new Date(Date.UTC(year ?? 0, (month ?? 1) - 1, day, hours, minutes, seconds, (ms ?? 0) + 1));
  return next.toISOString().replace(/\D/g, "");
}
