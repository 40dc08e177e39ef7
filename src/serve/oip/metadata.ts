// What the protocol tells about a server and its models: metadata, and Triton's model configuration.
import { producerVersion } from "../../onnx/producer.ts";
import type { Registry } from "../models/registry.ts";
import type { ServedVersion } from "../models/served-version.ts";
import type { ServerParts } from "../server-parts.ts";
import type { TensorSpec } from "../wire/messages.ts";
import { datatypeName, protocolShape } from "../worker/v2-datatypes.ts";
import { ioOf } from "./find-model.ts";

const extensions = ["binary_tensor_data", "classification", "model_configuration", "model_repository", "statistics", "parameters"] as const;

export interface ServerMetadata {
  readonly name: string;
  readonly version: string;
  readonly extensions: readonly string[];
}

/** With TorchServe's ports and `ts_open_inference_protocol=true` it has TorchServe's name, and its list too, misspelt as it is there. */
export function serverMetadata({ config }: ServerParts): ServerMetadata & { readonly extenstion?: readonly string[] } {
  const asTorchServe = config.tsOpenInferenceProtocol && config.profile === "torchserve";
  const metadata = { name: asTorchServe ? "Torchserve" : "ingot", version: producerVersion };
  return { ...metadata, ...(asTorchServe && { extenstion: ["kserve", "kubeflow"] }), extensions };
}

/** Whether the server may be sent requests: it has loaded what it begins with, all models have their workers, and it is not going down. */
export const isServerReady = ({ registry, isDraining, isStarting }: ServerParts): boolean =>
  !isStarting() && !isDraining() && registry.defaults.every((m) => m.isHealthy);

export const isModelReady = (served: ServedVersion, { isDraining }: ServerParts): boolean => !isDraining() && served.isReady;

export interface TensorMetadata {
  readonly name: string;
  readonly datatype: string;
  /** −1 where a dimension may vary. */
  readonly shape: readonly number[];
}

export interface ModelMetadata {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
}

/** Throws ServeFault 503 while no worker has opened the model. */
export function modelMetadata(served: ServedVersion, registry: Registry): ModelMetadata {
  const { inputs, outputs } = ioOf(served);
  return {
    name: served.name,
    versions: registry.versions(served.name).map((v) => v.version),
    platform: "onnx_onnxv1",
    inputs: inputs.map(tensorMetadata),
    outputs: outputs.map(tensorMetadata),
  };
}

const tensorMetadata = ({ name, dtype, shape }: TensorSpec): TensorMetadata => ({
  name,
  datatype: datatypeName(dtype),
  shape: protocolShape(shape),
});

/**
 * Triton's configuration of a model, as far as it has a meaning here. `max_batch_size` is how many requests are run together, and 0 for a
 * model without a batch axis; as in Triton, the dims of a model that has one are without it.
 */
export function modelConfig(served: ServedVersion) {
  const { inputs, outputs, batches } = ioOf(served);
  const { batchSize, maxBatchDelay, minWorkers } = served.settings;
  const tensor = ({ name, dtype, shape }: TensorSpec) => {
    const datatype = datatypeName(dtype);
    const dims = protocolShape(shape);
    return { name, data_type: `TYPE_${datatype === "BYTES" ? "STRING" : datatype}`, dims: batches ? dims.slice(1) : dims };
  };
  return {
    name: served.name,
    platform: "onnxruntime_onnx",
    backend: "onnxruntime",
    version_policy: { specific: { versions: /^\d{1,15}$/.test(served.version) ? [Number(served.version)] : [] } },
    max_batch_size: batches ? batchSize : 0,
    input: inputs.map(tensor),
    output: outputs.map(tensor),
    instance_group: [{ name: served.name, kind: "KIND_CPU", count: minWorkers }],
    default_model_filename: served.parts.model.file,
    ...(batches && batchSize > 1 && { dynamic_batching: { max_queue_delay_microseconds: maxBatchDelay * 1000 } }),
  };
}
