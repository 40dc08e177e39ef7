// The models that a server begins with. One that does not load is told in the log; the others are served.
import { availableParallelism } from "node:os";
import { ServeFault } from "../fault.ts";
import type { ServerParts } from "../server-parts.ts";
import { archivesOf } from "./find-archive.ts";

interface Wanted {
  readonly name: string | undefined;
  readonly location: string;
}

export async function loadAtStartup({ config, manager, log }: ServerParts): Promise<void> {
  for (const { name, location } of await wantedModels(config.loadModels, config.modelStore, (text) => log.warn("model store", { text }))) {
    try {
      const workers = config.defaultWorkersPerModel || (config.debug ? 1 : availableParallelism());
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
