// Triton's model repository extension: the model store is the repository. What of it is served, and serving more or less of it.
import { join } from "node:path";
import { openArchive } from "../../archive/open-archive.ts";
import { refuse } from "../fault.ts";
import { archivesOf } from "../models/find-archive.ts";
import type { ServedVersion } from "../models/served-version.ts";
import type { ServerParts } from "../server-parts.ts";
import { findModel } from "./find-model.ts";

export interface IndexEntry {
  readonly name: string;
  readonly version: string;
  readonly state: "READY" | "UNAVAILABLE" | "LOADING";
  readonly reason: string;
}

/** All versions that are registered, and the archives of the store that are not; `ready`: only what can be used now. */
export async function repositoryIndex(parts: ServerParts, ready: boolean): Promise<IndexEntry[]> {
  const { registry, config } = parts;
  const served = registry.names.flatMap((name) => registry.versions(name));
  const urls = new Set(served.map((v) => v.parts.url));
  const stored = ready || config.modelStore === undefined ? [] : await archivesOf(config.modelStore).catch(() => []);
  const waiting = stored.filter((file) => !urls.has(file) && !registry.has(stemOf(file)));
  const entries = [
    ...served.map(entryOf),
    ...waiting.map((file): IndexEntry => ({ name: stemOf(file), version: "", state: "UNAVAILABLE", reason: "unloaded" })),
  ];
  return ready ? entries.filter((e) => e.state === "READY") : entries;
}

function entryOf(served: ServedVersion): IndexEntry {
  const { name, version, isReady, slots, failure } = served;
  if (isReady) return { name, version, state: "READY", reason: "" };
  const starts = slots.some((s) => s.isHealthy);
  return { name, version, state: starts ? "LOADING" : "UNAVAILABLE", reason: starts ? "" : failure || "it has no workers" };
}

/**
 * Serves a model of the store, with a worker at least; one that is served already stays. Throws ServeFault 405 without `enable_model_api`, 404
 * for a name that the store does not have, and what `register` throws.
 */
export async function loadModel(parts: ServerParts, name: string, parameters: readonly string[]): Promise<void> {
  requireModelApi(parts);
  if (parameters.length > 0)
    throw refuse("BadRequestException", `Loading with ${parameters.join(", ")} is not supported: a model is served as its archive has it.`);
  const { registry, manager, config } = parts;
  const workers = Math.max(1, config.defaultWorkersPerModel);
  if (registry.has(name)) {
    const served = registry.find(name);
    if (!served.slots.some((s) => s.isHealthy)) await manager.scale(name, undefined, workers, workers);
    return;
  }
  const url = await archiveNamed(config.modelStore, name);
  if (url === undefined) throw refuse("ModelNotFoundException", `Model with name ${name} does not exist in the model store.`);
  await manager.register({ url, modelName: name }, { workers });
}

/** Takes a model away with all its versions; their requests may finish. Throws ServeFault 405 and 404. */
export async function unloadModel(parts: ServerParts, name: string): Promise<void> {
  requireModelApi(parts);
  findModel(parts.registry, name, undefined);
  // The default version can only go when it is the last one.
  for (const { version } of parts.registry.versions(name).reverse()) await parts.manager.unregister(name, version);
}

function requireModelApi({ config }: ServerParts): void {
  if (!config.enableModelApi)
    throw refuse("MethodNotAllowedException", "Models cannot be loaded and unloaded: the server was started without enable_model_api.");
}

const stemOf = (file: string) => file.replace(/\.(mar|model|tar\.gz|tgz)$/, "");

/** The archive whose file has the name, or else the one whose manifest does. */
async function archiveNamed(store: string | undefined, name: string): Promise<string | undefined> {
  if (store === undefined) return undefined;
  const files = await archivesOf(store);
  const byFile = files.find((file) => stemOf(file) === name);
  if (byFile !== undefined) return byFile;
  for (const file of files) {
    // A damaged archive is not the one that is looked for.
    const archive = await openArchive(join(store, file)).catch(() => undefined);
    if (archive?.manifest.model.modelName === name) return file;
  }
  return undefined;
}
