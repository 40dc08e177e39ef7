// What a server begins with: the models of an earlier run where a snapshot is read, those of `load_models` otherwise.
import type { LoadModels } from "./load-models.ts";
import type { ServerConfig } from "./server-config.ts";
import type { SnapshotState } from "./snapshot-state.ts";

export type StartupModels =
  | { readonly from: "snapshot"; readonly state: SnapshotState }
  | { readonly from: "load_models"; readonly models: LoadModels };

/** A snapshot wins over `load_models` and `--models`, as in TorchServe; `--ncs` keeps one from being looked for. */
export function startupModels({ modelSnapshot, loadModels }: Pick<ServerConfig, "modelSnapshot" | "loadModels">): StartupModels {
  return modelSnapshot ? { from: "snapshot", state: modelSnapshot } : { from: "load_models", models: loadModels };
}

/** The sentence for who names models that a snapshot passes over; undefined where nobody does. */
export function passedOver({ modelSnapshot, loadModels, origin, configFile }: ServerConfig): string | undefined {
  const from = origin.get("load_models");
  if (!modelSnapshot || loadModels.kind === "none" || (from?.from !== "flag" && from?.from !== "environment")) return undefined;
  const who = from.from === "flag" ? from.flag : from.variable;
  return `${who} is passed over: the snapshot ${configFile ?? modelSnapshot.name} says which models there are; --ncs starts without it`;
}

/** Workers of a model that is loaded at the start and says nothing of them: one with `debug`, else as the key says, else one per core. */
export const workersAtStart = ({ debug, defaultWorkersPerModel }: Pick<ServerConfig, "debug" | "defaultWorkersPerModel">, cores: number) =>
  debug ? 1 : defaultWorkersPerModel || cores;
