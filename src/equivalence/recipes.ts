// Inputs of a check by their declared types: which recipes stand for a type, whether a recipe fits one, and how containers are made of
// the recipes of what they hold.
import { createHash } from "node:crypto";
import type { Dim } from "../ir/dim.ts";
import type { MapType, TensorType, ValueType } from "../ir/type.ts";
import { MapValue, OptionalValue, type RuntimeValue } from "../ops/runtime-value.ts";
import { type DType, isFloat } from "../tensor/dtype.ts";
import { Storage } from "../tensor/storage.ts";
import { hashStorage, type InputRecipe, makeInput } from "./check-inputs.ts";
import { elementsOf, leavesOf, takeRows } from "./leaves.ts";

/** How to make a sequence, an optional (of one item, or of none) or a map (of its keys and its values; keys that repeat are dropped). */
export interface ContainerRecipe {
  readonly name: string;
  readonly kind: "sequence" | "optional" | "map";
  readonly items: readonly ValueRecipe[];
}

/** How to make one input of whatever type. */
export type ValueRecipe = InputRecipe | ContainerRecipe;

/** A recipe of the usual kind for a dtype: normal numbers, one of three strings, or zeros and ones. */
export function standardRecipe(name: string, dtype: DType, shape: readonly number[], seed: number): InputRecipe {
  const base = { name, dtype, shape, seed };
  if (isFloat(dtype)) return { ...base, kind: "normal" };
  return dtype === "string" ? { ...base, kind: "choice", choices: ["a", "b", "c"] } : { ...base, kind: "integers", range: ["0", "1"] };
}

/** How many values a sequence holds, and a map at most. */
const containerSize = 2;

/** A recipe for a declared type; `sizeOf` gives the sizes of its dimensions. Optionals are present. */
export function recipeFor(name: string, type: ValueType, seed: number, sizeOf: (dim: Dim) => number): ValueRecipe {
  const part = (key: string | number, of: ValueType, i: number) => recipeFor(`${name}.${key}`, of, seed + i * 1009, sizeOf);
  switch (type.kind) {
    case "tensor":
      return standardRecipe(name, type.dtype, (type.shape ?? []).map(sizeOf), seed);
    case "sequence":
      return { name, kind: "sequence", items: Array.from({ length: containerSize }, (_, i) => part(i, type.element, i)) };
    case "optional":
      return { name, kind: "optional", items: [recipeFor(name, type.element, seed, sizeOf)] };
    case "map": {
      const column = (dtype: DType): TensorType => ({ kind: "tensor", dtype, shape: [containerSize] });
      const { value } = type;
      return {
        name,
        kind: "map",
        items: [part("keys", column(type.key), 0), part("values", value.kind === "tensor" ? column(value.dtype) : value, 1)],
      };
    }
  }
}

/** Makes the value of a type from its recipe, which fits it. */
export function makeValue(recipe: ValueRecipe, type: ValueType): RuntimeValue {
  if (!("items" in recipe)) return makeInput(recipe);
  const { items } = recipe;
  if (type.kind === "sequence") return items.map((item) => makeValue(item, type.element));
  if (type.kind === "optional") return new OptionalValue(type.element, items[0] && makeValue(items[0], type.element));
  const [keys, values] = items.map((item) => ("items" in item ? undefined : makeInput(item)));
  if (!keys || !values) throw new TypeError(`the recipe of ${recipe.name} does not fit its type`);
  return distinct(new MapValue(keys, values));
}

/** The map without the rows whose key stood before. */
function distinct(map: MapValue): MapValue {
  const first = new Map<unknown, number>();
  elementsOf(map.keys).forEach((key, i) => {
    if (!first.has(key)) first.set(key, i);
  });
  return takeRows(map, [...first.values()]);
}

/** The same recipe with other numbers. */
export function reseeded(recipe: ValueRecipe, by: number): ValueRecipe {
  return "items" in recipe ? { ...recipe, items: recipe.items.map((item) => reseeded(item, by)) } : { ...recipe, seed: recipe.seed + by };
}

/** Whether a recipe, well-formed in itself, makes a value of the type. */
export function recipeFits(recipe: ValueRecipe, type: ValueType): boolean {
  if (!("items" in recipe)) return type.kind === "tensor" && fitsTensor(recipe, type);
  const { kind, items } = recipe;
  if (type.kind === "tensor" || kind !== type.kind) return false;
  if (type.kind === "map")
    return items.length === 2 && isColumn(items[0], type.key) && isColumn(items[1], valueDType(type)) && sameLength(items);
  if (type.kind === "optional" && items.length > 1) return false;
  return items.every((item) => recipeFits(item, type.element));
}

const isColumn = (recipe: ValueRecipe | undefined, dtype: DType | undefined) =>
  recipe !== undefined && !("items" in recipe) && recipe.dtype === dtype && recipe.shape.length === 1;
const sameLength = (recipes: readonly ValueRecipe[]) => new Set(recipes.map((r) => ("items" in r ? undefined : r.shape[0]))).size === 1;
const valueDType = ({ value }: MapType) => (value.kind === "tensor" ? value.dtype : undefined);

function fitsTensor({ dtype, shape }: InputRecipe, type: TensorType): boolean {
  const sameDims = type.shape?.length === shape.length && type.shape.every((d, axis) => typeof d !== "number" || d === shape[axis]);
  return dtype === type.dtype && (type.shape === undefined || sameDims);
}

/** SHA-256 of a tensor's elements; of a container's tensors, with their names. */
export function hashValue(value: RuntimeValue): string {
  if (value instanceof Storage) return hashStorage(value);
  const leaves = leavesOf("", value).map(({ name, storage }) => [name, hashStorage(storage)]);
  return createHash("sha256").update(JSON.stringify(leaves)).digest("hex");
}
