// Nested lists of JSON as a tensor of the type that the model takes, with the batch axis put before it where the list has none.
import { Tensor } from "../../../eager/tensor.ts";
import { type DType, dtypes, integerRange, isFloat } from "../../../tensor/dtype.ts";
import { Storage } from "../../../tensor/storage.ts";
import { refuse } from "../../fault.ts";
import type { TensorSpec } from "../../wire/messages.ts";

type Element = number | bigint | boolean | string;

export interface ListTensor {
  readonly tensor: Tensor;
  /** The list was one item of the batch, without its axis. */
  readonly isItem: boolean;
}

/** Throws ServeFault 400 for a list that is ragged, has another shape, or elements that the type cannot hold. */
export function listTensor(spec: TensorSpec, value: unknown): ListTensor {
  const shape: number[] = [];
  for (let v = value; Array.isArray(v); v = v[0]) shape.push(v.length);
  const flat: Element[] = [];
  flatten(spec.name, value, shape, 0, flat);
  const rank = spec.shape?.length;
  const isItem = rank !== undefined && shape.length === rank - 1;
  const full = isItem ? [1, ...shape] : shape;
  checkShape(spec, full, shape);
  const dtype = spec.dtype as DType;
  checkElements(spec, dtype, flat);
  return { tensor: Tensor.fromStorage(Storage.from(dtype, flat, full)), isItem };
}

/** Throws ServeFault 400 unless `shape` fits the input; `given` is what the message says was given. */
export function checkShape(spec: TensorSpec, shape: readonly number[], given: readonly number[] = shape): void {
  if (spec.shape === undefined) return;
  if (shape.length === spec.shape.length && spec.shape.every((d, i) => typeof d === "string" || d === shape[i])) return;
  const message = `Input ${spec.name} has shape [${given.join(", ")}]; the model takes [${spec.shape.join(", ")}], and the first axis may be left out.`;
  throw refuse("BadRequestException", message);
}

function flatten(name: string, value: unknown, shape: readonly number[], depth: number, into: Element[]): void {
  if (depth < shape.length) {
    if (!Array.isArray(value) || value.length !== shape[depth])
      throw refuse("BadRequestException", `Input ${name} is ragged: lists at depth ${depth} have different lengths.`);
    for (const v of value) flatten(name, v, shape, depth + 1, into);
    return;
  }
  if (typeof value !== "number" && typeof value !== "bigint" && typeof value !== "boolean" && typeof value !== "string")
    throw refuse("BadRequestException", `Input ${name} must be a number or nested lists of numbers; it holds ${describe(value)}.`);
  into.push(value);
}

const describe = (value: unknown) =>
  value === null ? "null" : value instanceof Uint8Array ? "bytes" : Array.isArray(value) ? "a list" : `an ${typeof value}`;

function checkElements(spec: TensorSpec, dtype: DType, flat: readonly Element[]): void {
  const { valid, expected } = rule(dtype);
  const wrong = flat.findIndex((v) => !valid(v));
  if (wrong < 0) return;
  const value = flat[wrong];
  const shown = typeof value === "string" ? JSON.stringify(value).slice(0, 40) : String(value);
  throw refuse("BadRequestException", `Input ${spec.name} is ${dtype}: it takes ${expected}, and element ${wrong} is ${shown}.`);
}

/** Which elements a type takes; booleans count as 0 and 1, as in PyTorch. */
function rule(dtype: DType): { readonly expected: string; valid(v: Element): boolean } {
  if (dtype === "string") return { expected: "strings", valid: (v) => typeof v === "string" };
  if (dtype === "bool") return { expected: "true, false, 0 and 1", valid: (v) => typeof v === "boolean" || v === 0 || v === 1 };
  if (isFloat(dtype)) return { expected: "numbers", valid: (v) => typeof v !== "string" };
  const [least, most] = integerRange(dtype);
  return {
    expected: `whole numbers from ${least} to ${most}`,
    valid: (v) =>
      typeof v === "boolean" ||
      (typeof v === "bigint" && v >= least && v <= most) ||
      (typeof v === "number" && Number.isSafeInteger(v) && (dtypes[dtype].bytes === 8 && v >= 0 ? true : v >= least && v <= most)),
  };
}
