// What turns a request into a model's inputs and its outputs into an answer. The server puts requests together into batches and takes them
// apart again: a handler sees one request at a time, and one that throws harms no other.
import type { Tensor } from "../../eager/tensor.ts";
import type { ModelIo } from "../wire/messages.ts";

/** A part of a request: parsed JSON, text, or bytes, as its content type says. */
export type RequestValue = unknown;

/** One request to a handler. */
export interface HandlerRequest {
  /** The body; of a form, its part `data` or `body`, else the first one. Whole numbers of JSON beyond 2^53 are bigints. */
  readonly data: RequestValue;
  /** The parts of a form by name (the last of a name); `body` alone for anything else. */
  readonly fields: ReadonlyMap<string, RequestValue>;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly requestId: string;
  /** What follows the model's name and version in the path. */
  readonly urlPath: string;
  /** Whether an explanation was asked for instead of a prediction. */
  readonly explain: boolean;
}

/** What a handler knows from the start. */
export interface HandlerContext {
  readonly model: { readonly name: string; readonly version: string };
  readonly io: ModelIo;
  /** The folder of the archive's files. Nothing in it is ever run. */
  readonly folder: string;
  /** What the archive's model-config.yaml has under `handler`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Larger pictures are refused before they are decoded. */
  readonly maxImagePixels: number;
  /** Tells the operator of the server. */
  warn(message: string): void;
}

/**
 * A handler of a served model. All functions may be asynchronous. What they throw as `badRequest(…)` or `predictionError(…)` is what the client is
 * told; anything else is 503 `Prediction failed`, with the error in the server's log.
 *
 * @example
 * export const createHandler: HandlerFactory = () => ({
 *   preprocess: ({ data }) => [tensor([data as number[]])],
 *   postprocess: ([scores]) => scores.toArray()[0],
 * });
 */
export interface Handler {
  /** The model's inputs, in order. The first axis of each is the batch: usually 1, the number of rows where a request has several. */
  preprocess(request: HandlerRequest): readonly Tensor[] | Promise<readonly Tensor[]>;
  /**
   * The answer, from the outputs of the request's own rows: bytes and strings are sent as they are, anything else as JSON; `reply(…)` sets status
   * and headers. Answers are sent whole: there is no streaming.
   */
  postprocess(outputs: readonly Tensor[], request: HandlerRequest): unknown;
  /** The answer to a request to /explanations, in place of `postprocess`. Without it such requests are answered with 501. */
  explain?(outputs: readonly Tensor[], request: HandlerRequest): unknown;
}

/** What a handler module exports as `createHandler`; called once in each worker. */
export type HandlerFactory = (context: HandlerContext) => Handler | Promise<Handler>;
