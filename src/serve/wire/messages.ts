// What acceptor and workers say to each other: heads of frames. The acceptor reads no body; what is in it is a worker's business.
import type { EngineName } from "../../engines/engines.ts";
import type { Fault } from "../fault.ts";

/** By which protocol a request came: it says how the body is read and how the answer is written. */
export type Protocol = "torchserve" | "torchserve-grpc" | "v1" | "v2-http" | "v2-grpc";

/** A request without its body. */
export interface RequestHead {
  readonly protocol: Protocol;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly requestId: string;
  /** What follows the model's name and version in the path of a prediction. */
  readonly urlPath?: string;
  readonly explain?: boolean;
  /** When it came, on the clock of `monotonicMs`. */
  readonly arrivedAt?: number;
  /** Length of its body in bytes, at the end of those before it. */
  readonly bytes: number;
}

/** Where the time of a request went, in ms, and in how large a batch it was run. */
export interface Timing {
  readonly preprocess: number;
  readonly inference: number;
  readonly postprocess: number;
  readonly batch: number;
}

/** The answer to one request, without its body. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: number;
  /** Instead of a body. */
  readonly fault?: Fault;
  readonly timing?: Timing;
}

/** One input or output of a model; a dimension is a number, or a name where it may vary. */
export interface TensorSpec {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly (number | string)[] | undefined;
}

/** What a worker knows about its model once it is ready. */
export interface ModelIo {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** Whether requests can be put together along the first axis of every input and output. */
  readonly batches: boolean;
  readonly engine: string;
}

/** The file in the folder of a compiled model that says that it is compiled. */
export const compiledGraph = "graph.onnx";

/** What a worker is to serve. */
export interface WorkerModel {
  readonly name: string;
  readonly version: string;
  /** The folder with the archive's files. */
  readonly folder: string;
  /** The .onnx file in it. */
  readonly file: string;
  /** The folder of what is compiled, which is empty or absent until a worker has compiled and checked the model. */
  readonly compiled: string;
  readonly handler: HandlerName;
  readonly engine?: EngineName;
  readonly threads: number;
  /** What the archive's model-config.yaml has under `handler`. */
  readonly handlerConfig: Readonly<Record<string, unknown>>;
  readonly decodeInput: boolean;
  readonly maxImagePixels: number;
  /** Bytes of a body, at most, after it is decompressed. */
  readonly maxBodyBytes: number;
  /** Status of a request whose input cannot be read: 400, or TorchServe's 503 `Prediction failed`. */
  readonly badInput: "400" | "503";
  /** What becomes of NaN and ±Infinity in JSON answers. */
  readonly nonfinite: "error" | "null";
}

/** A built-in handler's name, or the module of the operator's own. */
export type HandlerName = { readonly builtin: string } | { readonly module: string };

export type ToWorker =
  | { readonly kind: "start"; readonly model: WorkerModel }
  | { readonly kind: "batch"; readonly id: number; readonly requests: readonly RequestHead[] }
  | { readonly kind: "describe"; readonly id: number };

export type FromWorker =
  | { readonly kind: "ready"; readonly io: ModelIo }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "answers"; readonly id: number; readonly answers: readonly AnswerHead[] }
  | { readonly kind: "description"; readonly id: number; readonly value: unknown }
  | { readonly kind: "log"; readonly level: "warn" | "error"; readonly message: string };
