// Requests to /predictions and /explanations: the handler makes the model's inputs of them, and their answer is what it says.
import { isTensor } from "../../eager/operand.ts";
import { Tensor } from "../../eager/tensor.ts";
import { refuse, ServeFault } from "../fault.ts";
import type { HandlerName, RequestHead } from "../wire/messages.ts";
import { checkHandlerInputs } from "./check-handler-inputs.ts";
import type { CodecModel } from "./codecs.ts";
import type { Handler, HandlerRequest } from "./handler.ts";
import { HandlerReply } from "./handler-answers.ts";
import { jsonBody } from "./json-answer.ts";
import { requestValues } from "./request-values.ts";
import type { Answer, Decoded } from "./run-batch.ts";

export async function decodeTorchServe(head: RequestHead, body: Uint8Array<ArrayBuffer>, served: CodecModel): Promise<Decoded> {
  const { handler, model, io } = served;
  const finish = head.explain ? explainer(handler, model.handler) : handler.postprocess.bind(handler);
  try {
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
    checkHandlerInputs(tensors, io);
    return {
      inputs: tensors.map((t) => t.storage),
      encode: async (outputs) => answerOf(await finish(outputs.map(Tensor.fromStorage), request), model.nonfinite),
    };
  } catch (error) {
    throw model.badInput === "503" ? asTorchServe(error) : error;
  }
}

/** TorchServe says 503 of a picture that is none, without saying why. */
function asTorchServe(error: unknown): unknown {
  const isInput = error instanceof ServeFault && (error.fault.status === 400 || error.fault.status === 413);
  return isInput ? refuse("InternalServerException", "Prediction failed", { status: 503, cause: error }) : error;
}

/** What makes an explanation of outputs. Throws ServeFault 501 where the handler gives none. */
export function explainer(handler: Handler, name: HandlerName): Handler["postprocess"] {
  if (handler.explain) return handler.explain.bind(handler);
  const which = "builtin" in name ? `The handler ${name.builtin}` : "This model's handler";
  throw refuse("NotImplementedException", `${which} gives no explanations: a handler module with a function \`explain\` does.`);
}

/** Bytes and strings as they are, anything else as JSON. Throws ServeFault 503 for what cannot be sent. */
export function answerOf(value: unknown, nonfinite: "error" | "null"): Answer {
  if (value instanceof HandlerReply) {
    const inner = answerOf(value.value, nonfinite);
    return { status: value.status, headers: { ...inner.headers, ...value.headers }, body: inner.body };
  }
  if (value instanceof Uint8Array) return { headers: { "content-type": "application/octet-stream" }, body: value };
  if (typeof value === "string") return { headers: { "content-type": "text/plain; charset=utf-8" }, body: Buffer.from(value) };
  return { headers: { "content-type": "application/json" }, body: jsonBody(plain(value), nonfinite) };
}

/** A tensor is the list that it holds; what JSON has no form for is a mistake of the handler. */
export function plain(value: unknown): unknown {
  if (isTensor(value)) return (value as Tensor).toArray();
  const isStream = typeof value === "object" && value !== null && (Symbol.asyncIterator in value || "next" in value);
  if (value !== undefined && typeof value !== "function" && typeof value !== "symbol" && !isStream) return value;
  const cause = new Error(
    isStream
      ? "postprocess gives a stream, and answers are sent whole: gather it first"
      : `postprocess gives ${value === undefined ? "nothing" : `a ${typeof value}`}, which cannot be sent`,
  );
  throw refuse("InternalServerException", "Invalid model predict output", { status: 503, cause });
}
