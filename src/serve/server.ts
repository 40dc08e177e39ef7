// The server: registry, workers and listeners put together, started and taken down.
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { ingotError } from "../errors/error.ts";
import { type Address, formatAddress, sameAddress } from "./config/address.ts";
import { keyFilePath } from "./config/locations.ts";
import type { ServerConfig } from "./config/server-config.ts";
import { tokenRule } from "./config/token-rule.ts";
import { openTokens } from "./config/tokens.ts";
import { Changes } from "./grpc/changes.ts";
import { type GrpcPorts, listenGrpc } from "./grpc/start-grpc.ts";
import { Listener, type TlsFiles } from "./http/listener.ts";
import { BytesInFlight } from "./http/read-body.ts";
import { type Port, Router } from "./http/router.ts";
import type { Log } from "./log.ts";
import { logObserver } from "./log-observer.ts";
import { LiveWindow } from "./metrics/live.ts";
import { openMetrics } from "./metrics/metrics.ts";
import { ArchiveFetcher } from "./models/download/fetch-archive.ts";
import { loadAtStartup } from "./models/load-at-startup.ts";
import { ModelManager } from "./models/model-manager.ts";
import { Registry } from "./models/registry.ts";
import { type Observer, observers } from "./observer.ts";
import { guards, routes } from "./routes.ts";
import type { ServerParts } from "./server-parts.ts";

export interface RunningServer {
  /** Where it listens, with the ports that were found for 0. */
  readonly addresses: Readonly<Record<Port, string>>;
  /** The same of gRPC, as `host:port`. */
  readonly grpcAddresses: GrpcPorts["addresses"];
  readonly parts: ServerParts;
  /** Not ready from now on; resolves when what runs is answered, or after `graceMs`. */
  drain(graceMs: number): Promise<void>;
  /** Ends workers and listeners. May be called twice. */
  close(): Promise<void>;
}

/**
 * Starts a server: listens, then loads the models that the configuration names. A model that does not load is a warning, and the others
 * are served. Those of `alsoTell` are told what happens, beside log and metrics. Throws ServeError where it cannot listen, or cannot write its tokens.
 *
 * @example
 * const server = await startServer(resolveConfig({ cwd: process.cwd() }), log);
 * console.log(server.addresses.inference); // http://127.0.0.1:8080
 * await server.close();
 */
export async function startServer(config: ServerConfig, log: Log, ...alsoTell: readonly Observer[]): Promise<RunningServer> {
  // The models of one process: two servers may share a state folder.
  const folder = join(config.stateDir, ".ingot", `models-${process.pid}`);
  await makeFolder(folder, config.stateDir);
  const tls = await tlsFiles(config);
  const registry = new Registry();
  const metrics = await openMetrics(config, registry);
  const live = new LiveWindow();
  const changes = new Changes();
  const observer = observers(logObserver(log, config.accessLog), metrics.observer, live.observer, changes.observer, ...alsoTell);
  const manager = new ModelManager(config, registry, observer, folder, new ArchiveFetcher(config, log));
  const needed = tokenRule(config);
  const tokens = openTokens({ file: keyFilePath(config), needed, expirationMin: config.tokenExpirationMin });
  log.info("tokens", { rule: needed.sentence, file: tokens.file });
  let draining = false;
  let starting = true;
  let addresses: Readonly<Partial<Record<Port, string>>> = {};
  const parts: ServerParts = {
    config,
    registry,
    manager,
    inFlight: new BytesInFlight(config.maxBytesInFlight),
    log,
    tokens,
    observer,
    metrics,
    live,
    addresses: () => addresses,
    isDraining: () => draining,
    isStarting: () => starting,
  };
  const listeners: Listener[] = [];
  let grpc: GrpcPorts | undefined;
  const close = async () => {
    draining = true;
    changes.close();
    await manager.close();
    await Promise.all([...listeners, ...(grpc ? [grpc] : [])].map((l) => l.close()));
    tokens.close();
    await metrics.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const bound = await listenAll(config, parts, tls, listeners);
    addresses = bound;
    grpc = await listenGrpc(config, config.enableGrpcSsl ? tls : undefined);
    await Promise.all([loadAtStartup(parts), grpc.serve(parts, changes)]);
    starting = false;
    changes.notify();
    return {
      addresses: bound,
      grpcAddresses: grpc.addresses,
      parts,
      close,
      async drain(graceMs) {
        draining = true;
        changes.notify();
        await manager.drain(graceMs);
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Throws `ServeStateFolder`. */
async function makeFolder(folder: string, stateDir: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw ingotError("ServeStateFolder", { path: stateDir, why: cause instanceof Error ? cause.message : String(cause) }, { cause });
  }
}

/** One listener for each address; APIs with one address share it. */
async function listenAll(
  config: ServerConfig,
  parts: ServerParts,
  tls: TlsFiles | undefined,
  listeners: Listener[],
): Promise<Record<Port, string>> {
  const wanted: Readonly<Record<Port, Address>> = {
    inference: config.inferenceAddress,
    management: config.managementAddress,
    metrics: config.metricsAddress,
  };
  const found: Partial<Record<Port, string>> = {};
  for (const port of ["inference", "management", "metrics"] as const) {
    if (found[port] !== undefined || (port === "metrics" && !config.enableMetricsApi)) continue;
    const address = wanted[port];
    // Where inference and management are one, metrics is there too.
    const all = port === "inference" && sameAddress(address, wanted.management);
    const ports = (["inference", "management", "metrics"] as const).filter((p) => p === port || all || sameAddress(wanted[p], address));
    const isTls = address.kind === "tcp" && address.tls;
    const listener = new Listener(new Router(routes.filter((r) => ports.includes(r.port))), guards, parts, isTls ? tls : undefined);
    listeners.push(listener);
    const bound = formatAddress(await listener.listen(address));
    for (const p of ports) found[p] = bound;
  }
  return { inference: "", management: "", metrics: "", ...found };
}

async function tlsFiles(config: ServerConfig): Promise<TlsFiles | undefined> {
  const { certificateFile, privateKeyFile, keystore, keystorePass } = config;
  if (certificateFile !== undefined && privateKeyFile !== undefined)
    return { cert: await readFile(certificateFile), key: await readFile(privateKeyFile) };
  return keystore === undefined ? undefined : { pfx: await readFile(keystore), passphrase: keystorePass };
}
