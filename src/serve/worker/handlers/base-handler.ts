// base_handler: JSON numbers in, JSON numbers out. A request is one item without the batch axis, as in TorchServe; one that brings the axis
// along is taken as several rows.
import { Tensor } from "../../../eager/tensor.ts";
import type { DType } from "../../../tensor/dtype.ts";
import { Storage } from "../../../tensor/storage.ts";
import { refuse } from "../../fault.ts";
import type { TensorSpec } from "../../wire/messages.ts";
import type { HandlerFactory } from "../handler.ts";

export const baseHandler: HandlerFactory = ({ io }) => ({
  preprocess({ data, fields }) {
    const values = io.inputs.length === 1 ? [data] : io.inputs.map(({ name }) => fieldOf(name, data, fields));
    return io.inputs.map((spec, i) => tensorOf(spec, values[i]));
  },
  postprocess(outputs) {
    const lists = outputs.map((o) => (o.shape[0] === 1 ? (o.toArray() as unknown[])[0] : o.toArray()));
    return lists.length === 1 ? lists[0] : Object.fromEntries(lists.map((list, i) => [io.outputs[i]?.name ?? `output_${i}`, list]));
  },
});

function fieldOf(name: string, data: unknown, fields: ReadonlyMap<string, unknown>): unknown {
  if (fields.has(name)) return fields.get(name);
  if (typeof data === "object" && data !== null && Object.hasOwn(data, name)) return (data as Record<string, unknown>)[name];
  throw refuse("BadRequestException", `Input ${name} is missing: send a JSON object, or a form, with a value for each input of the model.`);
}

/** A nested list as a tensor of the input's type, with the batch axis put before it where the list has none. */
function tensorOf(spec: TensorSpec, value: unknown): Tensor {
  const shape: number[] = [];
  for (let v = value; Array.isArray(v); v = v[0]) shape.push(v.length);
  const flat: (number | boolean | string)[] = [];
  flatten(spec.name, value, shape, 0, flat);
  const rank = spec.shape?.length;
  const rows = rank !== undefined && shape.length === rank - 1 ? [1, ...shape] : shape;
  if (rank !== undefined && rows.length !== rank) throw badShape(spec, shape);
  for (const [i, d] of (spec.shape ?? []).entries()) if (typeof d === "number" && rows[i] !== d) throw badShape(spec, shape);
  return Tensor.fromStorage(Storage.from(spec.dtype as DType, flat, rows));
}

function flatten(name: string, value: unknown, shape: readonly number[], depth: number, into: (number | boolean | string)[]): void {
  if (depth < shape.length) {
    if (!Array.isArray(value) || value.length !== shape[depth])
      throw refuse("BadRequestException", `Input ${name} is ragged: lists at depth ${depth} have different lengths.`);
    for (const v of value) flatten(name, v, shape, depth + 1, into);
    return;
  }
  if (typeof value !== "number" && typeof value !== "boolean" && typeof value !== "string")
    throw refuse(
      "BadRequestException",
      `Input ${name} must be a number or nested lists of numbers; it holds ${value === null ? "null" : typeof value}.`,
    );
  into.push(value);
}

function badShape(spec: TensorSpec, shape: readonly number[]) {
  const expected = `[${(spec.shape ?? []).join(", ")}]`;
  return refuse(
    "BadRequestException",
    `Input ${spec.name} has shape [${shape.join(", ")}]; the model takes ${expected}, and the first axis may be left out.`,
  );
}
