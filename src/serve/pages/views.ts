// What the pages ask the server for, as data: types only, shared by the routes below /ui/api and by the browser.

/** An input or output of a model; a dimension is a number, or a name where it may vary. */
export interface TensorView {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly (number | string)[] | undefined;
}

export interface WorkerView {
  readonly id: number;
  readonly status: "STARTING" | "READY" | "RETRYING" | "FAILED" | "STOPPED";
  readonly pid?: number;
  /** Bytes of memory that it holds; absent where the system does not say. */
  readonly memory?: number;
  /** ms since 1970. */
  readonly startedAt?: number;
  /** Why it failed. */
  readonly failure?: string;
}

export interface ModelView {
  readonly name: string;
  readonly version: string;
  readonly isDefault: boolean;
  readonly isReady: boolean;
  readonly isHealthy: boolean;
  readonly url: string;
  readonly handler: string;
  readonly workers: readonly WorkerView[];
  readonly minWorkers: number;
  readonly maxWorkers: number;
  readonly queued: number;
  readonly queueSize: number;
  readonly batchSize: number;
  /** ms */
  readonly maxBatchDelay: number;
  /** Once a worker was ready. */
  readonly io?: { readonly inputs: readonly TensorView[]; readonly outputs: readonly TensorView[]; readonly engine: string };
}

export interface ServerView {
  /** Of this package. */
  readonly version: string;
  /** Where predictions are asked for: `http://127.0.0.1:8080`. */
  readonly inference: string;
  /** Whether models may be registered and unregistered while the server runs. */
  readonly modelApi: boolean;
  /** Whether clients need a token to ask for predictions. */
  readonly inferenceToken: boolean;
  /** Bytes of a request, at most. */
  readonly maxRequestSize: number;
  /** Sorted by name; of one name the default version first. */
  readonly models: readonly ModelView[];
}
