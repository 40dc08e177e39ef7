// Triton: a model repository with the ONNX file and its config.pbtxt.
// Source: Triton's model repository and model configuration (model_config.proto).
import type { ModelPort } from "../../archive/inspect-archive.ts";
import { ingotError } from "../../errors/error.ts";
import { dimEquals } from "../../ir/dim.ts";
import { formatType } from "../../ir/type.ts";
import { datatypeOf } from "../worker/v2-datatypes.ts";
import type { DeployedModel } from "./deployed-model.ts";

export interface TritonOptions {
  /** Instances of the model. */
  readonly workers: number;
  /** The most requests that run together, where the model has a batch axis. */
  readonly maxBatchSize: number;
}

/** The name by which Triton's ONNX Runtime backend looks for a model. */
export const tritonModelFile = "model.onnx";

/** Triton's versions are folders named by a number from 1: that in front of ours. */
export function tritonVersion(version: string): number {
  const number = Number(/^\d{1,9}/.exec(version)?.[0] ?? 1);
  return number >= 1 ? number : 1;
}

/**
 * The text of config.pbtxt. Where the first axis of all inputs and outputs is one size that is free, it is the batch, and requests are put together.
 * Throws `DeployTriton` for types that Triton does not have.
 */
export function tritonConfig(model: DeployedModel, { workers, maxBatchSize }: TritonOptions): string {
  const { inputs, outputs } = model.ports;
  const batches = maxBatchSize > 0 && hasBatchAxis([...inputs, ...outputs]);
  const size = batches ? (model.config.batchSize ?? maxBatchSize) : 0;
  const delay = model.config.maxBatchDelay;
  const wait = delay === undefined ? "" : ` max_queue_delay_microseconds: ${delay * 1000} `;
  const sections = [
    `name: ${quoted(model.name)}`,
    'backend: "onnxruntime"',
    `default_model_filename: ${quoted(tritonModelFile)}`,
    `max_batch_size: ${size}`,
    list("input", inputs, batches, model),
    list("output", outputs, batches, model),
    `instance_group [ { kind: KIND_CPU count: ${workers} } ]`,
    ...(size > 1 ? [`dynamic_batching {${wait}}`] : []),
  ];
  return `# Written by \`ingot deploy triton\` from version ${model.version}.\n${sections.join("\n")}\n`;
}

function list(kind: "input" | "output", ports: readonly ModelPort[], batches: boolean, model: DeployedModel): string {
  const rows = ports.map(({ name, type }) => {
    const wrong = (problem: string) => ingotError("DeployTriton", { model: model.name, kind, name, type: formatType(type), problem });
    if (type.kind !== "tensor") throw wrong("it takes tensors only");
    const datatype = datatypeOf(type.dtype);
    if (datatype === undefined) throw wrong(`it has no ${type.dtype}`);
    if (type.shape === undefined) throw wrong("it must know how many axes there are");
    const dims = type.shape.slice(batches ? 1 : 0).map((d) => (typeof d === "number" ? d : -1));
    // A list of dims may not be empty.
    const shape = dims.length > 0 ? `dims: [ ${dims.join(", ")} ]` : "dims: [ 1 ] reshape { shape: [ ] }";
    return `  { name: ${quoted(name)} data_type: TYPE_${datatype === "BYTES" ? "STRING" : datatype} ${shape} }`;
  });
  return `${kind} [\n${rows.join(",\n")}\n]`;
}

/** Whether the first axis of every tensor is one and the same free size. */
function hasBatchAxis(ports: readonly ModelPort[]): boolean {
  const first = ports.map(({ type }) => (type.kind === "tensor" ? type.shape?.[0] : undefined));
  const [batch] = first;
  return batch !== undefined && typeof batch !== "number" && first.every((d) => d !== undefined && dimEquals(d, batch));
}

/** A string of protobuf's text format. */
const quoted = (text: string): string =>
  `"${text.replace(/[\\"\n\r\t]/g, (c) => ({ "\n": "\\n", "\r": "\\r", "\t": "\\t" })[c] ?? `\\${c}`)}"`;
