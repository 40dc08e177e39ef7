// KServe's protocol v1: `{"instances": [...]}` in, `{"predictions": [...]}` out. Each instance is what one request to /predictions is to the
// handler; all of one request are run together.
import { Tensor } from "../../eager/tensor.ts";
import type { Storage } from "../../tensor/storage.ts";
import { refuse } from "../fault.ts";
import type { RequestHead } from "../wire/messages.ts";
import { checkHandlerInputs } from "./check-handler-inputs.ts";
import { explainer, plain } from "./codec-torchserve.ts";
import type { CodecModel } from "./codecs.ts";
import { decompress } from "./content-encoding.ts";
import type { HandlerRequest } from "./handler.ts";
import { HandlerReply } from "./handler-answers.ts";
import { jsonBody } from "./json-answer.ts";
import { JsonReader, type JsonValue } from "./json-reader.ts";
import { concatenate, type Decoded, rowsOf } from "./run-batch.ts";

export async function decodeV1(head: RequestHead, body: Uint8Array<ArrayBuffer>, served: CodecModel): Promise<Decoded> {
  const { handler, model, io } = served;
  const finish = head.explain ? explainer(handler, model.handler) : handler.postprocess.bind(handler);
  const instances = readInstances(await decompress(body, head.headers["content-encoding"], model.maxBodyBytes));
  if (instances.length > 1 && !io.batches)
    throw refuse("BadRequestException", `The model has no batch axis: send one instance in a request, not ${instances.length}.`);
  const requests = instances.map((instance) => requestOf(instance, head));
  const tensors = await Promise.all(
    requests.map(async (r) => {
      const inputs = await handler.preprocess(r);
      checkHandlerInputs(inputs, io);
      return inputs.map((t) => t.storage);
    }),
  );
  const rows = tensors.map((t) => t[0]?.shape[0] ?? 0);
  return {
    inputs: together(tensors),
    async encode(outputs) {
      let from = 0;
      const answers = await Promise.all(
        requests.map((request, i) => {
          const count = rows[i] as number;
          const own = requests.length === 1 ? outputs : outputs.map((o) => rowsOf(o, from, count));
          from += count;
          return finish(own.map(Tensor.fromStorage), request);
        }),
      );
      const values = answers.map((value) => plain(value instanceof HandlerReply ? value.value : value));
      const status = answers.find((value) => value instanceof HandlerReply)?.status ?? 200;
      const answer = { [head.explain ? "explanations" : "predictions"]: values };
      return { status, headers: { "content-type": "application/json" }, body: jsonBody(answer, model.nonfinite, 0) };
    },
  };
}

function readInstances(bytes: Uint8Array): readonly JsonValue[] {
  const reader = new JsonReader(bytes);
  const value = reader.value();
  reader.end();
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  const instances = isObject ? (value as { readonly instances?: JsonValue }).instances : undefined;
  if (!Array.isArray(instances)) throw refuse("BadRequestException", 'Expected "instances" to be a list.');
  if (instances.length === 0) throw refuse("BadRequestException", '"instances" is empty: send at least one.');
  return instances;
}

/** An instance as the handler sees it: its `data` or `body` where it has one, bytes where it says `b64`, as KServe and TorchServe have it. */
function requestOf(instance: JsonValue, head: RequestHead): HandlerRequest {
  const isObject = typeof instance === "object" && instance !== null && !Array.isArray(instance);
  const fields = new Map<string, unknown>(isObject ? Object.entries(instance).map(([name, v]) => [name, decoded(v)]) : []);
  const whole = decoded(instance);
  if (fields.size === 0) fields.set("body", whole);
  return {
    data: fields.get("data") ?? fields.get("body") ?? whole,
    fields,
    headers: head.headers,
    requestId: head.requestId,
    urlPath: "",
    explain: head.explain ?? false,
  };
}

function decoded(value: JsonValue): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const { b64 } = value as { readonly b64?: JsonValue };
  return typeof b64 === "string" && Object.keys(value).length === 1 ? Buffer.from(b64, "base64") : value;
}

/** The rows of all instances, input by input. */
function together(tensors: readonly (readonly Storage[])[]): readonly Storage[] {
  const [first = []] = tensors;
  if (tensors.length === 1) return first;
  return first.map((head, i) => {
    const parts = tensors.map((t) => t[i] as Storage);
    const differs = parts.find((p) => String(p.shape.slice(1)) !== String(head.shape.slice(1)));
    if (differs)
      throw refuse("BadRequestException", `The instances have different shapes, [${head.shape.slice(1)}] and [${differs.shape.slice(1)}].`);
    return concatenate(parts);
  });
}
