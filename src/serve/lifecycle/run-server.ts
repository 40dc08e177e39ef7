// The life of a server's process: start, tell, serve, drain on SIGTERM, end.
import { constants } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { ServerConfig } from "../config/server-config.ts";
import { type OpenLog, openLog } from "../log.ts";
import { fileDescriptorSink, fileSink, type Sink } from "../log-sink.ts";
import { type RunningServer, startServer } from "../server.ts";
import { listenFailure } from "./listen-failure.ts";
import { claimPidFile } from "./pid-file.ts";
import { SnapshotKeeper } from "./snapshot-keeper.ts";

export interface RunOptions {
  readonly pidFile: string;
  /** The log goes to standard error; in a daemon that is a file already. */
  readonly daemon: boolean;
  /** Called once, when it listens and has loaded its models. */
  readonly onListening?: (addresses: RunningServer["addresses"]) => void;
}

/** ms that closing may take beyond the time for draining. */
const patience = 10_000;

/** The name of the log in its folder; TorchServe's own. */
export const logFileName = "ts_log.log";

/**
 * Runs a server until a signal ends it; resolves with the exit status of the process. SIGTERM and SIGINT let running requests finish, a second
 * one ends the process at once, SIGHUP does nothing. Throws `ServeError` where it cannot start.
 */
export async function runServer(config: ServerConfig, { pidFile, daemon, onListening }: RunOptions): Promise<number> {
  const log = openServerLog(config, daemon);
  const signals = new Signals();
  // Also while it starts: loading models may take minutes.
  const stopping = signals.first.then((signal) => beginToStop(signal, config, log));
  let releasePidFile = () => {};
  try {
    releasePidFile = holdPidFile(pidFile, config, log);
    tell(config, log);
    const snapshots = new SnapshotKeeper(config, log);
    const server = await startServer(config, log, snapshots.observer).catch((error: unknown) => {
      throw listenFailure(error, config);
    });
    const { inference: grpcInference, management: grpcManagement } = server.grpcAddresses;
    log.info("listening", { ...server.addresses, grpcInference, grpcManagement });
    await snapshots.begin(server.parts.registry);
    onListening?.(server.addresses);
    const limit = await stopping;
    await Promise.all([snapshots.end(), server.drain(config.shutdownGrace)]);
    await server.close();
    clearTimeout(limit);
    log.info("stopped");
    return 0;
  } finally {
    releasePidFile();
    await log.flush();
    signals.forget();
  }
}

/** Says so, and sets a limit for all that follows. */
function beginToStop(signal: NodeJS.Signals, { shutdownGrace }: ServerConfig, log: OpenLog): NodeJS.Timeout {
  log.info("stopping", { signal, graceMs: shutdownGrace });
  const end = () => {
    log.error("stopping takes too long; the process ends");
    void log.flush().then(() => process.exit(1));
  };
  return setTimeout(end, shutdownGrace + patience).unref();
}

/** The first signal is told; a second one ends the process with 128 + its number, as shells have it. */
class Signals {
  readonly first: Promise<NodeJS.Signals>;
  readonly #handlers: readonly (readonly [NodeJS.Signals, () => void])[];

  constructor() {
    let seen = false;
    let tellFirst: (signal: NodeJS.Signals) => void = () => {};
    this.first = new Promise((resolve) => {
      tellFirst = resolve;
    });
    const stop = (signal: "SIGTERM" | "SIGINT") => () => {
      if (seen) process.exit(128 + constants.signals[signal]);
      seen = true;
      tellFirst(signal);
    };
    this.#handlers = [
      ["SIGTERM", stop("SIGTERM")],
      ["SIGINT", stop("SIGINT")],
      ["SIGHUP", () => {}],
    ];
    for (const [signal, handler] of this.#handlers) process.on(signal, handler);
  }

  forget(): void {
    for (const [signal, handler] of this.#handlers) process.removeListener(signal, handler);
  }
}

function openServerLog(config: ServerConfig, daemon: boolean): OpenLog {
  const sinks: Sink[] = [fileDescriptorSink(2)];
  if (config.logToFile && !daemon) sinks.push(fileSink(join(config.logLocation, logFileName)));
  return openLog({ format: config.logFormat, level: config.logLevel, sinks });
}

/** Gives the way to let it go. Without the file the server runs all the same; only `--stop` will not find it. */
function holdPidFile(path: string, { shutdownGrace }: ServerConfig, log: OpenLog): () => void {
  try {
    const { removedOrphan, release } = claimPidFile(path, shutdownGrace + patience);
    if (removedOrphan) log.info("Removing orphan pid file.", { path });
    return release;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && (error.code === "FileNotWritable" || error.code === "DiskFull"))) throw error;
    log.warn("no pid file: --stop will not find this server", { path, pid: process.pid, error: error.message.split("\n")[0] });
    return () => {};
  }
}

/** What an operator should know of a configuration. */
function tell(config: ServerConfig, log: OpenLog): void {
  const { profile, configFile, modelStore } = config;
  log.info("starting", {
    pid: process.pid,
    config: configFile ?? "none",
    profile,
    modelStore: modelStore ?? "none",
    stateDir: config.stateDir,
  });
  for (const warning of config.warnings) log.warn(warning);
  if (config.withoutEffect.length > 0) log.info("keys of TorchServe without effect here", { keys: config.withoutEffect });
}
