// The answer to an inference request over HTTP: JSON, and behind it the raw elements of the outputs that are wanted so.
import type { Storage } from "../../tensor/storage.ts";
import { refuse } from "../fault.ts";
import { chooseCoding, compress } from "./content-encoding.ts";
import type { Nonfinite } from "./json-answer.ts";
import { type Answer, rawBytes } from "./run-batch.ts";
import type { Datatype } from "./v2-datatypes.ts";
import { writeTextElements } from "./v2-text-elements.ts";

export interface HttpOutput {
  readonly name: string;
  readonly datatype: Datatype;
  readonly value: Storage;
  readonly binary: boolean;
}

/** Throws ServeFault 500 for NaN and infinities that would have to be JSON, unless `nonfinite` says null. */
export async function encodeHttpAnswer(
  which: Readonly<Record<"model_name" | "model_version" | "id", string>>,
  outputs: readonly HttpOutput[],
  nonfinite: Nonfinite,
  acceptEncoding: string | undefined,
): Promise<Answer> {
  const behind: Uint8Array[] = [];
  const texts = outputs.map(({ name, datatype, value, binary }) => {
    const about = `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${value.shape.join(",")}],`;
    if (!binary) return `${about}"data":[${dataText(value, nonfinite)}]}`;
    const bytes = outputBytes(value);
    behind.push(bytes);
    return `${about}"parameters":{"binary_data_size":${bytes.byteLength}}}`;
  });
  const json = Buffer.from(`${JSON.stringify(which).slice(0, -1)},"outputs":[${texts.join(",")}]}`);
  const binary = behind.length > 0;
  const body = binary ? Buffer.concat([json, ...behind]) : json;
  const headers = {
    "content-type": binary ? "application/octet-stream" : "application/json",
    ...(binary && { "inference-header-content-length": String(json.byteLength) }),
  };
  const coding = chooseCoding(acceptEncoding, body.byteLength, !binary);
  if (!coding) return { headers, body };
  return { headers: { ...headers, "content-encoding": coding, vary: "accept-encoding" }, body: await compress(body, coding) };
}

/** The elements of an output as bytes, without a copy but for text. */
export const outputBytes = (value: Storage): Uint8Array =>
  value.dtype === "string" ? writeTextElements(value.dense() as string[]) : rawBytes(value);

/** Row by row, with commas. */
function dataText(value: Storage, nonfinite: Nonfinite): string {
  const elements = value.dense();
  if (Array.isArray(elements)) return elements.map((text) => JSON.stringify(text)).join(",");
  if (value.dtype === "bool") return Array.from(elements as Uint8Array, (v) => (v ? "true" : "false")).join(",");
  if (elements instanceof Float32Array || elements instanceof Float64Array) return floatText(elements, nonfinite);
  return (elements as Int32Array).join(",");
}

function floatText(elements: Float32Array | Float64Array, nonfinite: Nonfinite): string {
  let plain = true;
  for (const v of elements) {
    if (!Number.isFinite(v) && nonfinite === "error") throw refuse("InternalServerException", "non-finite output, request binary_data");
    // A list's own text has no sign of zero, and JSON no infinities.
    if (!Number.isFinite(v) || Object.is(v, -0)) plain = false;
  }
  if (plain) return elements.join(",");
  return Array.from(elements, (v) => (Number.isFinite(v) ? (Object.is(v, -0) ? "-0.0" : String(v)) : "null")).join(",");
}
