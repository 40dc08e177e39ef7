// What happened in the last minutes, as the pages get it: types only, shared with the browser.

/** Requests that were answered in one second. */
export interface LiveSecond {
  /** s since 1970. */
  readonly at: number;
  readonly requests: number;
  readonly errors: number;
  /** Means over the requests of this second, in ms; what a worker measured, over those that it answered without an error. */
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
  /** Requests by the size of the batch that they ran in, smallest first. */
  readonly batches: readonly (readonly [size: number, requests: number])[];
  /** ms from the queue to the answer, over the whole window. */
  readonly p50?: number;
  readonly p95?: number;
  readonly p99?: number;
}

export interface LiveError {
  /** ms since 1970. */
  readonly at: number;
  /** The model and its version; method and path of a request that reached no model. */
  readonly what: string;
  readonly status: number;
  readonly requestId: string;
  readonly message: string;
}

export interface LiveFigures {
  /** s since 1970. */
  readonly now: number;
  /** Seconds that are looked back. */
  readonly window: number;
  readonly models: readonly LiveModel[];
  /** The newest first. */
  readonly errors: readonly LiveError[];
}
