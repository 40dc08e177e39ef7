// TorchServe's Predictions over gRPC: a PredictionsRequest in, a PredictionResponse out, both as their bytes.
import protobuf from "protobufjs/minimal.js";
import { Tensor } from "../../eager/tensor.ts";
import { refuse } from "../fault.ts";
import type { RequestHead } from "../wire/messages.ts";
import { checkHandlerInputs } from "./check-handler-inputs.ts";
import { answerOf } from "./codec-torchserve.ts";
import type { CodecModel } from "./codecs.ts";
import type { HandlerRequest } from "./handler.ts";
import { parseJson } from "./parse-json.ts";
import { eachField, textField, wire } from "./protobuf-fields.ts";
import type { Decoded } from "./run-batch.ts";

export async function decodeTorchServeGrpc(head: RequestHead, message: Uint8Array<ArrayBuffer>, served: CodecModel): Promise<Decoded> {
  const { handler, model, io } = served;
  const fields = readInput(message, model.decodeInput);
  if (fields.size === 0) throw refuse("BadRequestException", "The request has no input: send the model's under the name data.");
  const request: HandlerRequest = {
    data: fields.get("data") ?? fields.get("body") ?? fields.values().next().value,
    fields,
    headers: head.headers,
    requestId: head.requestId,
    urlPath: "",
    explain: false,
  };
  const tensors = await handler.preprocess(request);
  checkHandlerInputs(tensors, io);
  return {
    inputs: tensors.map((t) => t.storage),
    async encode(outputs) {
      const value = await handler.postprocess(outputs.map(Tensor.fromStorage), request);
      const { body, status = 200 } = answerOf(value, model.nonfinite);
      if (status >= 400) throw refuse("InternalServerException", Buffer.from(body).toString("utf8"), { status });
      return {
        headers: {},
        body: protobuf.Writer.create()
          .uint32((1 << 3) | wire.bytes)
          .bytes(body)
          .finish(),
      };
    },
  };
}

/** map<string, bytes> input = 3. */
function readInput(message: Uint8Array<ArrayBuffer>, decode: boolean): ReadonlyMap<string, unknown> {
  const fields = new Map<string, unknown>();
  eachField("PredictionsRequest", message, (field) => {
    if (field.number !== 3 || field.wire !== wire.bytes) return;
    let key = "";
    let value = new Uint8Array();
    eachField("PredictionsRequest", field.payload, (part) => {
      if (part.number === 1) key = textField("The name of an input", part);
      else if (part.number === 2) value = part.payload;
    });
    fields.set(key, decode ? decoded(key, value) : value);
  });
  return fields;
}

/** Nothing says of what type a value is: JSON lists and objects begin as no picture does. */
function decoded(key: string, value: Uint8Array): unknown {
  const first = value.find((byte) => byte > 0x20);
  return first === 0x5b || first === 0x7b ? parseJson(`input ${key}`, value) : value;
}
