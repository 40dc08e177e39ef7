// The server and its models as the pages show them.
import { producerVersion } from "../../onnx/producer.ts";
import { tokenRule } from "../config/token-rule.ts";
import { residentBytes } from "../models/resident-bytes.ts";
import type { ServedVersion } from "../models/served-version.ts";
import type { WorkerSlot } from "../models/worker-slot.ts";
import type { ServerParts } from "../server-parts.ts";
import type { ModelView, ServerView, WorkerView } from "./views.ts";

export async function serverView({ config, registry, addresses }: ServerParts): Promise<ServerView> {
  const versions = registry.names.flatMap((name) => registry.versions(name));
  return {
    version: producerVersion,
    inference: addresses().inference ?? "",
    modelApi: config.enableModelApi,
    inferenceToken: tokenRule(config).inference,
    maxRequestSize: config.maxRequestSize,
    models: await Promise.all(versions.map((v) => modelView(v, registry.defaultVersion(v.name) === v.version))),
  };
}

async function modelView(served: ServedVersion, isDefault: boolean): Promise<ModelView> {
  const { name, version, isReady, isHealthy, queued, settings, parts, io } = served;
  const { minWorkers, maxWorkers, queueSize, batchSize, maxBatchDelay } = settings;
  const { handler } = parts.model;
  return {
    name,
    version,
    isDefault,
    isReady,
    isHealthy,
    url: parts.url,
    handler: "builtin" in handler ? handler.builtin : handler.module,
    workers: await Promise.all(served.slots.map(workerView)),
    minWorkers,
    maxWorkers,
    queued,
    queueSize,
    batchSize,
    maxBatchDelay,
    ...(io && { io }),
  };
}

async function workerView({ id, status, failure, process }: WorkerSlot): Promise<WorkerView> {
  const pid = process?.pid;
  const memory = pid === undefined ? undefined : await residentBytes(pid);
  return {
    id,
    status,
    ...(pid !== undefined && { pid }),
    ...(memory !== undefined && { memory }),
    ...(process && { startedAt: process.startedAt.getTime() }),
    ...(failure !== "" && { failure }),
  };
}
