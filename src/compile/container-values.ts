// Sequences, optionals and maps as JavaScript has them, where a compiled module takes and gives them: an array, a value or `null`, a `Map`.
import { isTensor } from "../eager/operand.ts";
import { Tensor } from "../eager/tensor.ts";
import { elementsOf } from "../equivalence/leaves.ts";
import type { MapType, ValueType } from "../ir/type.ts";
import { MapValue, OptionalValue, type RuntimeValue } from "../ops/runtime-value.ts";
import { type DType, isFloat } from "../tensor/dtype.ts";
import { Storage } from "../tensor/storage.ts";
import type { Nested, ScalarMap } from "../trace/structure.ts";

/** An argument that has the form of its type. */
export type Bound = Tensor | readonly Bound[] | ScalarMap | null;

/** Makes the error for a value at `path` that should have been `expected`. */
type Wrong = (path: string, value: unknown, expected: string) => Error;

/**
 * The value, when it has the form of `type`; dtypes and shapes of tensors are not looked at. `path` is its name in messages.
 * Throws what `wrong` makes.
 */
export function boundValue(value: unknown, type: ValueType, path: string, wrong: Wrong): Bound {
  switch (type.kind) {
    case "tensor":
      if (isTensor(value)) return value;
      throw wrong(path, value, Array.isArray(value) || typeof value === "number" ? "a tensor, made with tensor(...)" : "a tensor");
    case "sequence":
      if (!Array.isArray(value)) throw wrong(path, value, "an array, with one entry per value of the sequence");
      return value.map((item, i) => boundValue(item, type.element, `${path}.${i}`, wrong));
    case "optional":
      return value === null || value === undefined ? null : boundValue(value, type.element, path, wrong);
    case "map":
      return boundMap(value, type, path, wrong);
  }
}

function boundMap(value: unknown, { key, value: element }: MapType, path: string, wrong: Wrong): ScalarMap {
  const of = element.kind === "tensor" ? element.dtype : undefined;
  const words = `a Map from ${key} to ${of ?? "values"}`;
  if (!(value instanceof Map) || of === undefined) throw wrong(path, value, words);
  const entries = [...value].map(([k, v]): [ScalarKey, Scalar] => {
    if (!isScalarKey(k, key)) throw wrong(`${path}, key`, k, `${key}, as a key of ${words}`);
    if (!isScalar(v, of)) throw wrong(`${path}.${k}`, v, `${of}, as a value of ${words}`);
    return [k, v];
  });
  return new Map(entries);
}

type ScalarKey = number | bigint | string;
type Scalar = number | bigint | string;

const isWhole = (v: unknown): v is number | bigint => typeof v === "bigint" || Number.isSafeInteger(v);
const isScalarKey = (v: unknown, dtype: DType): v is ScalarKey => (dtype === "string" ? typeof v === "string" : isWhole(v));

function isScalar(v: unknown, dtype: DType): v is Scalar {
  if (dtype === "string") return typeof v === "string";
  return isFloat(dtype) ? typeof v === "number" : isWhole(v);
}

/** The value that an engine is given; `read` takes the elements out of a tensor. */
export function toRuntimeValue(value: Bound, type: ValueType, read: (tensor: Tensor) => Storage): RuntimeValue {
  if (type.kind === "optional")
    return new OptionalValue(type.element, value === null ? undefined : toRuntimeValue(value, type.element, read));
  if (isTensor(value)) return read(value);
  if (value instanceof Map && type.kind === "map") return mapValue(value, type);
  if (Array.isArray(value) && type.kind === "sequence") return value.map((item: Bound) => toRuntimeValue(item, type.element, read));
  throw new TypeError("a value was bound to a type that it does not have");
}

function mapValue(map: ScalarMap, { key, value }: MapType): MapValue {
  const shape = [map.size];
  const dtype = value.kind === "tensor" ? value.dtype : "float32";
  return new MapValue(Storage.from(key, [...map.keys()], shape), Storage.from(dtype, [...map.values()], shape));
}

/** What a caller gets: a tensor, an array, a value or `null`, a `Map` (64-bit integers are numbers where these are exact, else bigints). */
export function fromRuntimeValue(value: RuntimeValue): Nested {
  if (value instanceof Storage) return Tensor.fromStorage(value);
  if (value instanceof OptionalValue) return value.element === undefined ? null : fromRuntimeValue(value.element);
  if (value instanceof MapValue) {
    const values = elementsOf(value.values).map(plain);
    return new Map(elementsOf(value.keys).map((key, i) => [plain(key), values[i] as Scalar]));
  }
  return value.map(fromRuntimeValue);
}

const plain = (v: Scalar): Scalar => (typeof v === "bigint" && Number.isSafeInteger(Number(v)) ? Number(v) : v);
