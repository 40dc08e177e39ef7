// base_handler: JSON numbers in, JSON numbers out. A request is one item without the batch axis, as in TorchServe; one that brings the axis
// along is taken as several rows, and so is its answer.
import type { Tensor } from "../../../eager/tensor.ts";
import { refuse } from "../../fault.ts";
import type { TensorSpec } from "../../wire/messages.ts";
import type { HandlerFactory, HandlerRequest } from "../handler.ts";
import { parseJson } from "../parse-json.ts";
import { listTensor } from "./nested-list.ts";
import { readOptions } from "./options.ts";

export const baseHandler: HandlerFactory = (context) => {
  const { io } = context;
  readOptions("base_handler", context, {});
  // What a request sent without the batch axis gets its answer without it.
  const items = new WeakSet<HandlerRequest>();
  return {
    preprocess(request) {
      const { data, fields } = request;
      const values = io.inputs.length === 1 ? [data] : io.inputs.map(({ name }) => fieldOf(name, data, fields));
      const lists = io.inputs.map((spec, i) => listTensor(spec, jsonOf(spec, values[i])));
      if (lists.every((list) => list.isItem)) items.add(request);
      return lists.map((list) => list.tensor);
    },
    postprocess(outputs, request) {
      const lists = outputs.map((o) => (items.has(request) && o.shape[0] === 1 ? exactList(o.squeeze(0)) : exactList(o)));
      return lists.length === 1 ? lists[0] : new Map(lists.map((list, i) => [io.outputs[i]?.name ?? `output_${i}`, list]));
    },
  };
};

/** Nested lists; integers of 64 bits that a double cannot hold are bigints. */
function exactList(tensor: Tensor): unknown {
  if (tensor.dtype !== "int64" && tensor.dtype !== "uint64") return tensor.toArray();
  const flat = tensor.toBigIntArray();
  const nest = (depth: number, offset: number, size: number): unknown => {
    if (depth === tensor.rank) return flat[offset];
    const count = tensor.shape[depth] as number;
    return Array.from({ length: count }, (_, i) => nest(depth + 1, offset + (i * size) / count, size / count));
  };
  return nest(0, 0, flat.length);
}

function fieldOf(name: string, data: unknown, fields: ReadonlyMap<string, unknown>): unknown {
  if (fields.has(name)) return fields.get(name);
  const record = data instanceof Uint8Array ? parseJson("the body", data) : data;
  if (typeof record === "object" && record !== null && Object.hasOwn(record, name)) return (record as Record<string, unknown>)[name];
  throw refuse("BadRequestException", `Input ${name} is missing: send a JSON object, or a form, with a value for each input of the model.`);
}

/** Bytes and text without a content type that says so, as `curl -T` and a form's parts come, are read as JSON too; a model of texts takes a text. */
function jsonOf({ name, dtype }: TensorSpec, value: unknown): unknown {
  if (value instanceof Uint8Array) return parseJson(`input ${name}`, value);
  return typeof value === "string" && (dtype !== "string" || /^\s*\[/.test(value)) ? parseJson(`input ${name}`, Buffer.from(value)) : value;
}
