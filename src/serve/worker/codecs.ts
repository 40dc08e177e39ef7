// How a worker reads a request and writes its answer, by protocol.
import type { KeptExecutable } from "../../engines/onnxruntime/kept-session.ts";
import type { ModelIo, Protocol, RequestHead, WorkerModel } from "../wire/messages.ts";
import { decodeTorchServe } from "./codec-torchserve.ts";
import type { Handler } from "./handler.ts";
import type { Decoded } from "./run-batch.ts";

/** A model that is ready, with its handler. */
export interface ServedModel {
  readonly model: WorkerModel;
  readonly executable: KeptExecutable;
  readonly io: ModelIo;
  readonly handler: Handler;
}

/** Reads one request; throws ServeFault where it cannot be. */
export type Codec = (request: RequestHead, body: Uint8Array<ArrayBuffer>, served: ServedModel) => Promise<Decoded>;

export const codecs: Readonly<Record<Protocol, Codec>> = {
  torchserve: decodeTorchServe,
};
