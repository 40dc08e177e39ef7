// The Open Inference Protocol over gRPC: a ModelInferRequest in, a ModelInferResponse out, both as their bytes.
import protobuf from "protobufjs/minimal.js";
import type { Storage } from "../../tensor/storage.ts";
import { refuse } from "../fault.ts";
import type { RequestHead } from "../wire/messages.ts";
import type { CodecModel } from "./codecs.ts";
import { wire } from "./protobuf-fields.ts";
import type { Decoded } from "./run-batch.ts";
import { binaryElements } from "./v2-binary-elements.ts";
import { classLabels } from "./v2-class-labels.ts";
import { hasContents, readContents, writeContents, writeInt64 } from "./v2-grpc-contents.ts";
import { type GrpcRequest, readGrpcRequest } from "./v2-grpc-request.ts";
import { outputBytes } from "./v2-http-answer.ts";
import { type GivenTensor, modelInputs } from "./v2-inputs.ts";
import { outputValue, type WantedOutput, wantedOutputs } from "./v2-outputs.ts";
import { checkRequestParameters, refuseSharedMemory } from "./v2-parameters.ts";

export async function decodeV2Grpc(head: RequestHead, message: Uint8Array<ArrayBuffer>, served: CodecModel): Promise<Decoded> {
  const request = readGrpcRequest(message);
  checkRequestParameters(request.parameters, head);
  const wanted = wantedOutputs(request.outputs, served.io);
  const inputs = modelInputs(givenTensors(request), served.io);
  // As the inputs came, so go the outputs, where there are fields for all of them.
  const raw = request.raw.length > 0 || !request.inputs.some((t) => t.contents) || !wanted.every((w) => hasContents(w.datatype));
  const id = request.id || head.requestId;
  return { inputs, encode: async (values) => ({ headers: {}, body: await encodeAnswer(id, served, wanted, values, raw) }) };
}

function givenTensors({ inputs, raw }: GrpcRequest): GivenTensor[] {
  for (const { name, parameters } of inputs) refuseSharedMemory(parameters, `Input ${name}`);
  if (raw.length === 0)
    return inputs.map((tensor) => {
      const { name, contents } = tensor;
      return { ...tensor, elements: (datatype, shape, count) => readContents(name, contents ?? new Uint8Array(), datatype, shape, count) };
    });
  const mixed = inputs.find((t) => t.contents && t.contents.byteLength > 0);
  if (mixed)
    throw refuse("BadRequestException", `Input ${mixed.name} has contents, and there are raw_input_contents: send one or the other.`);
  if (raw.length !== inputs.length)
    throw refuse("BadRequestException", `There are ${raw.length} raw_input_contents for ${inputs.length} inputs.`);
  return inputs.map((tensor, i) => {
    const bytes = raw[i] as Uint8Array<ArrayBuffer>;
    return { ...tensor, elements: (datatype, shape, count) => binaryElements(tensor.name, bytes, datatype, shape, count) };
  });
}

async function encodeAnswer(
  id: string,
  served: CodecModel,
  wanted: readonly WantedOutput[],
  values: readonly Storage[],
  raw: boolean,
): Promise<Uint8Array> {
  const labels = wanted.some((w) => w.classes > 0) ? await classLabels(served) : String;
  const outputs = wanted.map((w) => ({ ...w, value: outputValue(w, values, served.io.batches, labels) }));
  const writer = protobuf.Writer.create();
  text(writer, 1, served.model.name);
  text(writer, 2, served.model.version);
  text(writer, 3, id);
  for (const { name, datatype, value } of outputs) {
    writer.uint32((5 << 3) | wire.bytes).fork();
    text(writer, 1, name);
    text(writer, 2, datatype);
    writer.uint32((3 << 3) | wire.bytes).fork();
    for (const size of value.shape) writeInt64(writer, BigInt(size));
    writer.ldelim();
    if (!raw) writer.uint32((5 << 3) | wire.bytes).bytes(writeContents(datatype, value));
    writer.ldelim();
  }
  if (raw) for (const { value } of outputs) writer.uint32((6 << 3) | wire.bytes).bytes(outputBytes(value));
  return writer.finish();
}

const text = (writer: protobuf.Writer, field: number, value: string) => writer.uint32((field << 3) | wire.bytes).string(value);
