// The last minutes of each model, as the pages get them: types only, shared with the browser.

/** Requests that were answered in one second. */
export interface LiveSecond {
  /** s since 1970. */
  readonly at: number;
  readonly requests: number;
  readonly errors: number;
  /** Means of this second's requests that were answered without an error, in ms. */
  readonly queue: number;
  readonly preprocess: number;
  readonly inference: number;
  readonly postprocess: number;
}

export interface LiveModel {
  readonly model: string;
  readonly version: string;
  /** Seconds with requests, the oldest first. */
  readonly seconds: readonly LiveSecond[];
  /** Requests of the window by the size of the batch that they ran in, the smallest first. */
  readonly batches: readonly (readonly [size: number, requests: number])[];
  /** Percentiles of the window's requests, in ms, from the queue to the answer; within 5 %. Absent where there were none. */
  readonly p50?: number;
  readonly p95?: number;
  readonly p99?: number;
}

export interface LiveError {
  /** ms since 1970. */
  readonly at: number;
  /** The model and its version; method and path of a request that no model got. */
  readonly what: string;
  readonly status: number;
  readonly requestId: string;
  readonly message: string;
}

export interface LiveView {
  /** The server's clock, s since 1970. */
  readonly now: number;
  /** Seconds that are looked back. */
  readonly window: number;
  readonly models: readonly LiveModel[];
  /** The newest first. */
  readonly errors: readonly LiveError[];
}
