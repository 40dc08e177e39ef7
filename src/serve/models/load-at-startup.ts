// The models that a server begins with. One that does not load is told in the log; the others are served.
import { availableParallelism } from "node:os";
import { startupModels, workersAtStart } from "../config/startup-models.ts";
import { ServeFault } from "../fault.ts";
import type { ServerParts } from "../server-parts.ts";
import { archivesOf } from "./find-archive.ts";
import { restoreModels } from "./restore-models.ts";

interface Wanted {
  readonly name: string | undefined;
  readonly location: string;
}

export async function loadAtStartup(parts: ServerParts): Promise<void> {
  const { config, manager, log } = parts;
  const begin = startupModels(config);
  if (begin.from === "snapshot") return restoreModels(begin.state, parts);
  const workers = workersAtStart(config, availableParallelism());
  for (const { name, location } of await wantedModels(begin.models, config.modelStore, (text) => log.warn("model store", { text }))) {
    try {
      await manager.register({ url: location, ...(name !== undefined && { modelName: name }) }, { atStartup: true, workers });
    } catch (error) {
      const why = error instanceof ServeFault ? error.fault.message : String(error);
      log.warn("model not loaded", { model: name ?? location, why });
    }
  }
}

async function wantedModels(
  wanted: ServerParts["config"]["loadModels"],
  store: string | undefined,
  warn: (text: string) => void,
): Promise<readonly Wanted[]> {
  if (wanted.kind === "none") return [];
  if (wanted.kind === "list") return wanted.models;
  if (store === undefined) return [];
  try {
    return (await archivesOf(store)).map((location) => ({ name: undefined, location }));
  } catch (error) {
    warn(`the model store ${store} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
}
