// The folders that the server writes to. They are known before a configuration file is: a snapshot in them may be that file.
import { join, resolve } from "node:path";
import type { ServeFlags } from "./flags.ts";
import type { Environment } from "./layers.ts";
import type { ServerConfig } from "./server-config.ts";

/** Absolute. See `ServerConfig`. */
export type Locations = Pick<ServerConfig, "stateDir" | "logLocation" | "logToFile" | "metricsLocation">;

/** From `--state-dir`, LOG_LOCATION and METRICS_LOCATION. */
export function locations({ stateDir }: ServeFlags, { LOG_LOCATION, METRICS_LOCATION }: Environment, cwd: string): Locations {
  const state = resolve(cwd, stateDir ?? ".");
  const logLocation = LOG_LOCATION ? resolve(cwd, LOG_LOCATION) : join(state, "logs");
  return {
    stateDir: state,
    logLocation,
    logToFile: Boolean(LOG_LOCATION),
    metricsLocation: METRICS_LOCATION ? resolve(cwd, METRICS_LOCATION) : logLocation,
  };
}

/** Where snapshots are. */
export const snapshotFolder = ({ logLocation }: Pick<Locations, "logLocation">): string => join(logLocation, "config");

/** Where the tokens are. */
export const keyFilePath = ({ stateDir }: Pick<Locations, "stateDir">): string => join(stateDir, "key_file.json");
