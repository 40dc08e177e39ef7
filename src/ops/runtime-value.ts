// What operators compute with: tensors, and the containers that ONNX has around them.
import { ingotError } from "../errors/error.ts";
import type { MapType, ValueType } from "../ir/type.ts";
import { Storage } from "../tensor/storage.ts";

/** A tensor, a sequence (an array), an optional or a map. */
export type RuntimeValue = Storage | readonly RuntimeValue[] | OptionalValue | MapValue;

/**
 * A value that may be absent. It carries the type of what it would hold, so that an absent one is typed as well.
 *
 * @example
 * new OptionalValue(tensorType("float32", [2]));        // absent
 * new OptionalValue(tensorType("float32", [2]), x);     // present
 */
export class OptionalValue {
  readonly elementType: ValueType;
  readonly element: RuntimeValue | undefined;

  constructor(elementType: ValueType, element?: RuntimeValue) {
    this.elementType = elementType;
    this.element = element;
  }
}

/** A map from integers or strings to scalars, as two columns: `keys: [n]` and `values: [n]`, row by row. */
export class MapValue {
  readonly keys: Storage;
  readonly values: Storage;

  constructor(keys: Storage, values: Storage) {
    this.keys = keys;
    this.values = values;
  }

  get type(): MapType {
    return { kind: "map", key: this.keys.dtype, value: { kind: "tensor", dtype: this.values.dtype, shape: [] } };
  }
}

/** The values that a container holds. */
export function contentsOf(value: Exclude<RuntimeValue, Storage>): readonly RuntimeValue[] {
  if (value instanceof MapValue) return [value.keys, value.values];
  if (value instanceof OptionalValue) return value.element === undefined ? [] : [value.element];
  return value;
}

/** The value of `what`, which has to be a tensor. Throws `KindMismatch`. */
export function tensorOf(op: string, what: string, value: RuntimeValue | undefined): Storage {
  if (value instanceof Storage) return value;
  throw ingotError("KindMismatch", { op, what, actual: describeKind(value), expected: "a tensor" });
}

/** For messages: what kind of value it is. */
export function describeKind(value: RuntimeValue | undefined): string {
  if (value === undefined) return "absent";
  if (Array.isArray(value)) return "a sequence";
  if (value instanceof OptionalValue) return "an optional";
  return value instanceof MapValue ? "a map" : "a tensor";
}
