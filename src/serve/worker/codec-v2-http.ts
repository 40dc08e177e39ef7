// The Open Inference Protocol over HTTP: JSON, and tensors as raw bytes behind it (the binary tensor data extension).
import type { Storage } from "../../tensor/storage.ts";
import { refuse } from "../fault.ts";
import type { RequestHead } from "../wire/messages.ts";
import type { CodecModel } from "./codecs.ts";
import { decompress } from "./content-encoding.ts";
import type { Decoded } from "./run-batch.ts";
import { binaryElements } from "./v2-binary-elements.ts";
import { classLabels } from "./v2-class-labels.ts";
import { type Datatype, datatypes, elementBytes } from "./v2-datatypes.ts";
import { encodeHttpAnswer, type HttpOutput } from "./v2-http-answer.ts";
import { type GivenTensor, modelInputs } from "./v2-inputs.ts";
import { readJsonElements } from "./v2-json-elements.ts";
import { type JsonRequest, type JsonTensor, readJsonRequest } from "./v2-json-request.ts";
import { outputValue, type WantedOutput, wantedOutputs } from "./v2-outputs.ts";
import { booleanParameter, checkRequestParameters, integerParameter, refuseSharedMemory } from "./v2-parameters.ts";
import { elementText } from "./v2-text-elements.ts";

const lengthHeader = "inference-header-content-length";

export async function decodeV2Http(head: RequestHead, body: Uint8Array<ArrayBuffer>, served: CodecModel): Promise<Decoded> {
  const { io, model } = served;
  const bytes = await decompress(body, head.headers["content-encoding"], model.maxBodyBytes);
  if (bytes.byteLength === 0) throw bad("The request has no body: send an inference request.");
  const jsonLength = headerLength(head.headers[lengthHeader], bytes.byteLength);
  if (jsonLength === 0) {
    const all = wantedOutputs([], io).map((wanted) => ({ wanted, binary: true }));
    return { inputs: modelInputs([rawTensor(bytes, served)], io), encode: encoder(head, served, undefined, all) };
  }
  const request = readJsonRequest(bytes.subarray(0, jsonLength));
  checkRequestParameters(request.parameters, head);
  const outputs = wantedOutputs(request.outputs, io);
  const allBinary = booleanParameter(request.parameters, "binary_data_output", "the request") ?? false;
  const wanted = outputs.map((output) => ({ wanted: output, binary: isBinary(output, allBinary) }));
  const inputs = modelInputs(givenTensors(request, bytes.subarray(jsonLength ?? bytes.byteLength)), io);
  return { inputs, encode: encoder(head, served, request.id, wanted) };
}

interface Wish {
  readonly wanted: WantedOutput;
  readonly binary: boolean;
}

function encoder(head: RequestHead, served: CodecModel, id: string | undefined, wishes: readonly Wish[]): Decoded["encode"] {
  const { io, model } = served;
  return async (values: readonly Storage[]) => {
    const labels = wishes.some((w) => w.wanted.classes > 0) ? await classLabels(served) : String;
    const outputs = wishes.map(
      ({ wanted, binary }): HttpOutput => ({
        name: wanted.name,
        datatype: wanted.datatype,
        value: outputValue(wanted, values, io.batches, labels),
        binary,
      }),
    );
    const which = { model_name: model.name, model_version: model.version, id: id ?? head.requestId };
    return encodeHttpAnswer(which, outputs, model.nonfinite, head.headers["accept-encoding"]);
  };
}

/** How long the JSON is; undefined: the whole body. */
function headerLength(text: string | undefined, bytes: number): number | undefined {
  if (text === undefined) return undefined;
  const length = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(length)) throw bad(`Inference-Header-Content-Length must be an integer from 0; it is ${text.slice(0, 40)}.`);
  if (length > bytes) throw bad(`Inference-Header-Content-Length is ${length}, and the body has ${bytes} bytes.`);
  return length;
}

function isBinary({ name, datatype, parameters }: WantedOutput, allBinary: boolean): boolean {
  const binary = booleanParameter(parameters, "binary_data", `output ${name}`) ?? allBinary;
  if (!binary && (datatype === "FP16" || datatype === "BF16"))
    throw bad(`Sending ${datatype} data via JSON is not supported. Please ask for output ${name} with binary_data.`);
  return binary;
}

/** The tensors of a request; `binary` are the bytes behind its JSON, of which each tensor takes its share. */
function givenTensors(request: JsonRequest, binary: Uint8Array<ArrayBuffer>): GivenTensor[] {
  let at = 0;
  const given = request.inputs.map((tensor): GivenTensor => {
    const { name, data, parameters } = tensor;
    refuseSharedMemory(parameters, `Input ${name}`);
    const size = integerParameter(parameters, "binary_data_size", `input ${name}`);
    if (size === undefined) return jsonTensor(request, tensor);
    if (data) throw bad(`Input ${name} has both data and binary_data_size.`);
    if (size > binary.byteLength - at)
      throw bad(`Input ${name} has a binary_data_size of ${size}, and ${binary.byteLength - at} bytes are left of the body.`);
    const bytes = binary.subarray(at, at + size);
    at += size;
    return { ...tensor, elements: (datatype, shape, count) => binaryElements(name, bytes, datatype, shape, count) };
  });
  if (at !== binary.byteLength)
    throw bad(`The body has ${binary.byteLength} bytes behind its JSON, and the inputs' binary_data_size are ${at} together.`);
  return given;
}

function jsonTensor({ reader }: JsonRequest, tensor: JsonTensor): GivenTensor {
  const { name, data } = tensor;
  if (!data) throw bad(`Input ${name} has no data and no binary_data_size.`);
  return { ...tensor, elements: (datatype, shape, count) => readJsonElements(reader, data, name, datatype, shape, count) };
}

/** A body that is the one input of the model, of which one dimension at most may vary. */
function rawTensor(bytes: Uint8Array<ArrayBuffer>, { io }: CodecModel): GivenTensor {
  const [spec, ...others] = io.inputs;
  if (!spec || others.length > 0)
    throw bad(`A raw binary request is for a model of one input; this one takes ${io.inputs.map((i) => i.name).join(", ")}.`);
  const datatype = (Object.keys(datatypes) as Datatype[]).find((d) => datatypes[d] === spec.dtype);
  const free = spec.shape?.filter((d) => typeof d === "string").length ?? 2;
  if (!datatype || !spec.shape || free > 1)
    throw bad(`The shape of ${spec.name} does not follow from the length of a raw binary request: send JSON with a shape.`);
  const size = elementBytes(datatype);
  // The bytes of one text, without its length.
  const elements = size === undefined ? 1 : bytes.byteLength / size;
  const row = spec.shape.reduce<number>((n, d) => (typeof d === "number" ? n * d : n), 1);
  const shape = spec.shape.map((d) => (typeof d === "number" ? d : elements / row));
  if (!shape.every(Number.isSafeInteger))
    throw bad(`A raw binary request for ${spec.name} has ${bytes.byteLength} bytes, which are no ${datatype} [${spec.shape.join(", ")}].`);
  return {
    name: spec.name,
    datatype,
    shape,
    elements: (type, dims, count) =>
      size === undefined ? [elementText(spec.name, 0, bytes)] : binaryElements(spec.name, bytes, type, dims, count),
  };
}

const bad = (message: string) => refuse("BadRequestException", message);
