// What may be set for a version of a model. Times in ms.
import type { ModelConfig } from "../../archive/model-config-keys.ts";
import type { ServerConfig } from "../config/server-config.ts";

export interface VersionSettings {
  readonly minWorkers: number;
  readonly maxWorkers: number;
  /** The most requests that are run together. */
  readonly batchSize: number;
  /** The longest that a request waits for others to come; with the `ingot` policy never while a worker is idle. */
  readonly maxBatchDelay: number;
  /** `torchserve` waits `maxBatchDelay` for a batch to fill; `ingot` gives an idle worker what is there. */
  readonly batchPolicy: "ingot" | "torchserve";
  /** A batch that takes longer ends its worker. */
  readonly responseTimeout: number;
  /** A worker that takes longer to start is ended. */
  readonly startupTimeout: number;
  /** For how long a worker that dies is started again. */
  readonly maxRetryTimeout: number;
  /** After this time nobody waits for an answer any more; 0: no such time. */
  readonly clientTimeout: number;
  /** Requests that may wait. */
  readonly queueSize: number;
  /** Threads of a worker's engine; 0: the workers share the cores out. */
  readonly threads: number;
}

/** TorchServe's values where nobody says otherwise. */
export const defaultSettings: VersionSettings = {
  minWorkers: 1,
  maxWorkers: 1,
  batchSize: 1,
  maxBatchDelay: 100,
  batchPolicy: "ingot",
  responseTimeout: 120_000,
  startupTimeout: 120_000,
  maxRetryTimeout: 300_000,
  clientTimeout: 0,
  queueSize: 100,
  threads: 0,
};

/** What a registration says of a version; what it leaves out comes from the archive, then from the server's configuration. Times in ms. */
export interface SettingsRequest {
  readonly batchSize?: number;
  readonly maxBatchDelay?: number;
  readonly responseTimeout?: number;
  readonly startupTimeout?: number;
}

/** The settings of a version: registration before the archive's model-config.yaml before config.properties before TorchServe's defaults. */
export function resolveSettings(
  config: ServerConfig,
  name: string,
  version: string,
  archive: ModelConfig,
  request: SettingsRequest,
  workers: number,
): VersionSettings {
  const file = config.models.get(name)?.get(version) ?? {};
  const inMs = (seconds: number | undefined) => (seconds === undefined ? undefined : seconds * 1000);
  const minWorkers = archive.minWorkers ?? file.minWorkers ?? workers;
  return {
    minWorkers,
    maxWorkers: Math.max(minWorkers, archive.maxWorkers ?? file.maxWorkers ?? minWorkers),
    batchSize: request.batchSize ?? archive.batchSize ?? file.batchSize ?? defaultSettings.batchSize,
    maxBatchDelay: request.maxBatchDelay ?? archive.maxBatchDelay ?? file.maxBatchDelay ?? defaultSettings.maxBatchDelay,
    batchPolicy: config.batchPolicy,
    responseTimeout: request.responseTimeout ?? inMs(archive.responseTimeout) ?? file.responseTimeout ?? config.defaultResponseTimeout,
    startupTimeout: request.startupTimeout ?? inMs(archive.startupTimeout) ?? file.startupTimeout ?? config.defaultStartupTimeout,
    maxRetryTimeout: inMs(archive.maxRetryTimeoutInSec) ?? defaultSettings.maxRetryTimeout,
    clientTimeout: archive.clientTimeoutInMills ?? file.clientTimeoutInMills ?? defaultSettings.clientTimeout,
    queueSize: archive.jobQueueSize ?? file.jobQueueSize ?? config.jobQueueSize,
    threads: config.workerThreads,
  };
}
