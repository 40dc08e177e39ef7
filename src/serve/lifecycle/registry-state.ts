// The models that are served, as a snapshot holds them; and saving one, which must never stop a server.
import type { ServerConfig } from "../config/server-config.ts";
import type { ModelState } from "../config/snapshot-state.ts";
import type { Log } from "../log.ts";
import type { Registry } from "../models/registry.ts";
import { type SnapshotOccasion, writeSnapshot } from "./snapshot-files.ts";

/** All versions of all models as data. Times in ms. */
export function registryState(registry: Registry): Map<string, Map<string, ModelState>> {
  return new Map(
    registry.names.map((name) => [
      name,
      new Map(
        registry.versions(name).map(({ version, parts, settings }) => [
          version,
          {
            defaultVersion: version === registry.defaultVersion(name),
            marName: parts.url,
            minWorkers: settings.minWorkers,
            maxWorkers: settings.maxWorkers,
            batchSize: settings.batchSize,
            maxBatchDelay: settings.maxBatchDelay,
            responseTimeout: settings.responseTimeout,
            startupTimeout: settings.startupTimeout,
            jobQueueSize: settings.queueSize,
            clientTimeoutInMills: settings.clientTimeout,
          },
        ]),
      ),
    ]),
  );
}

/** Writes a snapshot unless `--ncs` forbids it. A full disk is told and changes nothing else. */
export async function saveSnapshot(
  config: ServerConfig,
  log: Log,
  occasion: SnapshotOccasion,
  models: ReadonlyMap<string, ReadonlyMap<string, ModelState>>,
): Promise<void> {
  if (!config.snapshots) return;
  try {
    log.debug("snapshot saved", { file: await writeSnapshot(config, occasion, models) });
  } catch (error) {
    log.warn("snapshot not saved", { error: error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error) });
  }
}
