// The JSON of an inference request. The data of its tensors are passed over here and read when their type and shape are known to be right:
// keys may come in any order.
import { refuse } from "../fault.ts";
import { JsonReader, type JsonValue } from "./json-reader.ts";
import type { DataPlace } from "./v2-json-elements.ts";
import { noParameters, type Parameters } from "./v2-parameters.ts";

export interface JsonTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly (number | bigint)[];
  readonly parameters: Parameters;
  readonly data: DataPlace | undefined;
}

export interface RequestedOutput {
  readonly name: string;
  readonly parameters: Parameters;
}

export interface JsonRequest {
  readonly reader: JsonReader;
  readonly id: string | undefined;
  readonly parameters: Parameters;
  readonly inputs: readonly JsonTensor[];
  /** Empty: all. */
  readonly outputs: readonly RequestedOutput[];
}

/** Throws ServeFault 400 for what is no JSON, or another form than the protocol's. */
export function readJsonRequest(bytes: Uint8Array): JsonRequest {
  const reader = new JsonReader(bytes);
  let id: string | undefined;
  let parameters = noParameters;
  let inputs: JsonTensor[] | undefined;
  let outputs: RequestedOutput[] = [];
  reader.object((key) => {
    if (key === "id") id = textOf("id", reader.value());
    else if (key === "parameters") parameters = parametersOf("parameters", reader.value());
    else if (key === "inputs") inputs = tensors(reader);
    else if (key === "outputs") outputs = requested(reader);
    else reader.value();
  });
  reader.end();
  if (!inputs) throw refuse("BadRequestException", "The request has no inputs.");
  return { reader, id, parameters, inputs, outputs };
}

function tensors(reader: JsonReader): JsonTensor[] {
  const list: JsonTensor[] = [];
  reader.array((i) => {
    const what = `inputs[${i}]`;
    let name: string | undefined;
    let datatype: string | undefined;
    let shape: (number | bigint)[] | undefined;
    let parameters = noParameters;
    let data: DataPlace | undefined;
    reader.object((key) => {
      if (key === "name") name = textOf(`${what}.name`, reader.value());
      else if (key === "datatype") datatype = textOf(`${what}.datatype`, reader.value());
      else if (key === "shape") shape = shapeOf(reader);
      else if (key === "parameters") parameters = parametersOf(`${what}.parameters`, reader.value());
      else if (key === "data") data = reader.skipData();
      else reader.value();
    });
    if (name === undefined) throw missing(what, "name");
    if (datatype === undefined) throw missing(what, "datatype");
    if (!shape) throw missing(what, "shape");
    list.push({ name, datatype, shape, parameters, data });
  });
  return list;
}

function requested(reader: JsonReader): RequestedOutput[] {
  const list: RequestedOutput[] = [];
  reader.array((i) => {
    const what = `outputs[${i}]`;
    let name: string | undefined;
    let parameters = noParameters;
    reader.object((key) => {
      if (key === "name") name = textOf(`${what}.name`, reader.value());
      else if (key === "parameters") parameters = parametersOf(`${what}.parameters`, reader.value());
      else reader.value();
    });
    if (name === undefined) throw missing(what, "name");
    list.push({ name, parameters });
  });
  return list;
}

function shapeOf(reader: JsonReader): (number | bigint)[] {
  const shape: (number | bigint)[] = [];
  reader.array(() => shape.push(reader.integer()));
  return shape;
}

function parametersOf(what: string, value: JsonValue): Parameters {
  if (value === null) return noParameters;
  if (typeof value !== "object" || Array.isArray(value)) throw refuse("BadRequestException", `${what} must be an object.`);
  return new Map(Object.entries(value));
}

function textOf(what: string, value: JsonValue): string {
  if (typeof value !== "string") throw refuse("BadRequestException", `${what} must be a string.`);
  return value;
}

const missing = (what: string, key: string) => refuse("BadRequestException", `${what} has no ${key}.`);
