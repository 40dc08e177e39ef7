// Tensors as raw bytes, as both HTTP and gRPC send them.
import type { Elements } from "../../tensor/dtype.ts";
import { refuse } from "../fault.ts";
import { fromRawBytes } from "./run-batch.ts";
import { type Datatype, datatypes, elementBytes } from "./v2-datatypes.ts";
import { readTextElements } from "./v2-text-elements.ts";

/** Raw little-endian elements, in the memory that they came in where that is aligned. Throws ServeFault 400. */
export function binaryElements(
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
  datatype: Datatype,
  shape: readonly number[],
  count: number,
): Elements {
  const size = elementBytes(datatype);
  if (size === undefined) return readTextElements(name, bytes, count);
  if (bytes.byteLength !== count * size)
    throw bad(`Input ${name} has ${bytes.byteLength} bytes; ${datatype} [${shape.join(", ")}] has ${count * size}.`);
  if (datatype === "BOOL" && bytes.some((b) => b > 1)) throw bad(`Input ${name} has BOOL elements that are neither 0 nor 1.`);
  return fromRawBytes(datatypes[datatype], bytes, [count]).data;
}

const bad = (message: string) => refuse("BadRequestException", message);
