// The `data` of a tensor in JSON, flat or nested, read into an array of its type.
import { type DType, dtypeInfo, type Elements, integerRange, isBig } from "../../tensor/dtype.ts";
import { refuse } from "../fault.ts";
import type { JsonReader } from "./json-reader.ts";
import { type Datatype, datatypes } from "./v2-datatypes.ts";
import { wrongCount } from "./v2-inputs.ts";

/** Where the data of a tensor stand in the body, and how many scalars they are. */
export interface DataPlace {
  readonly begin: number;
  readonly scalars: number;
}

/**
 * Reads elements at `place`: a flat list, or lists nested as `shape` says. Throws ServeFault 400 for another number of them, ragged lists,
 * values that the datatype cannot hold, and for 16-bit floats, which JSON cannot carry.
 */
export function readJsonElements(
  reader: JsonReader,
  place: DataPlace,
  name: string,
  datatype: Datatype,
  shape: readonly number[],
  count: number,
): Elements {
  if (datatype === "FP16" || datatype === "BF16")
    throw refuse(
      "BadRequestException",
      `Receiving ${datatype} data via JSON is not supported. Please use the binary data format for input ${name}.`,
    );
  if (place.scalars !== count) throw wrongCount(name, place.scalars, shape);
  const dtype: DType = datatypes[datatype];
  const elements = dtypeInfo(dtype).make(count);
  const read = elementReader(reader, name, datatype, elements);
  reader.at = place.begin;
  let at = 0;
  const level = (depth: number): void => {
    const inner = depth + 1 < shape.length;
    const length = reader.array(() => (inner ? level(depth + 1) : read(at++)));
    if (length !== shape[depth])
      throw refuse(
        "BadRequestException",
        `Input ${name} is ragged: a list at depth ${depth} has ${length} elements, and its shape is [${shape.join(", ")}].`,
      );
  };
  if (isNested(reader)) level(0);
  else reader.array(() => read(at++));
  return elements;
}

/** Whether the list at the reader's place begins with another list. */
function isNested(reader: JsonReader): boolean {
  const before = reader.at;
  reader.at++;
  const nested = reader.peek() === 0x5b;
  reader.at = before;
  return nested;
}

/** What reads the next element and puts it in its place. */
function elementReader(reader: JsonReader, name: string, datatype: Datatype, elements: Elements): (at: number) => void {
  const dtype: DType = datatypes[datatype];
  const { kind } = dtypeInfo(dtype);
  const into = elements as unknown as { [i: number]: unknown };
  const tooLarge = (at: number, value: unknown) =>
    refuse("BadRequestException", `Input ${name}: element ${at} is ${String(value)}, which ${datatype} cannot hold.`);
  if (kind === "string")
    return (at) => {
      into[at] = reader.string();
    };
  if (kind === "bool")
    return (at) => {
      into[at] = reader.boolean() ? 1 : 0;
    };
  if (kind === "float") {
    const floats = elements as Float32Array;
    const single = dtype === "float32";
    return (at) => {
      const begin = reader.at;
      const value = single ? reader.float() : reader.double();
      floats[at] = value;
      if (!Number.isFinite(floats[at])) throw tooLarge(at, reader.bytes.toString("latin1", begin, reader.at).trim().slice(0, 40));
    };
  }
  const [least, most] = integerRange(dtype);
  if (isBig(dtype))
    return (at) => {
      const value = BigInt(reader.integer());
      if (value < least || value > most) throw tooLarge(at, value);
      into[at] = value;
    };
  const [low, high] = [Number(least), Number(most)];
  return (at) => {
    const value = reader.integer();
    if (value < low || value > high) throw tooLarge(at, value);
    into[at] = value;
  };
}
