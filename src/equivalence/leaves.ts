// The tensors that a value is made of, in order and with names. What compares, hashes or remembers values does so tensor by tensor; that two
// containers hold as many values is then one more tensor that has to be equal.
import { contentsOf, MapValue, OptionalValue, type RuntimeValue } from "../ops/runtime-value.ts";
import { decoder } from "../tensor/dtype.ts";
import { Storage } from "../tensor/storage.ts";

export interface Leaf {
  /** `y` for a tensor; `y.length` and `y.0` in a sequence, `y.present` of an optional, `y.keys` and `y.values` of a map. */
  readonly name: string;
  readonly storage: Storage;
}

/**
 * The tensors of a value that is called `name`. Two values have the same leaves exactly when they are equal; maps are put in the order of their
 * keys, since they have none of their own.
 *
 * @example
 * leavesOf("y", [a, b]).map((leaf) => leaf.name);   // ["y.length", "y.0", "y.1"]
 */
export function leavesOf(name: string, value: RuntimeValue): Leaf[] {
  if (value instanceof Storage) return [{ name, storage: value }];
  if (value instanceof OptionalValue) {
    const present = { name: `${name}.present`, storage: Storage.from("bool", [value.element === undefined ? 0 : 1], []) };
    return [present, ...contentsOf(value).flatMap((element) => leavesOf(name, element))];
  }
  if (value instanceof MapValue) {
    const { keys, values } = inOrderOfKeys(value);
    return [
      { name: `${name}.keys`, storage: keys },
      { name: `${name}.values`, storage: values },
    ];
  }
  const length = { name: `${name}.length`, storage: Storage.from("int64", [value.length], []) };
  return [length, ...value.flatMap((item, i) => leavesOf(`${name}.${i}`, item))];
}

function inOrderOfKeys(map: MapValue): MapValue {
  const keys = elementsOf(map.keys);
  return takeRows(
    map,
    keys.map((_, i) => i).sort((a, b) => ((keys[a] as Element) < (keys[b] as Element) ? -1 : 1)),
  );
}

/** The rows of a map at these places, in this order. */
export function takeRows({ keys, values }: MapValue, places: readonly number[]): MapValue {
  const column = (storage: Storage) => {
    const elements = elementsOf(storage);
    return Storage.from(
      storage.dtype,
      places.map((i) => elements[i] as Element),
      [places.length],
    );
  };
  return new MapValue(column(keys), column(values));
}

type Element = number | bigint | string;

/** The elements as plain numbers, bigints or strings. */
export function elementsOf(storage: Storage): Element[] {
  const decode = decoder(storage.dtype);
  return Array.from(storage.dense() as ArrayLike<Element>, (v) => (typeof v === "number" ? decode(v) : v));
}
