// How a worker reads a request and writes its answer, by protocol.
import type { KeptExecutable } from "../../engines/onnxruntime/kept-session.ts";
import type { ModelIo, Protocol, RequestHead, WorkerModel } from "../wire/messages.ts";
import { decodeTorchServe } from "./codec-torchserve.ts";
import { decodeTorchServeGrpc } from "./codec-torchserve-grpc.ts";
import { decodeV1 } from "./codec-v1.ts";
import { decodeV2Grpc } from "./codec-v2-grpc.ts";
import { decodeV2Http } from "./codec-v2-http.ts";
import type { Handler } from "./handler.ts";
import type { Decoded } from "./run-batch.ts";

/** A model that is ready, with its handler. */
export interface ServedModel {
  readonly model: WorkerModel;
  readonly executable: KeptExecutable;
  readonly io: ModelIo;
  readonly handler: Handler;
}

/** What reading and writing need of a served model. */
export type CodecModel = Omit<ServedModel, "executable">;

/** Reads one request; throws ServeFault where it cannot be. */
export type Codec = (request: RequestHead, body: Uint8Array<ArrayBuffer>, served: CodecModel) => Promise<Decoded>;

export const codecs: Readonly<Record<Protocol, Codec>> = {
  torchserve: decodeTorchServe,
  "torchserve-grpc": decodeTorchServeGrpc,
  v1: decodeV1,
  "v2-http": decodeV2Http,
  "v2-grpc": decodeV2Grpc,
};
