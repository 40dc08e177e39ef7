// The description of a version of a model, with TorchServe's fields in TorchServe's order. What has no meaning here has the value that it has there
// for a model that does not use it.
import { residentBytes } from "../models/resident-bytes.ts";
import type { ServedVersion } from "../models/served-version.ts";
import type { WorkerSlot } from "../models/worker-slot.ts";

/** `GET /models/{model}`; undefined values are left out. */
export async function describeModel(served: ServedVersion, customizedMetadata?: unknown): Promise<object> {
  const { settings, io } = served;
  return {
    modelName: served.name,
    modelVersion: served.version,
    modelUrl: served.parts.url,
    engine: io?.engine,
    runtime: served.parts.runtime,
    minWorkers: settings.minWorkers,
    maxWorkers: settings.maxWorkers,
    batchSize: settings.batchSize,
    maxBatchDelay: settings.maxBatchDelay,
    responseTimeout: inSeconds(settings.responseTimeout),
    startupTimeout: inSeconds(settings.startupTimeout),
    maxRetryTimeoutInSec: inSeconds(settings.maxRetryTimeout),
    clientTimeoutInMills: settings.clientTimeout,
    parallelType: "",
    parallelLevel: 0,
    deviceType: "cpu",
    continuousBatching: false,
    useJobTicket: false,
    useVenv: false,
    stateful: false,
    sequenceMaxIdleMSec: 0,
    sequenceTimeoutMSec: 0,
    maxNumSequence: 0,
    maxSequenceJobQueueSize: 0,
    status: served.isHealthy ? "Healthy" : "Unhealthy",
    loadedAtStartup: served.parts.loadedAtStartup,
    workers: await Promise.all(served.slots.map(describeWorker)),
    jobQueueStatus: { remainingCapacity: Math.max(0, settings.queueSize - served.queued), pendingRequests: served.queued },
    customizedMetadata,
  };
}

const inSeconds = (ms: number) => Math.round(ms / 1000);

async function describeWorker(slot: WorkerSlot): Promise<object> {
  const pid = slot.process?.pid;
  return {
    id: String(slot.id),
    startTime: (slot.process?.startedAt ?? new Date(0)).toISOString(),
    status: slot.status === "READY" ? "READY" : "UNLOADING",
    memoryUsage: pid === undefined ? 0 : ((await residentBytes(pid)) ?? 0),
    pid: pid ?? 0,
    gpu: false,
    gpuUsage: "N/A",
  };
}
