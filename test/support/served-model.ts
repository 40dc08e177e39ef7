// A served model for tests of codecs: outputs are inputs, so that what was read is what is written.

import type { RequestHead, TensorSpec, WorkerModel } from "../../src/serve/wire/messages.ts";
import type { CodecModel } from "../../src/serve/worker/codecs.ts";
import type { Answer, Decoded } from "../../src/serve/worker/run-batch.ts";

/** A model whose outputs are its inputs, by other names. */
export function echoModel(inputs: readonly TensorSpec[], options: Partial<WorkerModel> & { readonly batches?: boolean } = {}): CodecModel {
  const { batches = true, ...rest } = options;
  return {
    model: {
      name: "echo",
      version: "1.0",
      folder: "/nowhere",
      file: "model.onnx",
      compiled: "",
      handler: { builtin: "base_handler" },
      threads: 1,
      handlerConfig: {},
      decodeInput: true,
      maxImagePixels: 1,
      maxBodyBytes: 1 << 20,
      badInput: "400",
      nonfinite: "error",
      ...rest,
    },
    io: { inputs, outputs: inputs.map((spec) => ({ ...spec, name: `${spec.name}_out` })), batches, engine: "none" },
    handler: { preprocess: () => [], postprocess: () => null },
  };
}

export const headOf = (headers: Readonly<Record<string, string>> = {}, rest: Partial<RequestHead> = {}): RequestHead => ({
  protocol: "v2-http",
  headers,
  requestId: "generated",
  bytes: 0,
  ...rest,
});

/** What an echo model answers to a request that was read. */
export const echo = async (decoded: Decoded): Promise<Answer> => decoded.encode(decoded.inputs);
