// A ModelInferRequest. Tensors are views of the message.
import protobuf from "protobufjs/minimal.js";
import { refuse } from "../fault.ts";
import { eachField, type Field, int64Of, textField, wire } from "./protobuf-fields.ts";
import type { RequestedOutput } from "./v2-json-request.ts";
import type { Parameters } from "./v2-parameters.ts";

type Bytes = Uint8Array<ArrayBuffer>;

export interface GrpcTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly bigint[];
  readonly parameters: Parameters;
  /** An InferTensorContents. */
  readonly contents: Bytes | undefined;
}

export interface GrpcRequest {
  readonly id: string;
  readonly parameters: Parameters;
  readonly inputs: readonly GrpcTensor[];
  readonly outputs: readonly RequestedOutput[];
  readonly raw: readonly Bytes[];
}

/** Throws ServeFault 400 for bytes that are no such message. */
export function readGrpcRequest(message: Bytes): GrpcRequest {
  let id = "";
  const parameters = new Map<string, unknown>();
  const inputs: GrpcTensor[] = [];
  const outputs: RequestedOutput[] = [];
  const raw: Bytes[] = [];
  eachField("ModelInferRequest", message, (field) => {
    if (field.number === 3) id = textField("id", field);
    else if (field.number === 4) readParameter(field, parameters);
    else if (field.number === 5) inputs.push(readTensor(inner("inputs", field)));
    else if (field.number === 6) outputs.push(readOutput(inner("outputs", field)));
    else if (field.number === 7) raw.push(inner("raw_input_contents", field));
  });
  return { id, parameters, inputs, outputs, raw };
}

function inner(name: string, { wire: type, payload }: Field): Bytes {
  if (type !== wire.bytes) throw refuse("BadRequestException", `The request is no ModelInferRequest: ${name} is no message.`);
  return payload;
}

function readTensor(message: Bytes): GrpcTensor {
  let name = "";
  let datatype = "";
  const shape: bigint[] = [];
  const parameters = new Map<string, unknown>();
  let contents: Bytes | undefined;
  eachField("InferInputTensor", message, (field) => {
    if (field.number === 1) name = textField("The name of an input", field);
    else if (field.number === 2) datatype = textField("The datatype of an input", field);
    else if (field.number === 3) readShape(field, shape);
    else if (field.number === 4) readParameter(field, parameters);
    else if (field.number === 5) contents = inner("contents", field);
  });
  return { name, datatype, shape, parameters, contents };
}

function readShape({ wire: type, payload }: Field, shape: bigint[]): void {
  if (type !== wire.varint && type !== wire.bytes) throw refuse("BadRequestException", "The shape of an input is no list of integers.");
  try {
    const reader = protobuf.Reader.create(payload);
    while (reader.pos < payload.byteLength) shape.push(int64Of(reader, true));
  } catch (cause) {
    throw refuse("BadRequestException", "The shape of an input is damaged.", { cause });
  }
}

function readOutput(message: Bytes): RequestedOutput {
  let name = "";
  const parameters = new Map<string, unknown>();
  eachField("InferRequestedOutputTensor", message, (field) => {
    if (field.number === 1) name = textField("The name of an output", field);
    else if (field.number === 2) readParameter(field, parameters);
  });
  return { name, parameters };
}

/** An entry of map<string, InferParameter>. */
function readParameter(entry: Field, into: Map<string, unknown>): void {
  let key = "";
  let value: unknown;
  eachField("InferParameter", inner("parameters", entry), (field) => {
    if (field.number === 1) key = textField("The name of a parameter", field);
    else if (field.number === 2) eachField("InferParameter", inner("parameters", field), (choice) => (value = readChoice(choice)));
  });
  into.set(key, value);
}

function readChoice(field: Field): unknown {
  const reader = protobuf.Reader.create(field.payload);
  if (field.number === 1 && field.wire === wire.varint) return reader.bool();
  if (field.number === 2 && field.wire === wire.varint) return int64Of(reader, true);
  if (field.number === 3) return textField("A parameter", field);
  if (field.number === 4 && field.wire === wire.fixed64) return reader.double();
  if (field.number === 5 && field.wire === wire.varint) return int64Of(reader, false);
  return undefined;
}
