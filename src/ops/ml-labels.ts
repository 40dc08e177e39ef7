// Mapping values to others one by one, ai.onnx.ml: LabelEncoder, CategoryMapper.
import { ingotError } from "../errors/error.ts";
import type { Attributes } from "../ir/schema.ts";
import { tensorType } from "../ir/type.ts";
import { type DType, decoder, isFloat } from "../tensor/dtype.ts";
import { Storage } from "../tensor/storage.ts";
import { cellsOf } from "./cells.ts";
import { defineOp, float, floats_, int, ints, string, strings, tensor } from "./define.ts";
import { inputShape, inputType } from "./infer.ts";

// ---- LabelEncoder ----------------------------------------------------------------------------------------------------

const encodable: readonly DType[] = ["string", "int64", "float32", "int32", "int16", "float64"];
const typedLists = { strings: "string", int64s: "int64", floats: "float32" } as const;

/** The list `keys_*` or `values_*` that is given. Throws `InvalidArgument` unless it is exactly one. */
function listOf(op: string, side: "keys" | "values", attributes: Attributes): Storage {
  const given: Storage[] = [];
  const stored = attributes[`${side}_tensor`];
  if (stored instanceof Storage) given.push(stored.reshape([stored.size]));
  for (const [suffix, dtype] of Object.entries(typedLists)) {
    const list = attributes[`${side}_${suffix}`] as readonly (string | number)[] | undefined;
    if (list) given.push(Storage.from(dtype, list, [list.length]));
  }
  const [only, second] = given;
  if (only && !second) return only;
  throw ingotError("InvalidArgument", {
    op,
    name: side,
    expected: `exactly one of ${side}_strings, ${side}_int64s, ${side}_floats and ${side}_tensor`,
    actual: only ? "several" : "none",
    hint: "The keys have the type of the input, the values that of the output.",
  });
}

function defaultFor(dtype: DType, attributes: Attributes): Storage {
  const stored = attributes.default_tensor;
  if (stored instanceof Storage) return stored;
  const value = dtype === "string" ? attributes.default_string : isFloat(dtype) ? attributes.default_float : attributes.default_int64;
  return Storage.from(dtype, [value as string | number], [1]);
}

/** Keys are compared by value; all NaNs are one key. */
const keysOf = (x: Storage): unknown[] => {
  const decode = decoder(x.dtype);
  return Array.from(cellsOf(x), (v) => (typeof v === "number" ? decode(v) : v));
};

/** The value whose key each element is, or the default. Of equal keys the last counts. */
export const labelEncoder = defineOp("ai.onnx.ml.LabelEncoder", {
  since: [1, 2, 4],
  breaking: [2, 4],
  minVersion: ({ attributes: a }) => (a.keys_tensor || a.values_tensor || a.default_tensor ? 4 : 2),
  inputs: ["X: T1"],
  outputs: ["Y: T2"],
  types: { T1: encodable, T2: encodable },
  attributes: {
    default_float: float(-0),
    default_int64: int(-1),
    default_string: string("_Unused"),
    default_tensor: tensor(),
    keys_floats: floats_(),
    keys_int64s: ints(),
    keys_strings: strings(),
    keys_tensor: tensor(),
    values_floats: floats_(),
    values_int64s: ints(),
    values_strings: strings(),
    values_tensor: tensor(),
  },
  accuracy: "exact",
  infer(c) {
    const keys = listOf(c.op, "keys", c.attributes);
    const values = listOf(c.op, "values", c.attributes);
    const fallback = defaultFor(values.dtype, c.attributes);
    const { dtype, shape } = inputType(c, 0);
    if (keys.dtype !== dtype || fallback.dtype !== values.dtype)
      throw ingotError("DTypeMismatch", {
        op: c.op,
        what: keys.dtype !== dtype ? "X" : "default_tensor",
        actual: keys.dtype !== dtype ? dtype : fallback.dtype,
        expected: keys.dtype !== dtype ? `${keys.dtype}, as the keys are` : `${values.dtype}, as the values are`,
        convert: keys.dtype !== dtype ? keys.dtype : values.dtype,
      });
    if (keys.size !== values.size || fallback.size !== 1)
      throw ingotError("InvalidArgument", {
        op: c.op,
        name: "values",
        expected: `${keys.size} values, one per key, and one default`,
        actual: `${values.size} values, ${fallback.size} defaults`,
        hint: "Key i is mapped to value i.",
      });
    return [tensorType(values.dtype, shape)];
  },
  eval({ X }, attributes, context) {
    const given = attributes as unknown as Attributes;
    const values = listOf("LabelEncoder", "values", given);
    const cells = cellsOf(values);
    const table = new Map(keysOf(listOf("LabelEncoder", "keys", given)).map((key, i) => [key, cells[i]]));
    const fallback = cellsOf(defaultFor(values.dtype, given))[0];
    const y = Storage.empty(context.dtype(0), X.shape);
    const to = cellsOf(y);
    for (const [i, key] of keysOf(X).entries()) to[i] = table.has(key) ? table.get(key) : fallback;
    return y;
  },
});

// ---- CategoryMapper --------------------------------------------------------------------------------------------------

/** Strings to integers, or integers to strings, by two lists of equal length. */
export const categoryMapper = defineOp("ai.onnx.ml.CategoryMapper", {
  since: [1],
  inputs: ["X: T1"],
  outputs: ["Y: T2"],
  types: { T1: ["string", "int64"], T2: ["string", "int64"] },
  attributes: { cats_int64s: ints.required, cats_strings: strings.required, default_int64: int(-1), default_string: string("_Unused") },
  accuracy: "exact",
  infer(c) {
    const [numbers, texts] = [c.attributes.cats_int64s, c.attributes.cats_strings] as [readonly number[], readonly string[]];
    if (numbers.length !== texts.length)
      throw ingotError("InvalidArgument", {
        op: c.op,
        name: "cats_strings",
        expected: `${numbers.length} strings, as many as cats_int64s has integers`,
        actual: `${texts.length} strings`,
        hint: "String i stands for integer i.",
      });
    return [tensorType(inputType(c, 0).dtype === "string" ? "int64" : "string", inputShape(c, 0))];
  },
  eval({ X }, { cats_int64s, cats_strings, default_int64, default_string }) {
    if (X.dtype === "string") {
      const table = new Map(cats_strings.map((text, i) => [text, cats_int64s[i] as number]));
      const found = cellsOf(X).map((text) => table.get(text as string) ?? default_int64);
      return Storage.from("int64", found, X.shape);
    }
    const table = new Map(cats_int64s.map((n, i) => [BigInt(n), cats_strings[i] as string]));
    const found = Array.from(cellsOf(X), (n) => table.get(n as bigint) ?? default_string);
    return Storage.from("string", found, X.shape);
  },
});
