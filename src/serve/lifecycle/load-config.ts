// The configuration of a process: finds the file, reads it, and resolves it with flags and environment.
import { existsSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { ingotError } from "../../errors/error.ts";
import { fileError } from "../../errors/file-error.ts";
import type { ServeFlags } from "../config/flags.ts";
import type { ConfigFile, Environment } from "../config/layers.ts";
import { locations, snapshotFolder } from "../config/locations.ts";
import { resolveConfig } from "../config/resolve.ts";
import type { ServerConfig } from "../config/server-config.ts";
import { lastSnapshot } from "./snapshot-files.ts";

/**
 * Reads the configuration: of TS_CONFIG_FILE, `--ts-config`, the last snapshot (without `--ncs`), or ./config.properties; of none where there
 * is none. Throws `ServeError` for a file that is named and not there, and for what is wrong in it.
 *
 * @example
 * const config = loadConfig({ modelStore: "model_store", noConfigSnapshots: true }, process.env, process.cwd());
 */
export function loadConfig(flags: ServeFlags, environment: Environment, cwd: string): ServerConfig {
  requireFile("--log-config", flags.logConfig, cwd);
  requireFile("--cpp-log-config", flags.cppLogConfig, cwd);
  const { file, warnings } = findConfigFile(flags, environment, cwd);
  const ignored = flags.logConfig === undefined ? [] : ["--log-config has no effect: it is log4j's; --log-format and --log-level are ours"];
  return resolveConfig({ flags, environment, cwd, file, warnings: [...warnings, ...ignored] });
}

function findConfigFile(
  flags: ServeFlags,
  environment: Environment,
  cwd: string,
): { file: ConfigFile | undefined; warnings: readonly string[] } {
  const named = environment.TS_CONFIG_FILE ?? flags.tsConfig;
  // TorchServe's launcher names the flag for both.
  if (named !== undefined) return { file: readConfigFile(requireFile("--ts-config", named, cwd), named), warnings: [] };
  const snapshot = flags.noConfigSnapshots
    ? { file: undefined, warnings: [] }
    : lastSnapshot(snapshotFolder(locations(flags, environment, cwd)));
  const beside = "config.properties";
  const path = join(cwd, beside);
  if (!snapshot.file) return { file: existsSync(path) ? readConfigFile(path, beside) : undefined, warnings: snapshot.warnings };
  if (!existsSync(path)) return snapshot;
  const told = `${beside} is not read: the snapshot ${snapshot.file.path} of an earlier run is; --ncs starts without it`;
  return { file: snapshot.file, warnings: [...snapshot.warnings, told] };
}

function requireFile(flag: string, name: string | undefined, cwd: string): string {
  if (name === undefined) return "";
  const path = resolve(cwd, name);
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isFile()) return path;
  } catch (cause) {
    throw fileError("read", name, cause);
  }
  throw ingotError("ServeFileMissing", { flag, path: name, folder: cwd });
}

/** UTF-8; Latin-1, which Java reads, where it is none. */
function readConfigFile(path: string, shown: string): ConfigFile {
  try {
    const bytes = readFileSync(path);
    const utf8 = bytes.toString("utf8");
    return { path: shown, text: utf8.includes("\uFFFD") ? bytes.toString("latin1") : utf8 };
  } catch (cause) {
    throw fileError("read", shown, cause);
  }
}
