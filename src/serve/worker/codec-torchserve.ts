// Requests to /predictions: the handler makes the model's inputs of them, and their answer is what it says.
import { Tensor } from "../../eager/tensor.ts";
import { refuse } from "../fault.ts";
import type { RequestHead } from "../wire/messages.ts";
import type { CodecModel } from "./codecs.ts";
import type { HandlerRequest } from "./handler.ts";
import { jsonBody } from "./json-answer.ts";
import { requestValues } from "./request-values.ts";
import type { Answer, Decoded } from "./run-batch.ts";

export async function decodeTorchServe(head: RequestHead, body: Uint8Array<ArrayBuffer>, served: CodecModel): Promise<Decoded> {
  const { handler, model } = served;
  if (body.byteLength === 0) throw refuse("BadRequestException", "The request has no body: send the input of the model.");
  const fields = await requestValues(head.headers["content-type"], body, model.decodeInput);
  const request: HandlerRequest = {
    data: fields.get("data") ?? fields.get("body") ?? fields.values().next().value,
    fields,
    headers: head.headers,
    requestId: head.requestId,
    urlPath: head.urlPath ?? "",
    explain: head.explain ?? false,
  };
  const tensors = await handler.preprocess(request);
  return {
    inputs: tensors.map((t) => t.storage),
    encode: async (outputs) => answerOf(await handler.postprocess(outputs.map(Tensor.fromStorage), request), model.nonfinite),
  };
}

/** Bytes and strings as they are, anything else as JSON. */
export function answerOf(value: unknown, nonfinite: "error" | "null"): Answer {
  if (value instanceof Uint8Array) return { headers: { "content-type": "application/octet-stream" }, body: value };
  if (typeof value === "string") return { headers: { "content-type": "text/plain; charset=utf-8" }, body: Buffer.from(value) };
  return { headers: { "content-type": "application/json" }, body: jsonBody(value, nonfinite) };
}
