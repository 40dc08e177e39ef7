// From flags, environment and file to one checked configuration. A pure function: what is read from disk is handed in.
import { ingotError } from "../../errors/error.ts";
import { checkListeners } from "./check-listeners.ts";
import type { ServeFlags } from "./flags.ts";
import { type ConfigFile, type Environment, layer } from "./layers.ts";
import { isRemote } from "./load-models.ts";
import { locations } from "./locations.ts";
import type { ServerConfig } from "./server-config.ts";
import { SettingsReader } from "./settings-reader.ts";
import { passedOver } from "./startup-models.ts";

/** All that a configuration is made from. */
export interface ConfigSources {
  readonly flags?: ServeFlags;
  readonly environment?: Environment;
  /** Relative paths stand in this folder. */
  readonly cwd: string;
  /** The file that was found (`findConfigFile`). */
  readonly file?: ConfigFile | undefined;
  /** Sentences from finding it. */
  readonly warnings?: readonly string[];
}

/**
 * The configuration that flags, environment and file make: environment before flags, flags before file, file before profile and default.
 * Throws one `ServeError` that names every wrong value with its place; unknown keys are warnings.
 *
 * @example
 * const config = resolveConfig({ cwd: process.cwd(), flags: { modelStore: "model_store", models: ["all"] } });
 * config.inferenceAddress; // { kind: "tcp", tls: false, host: "127.0.0.1", port: 8080 }
 */
export function resolveConfig({ flags = {}, environment = {}, cwd, file, warnings = [] }: ConfigSources): ServerConfig {
  const layered = layer(flags, environment, file);
  const reader = new SettingsReader(layered, { cwd });
  const settings = reader.all(environment.PORT);
  const config: ServerConfig = {
    ...settings,
    ...(settings.debug && reader.origin.get("log_level")?.from === "default" && { logLevel: "debug" }),
    ...locations(flags, environment, cwd),
    snapshots: flags.noConfigSnapshots !== true,
    configFile: file?.path,
    warnings: [...warnings, ...layered.warnings, ...reader.warnings],
    withoutEffect: layered.withoutEffect,
    origin: reader.origin,
  };
  checkListeners(config);
  checkModelStore(config);
  const told = passedOver(config);
  return told === undefined ? config : { ...config, warnings: [...config.warnings, told] };
}

/** A local model without a folder to look for it in. */
function checkModelStore({ modelStore, loadModels, modelSnapshot }: ServerConfig): void {
  if (modelStore !== undefined || loadModels.kind !== "list" || modelSnapshot !== undefined) return;
  const local = loadModels.models.find(({ location }) => !isRemote(location));
  if (local) throw ingotError("ServeModelStoreRequired", { model: local.location });
}
