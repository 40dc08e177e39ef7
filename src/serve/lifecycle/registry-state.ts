// The models that are served, as a snapshot holds them.
import { basename } from "node:path";
import type { ModelState } from "../config/snapshot-state.ts";
import { fileName } from "../models/download/fetch-archive.ts";
import type { Registry } from "../models/registry.ts";
import type { VersionParts } from "../models/served-version.ts";

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
            marName: archiveOf(parts),
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

/** Its file in the model store. What came by URL is there too by now: the next start fetches nothing, whoever asked for it then. */
function archiveOf({ url, downloaded }: VersionParts): string {
  if (downloaded !== undefined) return basename(downloaded);
  return /^https?:\/\//i.test(url) ? (fileName(new URL(url)) ?? url) : url;
}
