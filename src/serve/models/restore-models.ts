// The models of a snapshot come back: each version with the settings that it had, the default version of each name as it was.

import type { ModelState, SnapshotState } from "../config/snapshot-state.ts";
import { ServeFault } from "../fault.ts";
import type { ServerParts } from "../server-parts.ts";
import type { RegisterRequest } from "./model-manager.ts";

/** Registers the models. One that cannot be is told in the log, and the others are served. */
export async function restoreModels({ name: snapshot, models }: SnapshotState, { manager, log, config }: ServerParts): Promise<void> {
  log.info("restoring models", { snapshot, models: models.size });
  for (const [model, versions] of models) {
    // The first version to be registered is the default one.
    const defaultFirst = [...versions].sort(([, a], [, b]) => Number(b.defaultVersion ?? false) - Number(a.defaultVersion ?? false));
    for (const [version, state] of defaultFirst) {
      try {
        const workers = state.minWorkers ?? config.defaultWorkersPerModel;
        const served = await manager.register(requestOf(model, state), { atStartup: true, workers });
        if (served.version !== version)
          log.warn("the archive has another version by now", { model, snapshot: version, archive: served.version });
        const { maxWorkers = workers } = state;
        if (maxWorkers !== served.settings.maxWorkers) await manager.scale(model, served.version, workers, Math.max(workers, maxWorkers));
      } catch (error) {
        log.warn("model not restored", { model, version, why: error instanceof ServeFault ? error.fault.message : String(error) });
      }
    }
  }
}

/** What the snapshot says goes before the archive's own settings: a request may have set it. */
function requestOf(
  modelName: string,
  { marName, minWorkers, batchSize, maxBatchDelay, responseTimeout, startupTimeout }: ModelState,
): RegisterRequest {
  return {
    url: marName,
    modelName,
    ...(minWorkers !== undefined && { initialWorkers: minWorkers }),
    ...(batchSize !== undefined && { batchSize }),
    ...(maxBatchDelay !== undefined && { maxBatchDelay }),
    ...(responseTimeout !== undefined && { responseTimeout }),
    ...(startupTimeout !== undefined && { startupTimeout }),
  };
}
