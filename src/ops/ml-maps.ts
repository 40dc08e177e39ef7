// Maps of ai.onnx.ml: from rows of scores to maps, and from maps to rows.
import { ingotError } from "../errors/error.ts";
import { unknownDim } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { formatType, type MapType, tensorType } from "../ir/type.ts";
import type { DType } from "../tensor/dtype.ts";
import { Storage } from "../tensor/storage.ts";
import { cellsOf } from "./cells.ts";
import { defineOp, int, ints, string, strings } from "./define.ts";
import { requireRank, requireWord } from "./infer.ts";
import { labelsOf } from "./ml-scores.ts";
import { MapValue, type RuntimeValue } from "./runtime-value.ts";

/** The type of the map in input 0. Throws `KindMismatch` for keys and values that the operator does not take. */
function mapType(c: InferContext, keys: readonly DType[], values: readonly DType[]): { readonly map: MapType; readonly value: DType } {
  const type = c.inputs[0];
  if (type?.kind === "map" && keys.includes(type.key) && type.value.kind === "tensor" && values.includes(type.value.dtype))
    return { map: type, value: type.value.dtype };
  throw ingotError("KindMismatch", {
    op: c.op,
    what: "X",
    actual: type ? formatType(type) : "absent",
    expected: `a map from ${keys.join(" or ")} to ${values.join(" or ")}`,
  });
}

function asMap(value: RuntimeValue): MapValue {
  if (value instanceof MapValue) return value;
  throw new TypeError("inference let something else than a map through");
}

/** A zero of a dtype as it is stored. */
const zeroOf = (dtype: DType): unknown => cellsOf(Storage.from(dtype, [dtype === "string" ? "" : 0], []))[0];

// ---- ZipMap ----------------------------------------------------------------------------------------------------------

/** One map from labels to scores for each row of `X: [N, C]` (or for the only row `[C]`). */
export const zipMap = defineOp("ai.onnx.ml.ZipMap", {
  since: [1],
  inputs: ["X: float32"],
  outputs: ["Z: any"],
  attributes: { classlabels_int64s: ints(), classlabels_strings: strings() },
  accuracy: "exact",
  infer(c) {
    const a = c.attributes as { readonly classlabels_int64s?: number[]; readonly classlabels_strings?: string[] };
    const { dtype, list } = labelsOf(c.op, a.classlabels_int64s, a.classlabels_strings);
    const shape = requireRank(c, 0, "X", 1, 2);
    const width = shape?.[shape.length - 1];
    if (typeof width === "number" && width !== list.length)
      throw ingotError("ShapeMismatch", {
        op: c.op,
        what: "X",
        actual: `[${shape?.join(", ")}]`,
        expected: `${list.length} columns`,
        hint: "There is one label for each column.",
      });
    return [{ kind: "sequence", element: { kind: "map", key: dtype, value: tensorType("float32", []) } }];
  },
  eval({ X }, a) {
    const { dtype, list } = labelsOf("ZipMap", a.classlabels_int64s, a.classlabels_strings);
    const keys = Storage.from(dtype, list, [list.length]);
    const rows = X.rank === 1 ? 1 : (X.shape[0] as number);
    const flat = X.reshape([rows, list.length]);
    return [Array.from({ length: rows }, (_, i) => new MapValue(keys, flat.slice(0, i, 1).reshape([list.length])))];
  },
});

// ---- CastMap ---------------------------------------------------------------------------------------------------------

const castTargets: Readonly<Record<string, DType>> = { TO_FLOAT: "float32", TO_STRING: "string", TO_INT64: "int64" };

/** Throws `InvalidArgument` for a string that is no number. */
function castCell(cell: unknown, to: DType): string | number {
  if (to === "string") return String(cell);
  const number = typeof cell === "string" && cell.trim() === "" ? Number.NaN : Number(cell);
  const fits = to === "float32" ? !Number.isNaN(number) || String(cell).toLowerCase() === "nan" : Number.isFinite(number);
  if (fits) return to === "int64" ? Math.trunc(number) : number;
  throw ingotError("InvalidArgument", {
    op: "CastMap",
    name: "X",
    expected: "numbers as text",
    actual: `"${cell}"`,
    hint: "Cast it TO_STRING.",
  });
}

/** The values by rising key as one row: all of them (DENSE), or each at the place that its key says, of `max_map` (SPARSE). */
export const castMap = defineOp("ai.onnx.ml.CastMap", {
  since: [1],
  inputs: ["X: any"],
  outputs: ["Y: T2"],
  types: { T2: ["string", "float32", "int64"] },
  attributes: { cast_to: string("TO_FLOAT"), map_form: string("DENSE"), max_map: int(1) },
  accuracy: "exact",
  infer(c) {
    mapType(c, ["int64"], ["string", "float32"]);
    for (const [name, words] of [
      ["cast_to", Object.keys(castTargets)],
      ["map_form", ["DENSE", "SPARSE"]],
    ] as const)
      requireWord(c, name, words, "The names are written in capitals.");
    const { cast_to, map_form } = c.attributes as { readonly cast_to: string; readonly map_form: string };
    return [tensorType(castTargets[cast_to] as DType, [1, map_form === "SPARSE" ? (c.attributes.max_map as number) : unknownDim()])];
  },
  eval({ X }, { cast_to, map_form, max_map }) {
    const dtype = castTargets[cast_to] as DType;
    const { keys, values } = asMap(X);
    const cells = cellsOf(values);
    const entries = Array.from(keys.toNumbers(), (key, i) => ({ key, value: castCell(cells[i], dtype) }));
    entries.sort((a, b) => a.key - b.key);
    if (map_form === "DENSE") {
      const row = entries.map((e) => e.value);
      return Storage.from(dtype, row, [1, row.length]);
    }
    const row = new Array<string | number>(max_map).fill(dtype === "string" ? "" : 0);
    for (const { key, value } of entries) {
      if (key < 0 || key >= max_map) throw ingotError("IndexOutOfRange", { op: "CastMap", index: key, axis: 1, size: max_map });
      row[key] = value;
    }
    return Storage.from(dtype, row, [1, max_map]);
  },
});

// ---- DictVectorizer --------------------------------------------------------------------------------------------------

const scalars: readonly DType[] = ["int64", "float32", "float64", "string"];

/** The values of a map in the order of a vocabulary, `[1, words]`; words that the map lacks are zero, keys that are no words are left out. */
export const dictVectorizer = defineOp("ai.onnx.ml.DictVectorizer", {
  since: [1],
  inputs: ["X: any"],
  outputs: ["Y: T2"],
  types: { T2: scalars },
  attributes: { int64_vocabulary: ints(), string_vocabulary: strings() },
  accuracy: "exact",
  infer(c) {
    const { map, value } = mapType(c, ["string", "int64"], scalars);
    const name = map.key === "string" ? "string_vocabulary" : "int64_vocabulary";
    const words = c.attributes[name] as readonly unknown[] | undefined;
    if (!words) throw ingotError("MissingAttribute", { op: c.op, attribute: name, type: map.key === "string" ? "strings" : "ints" });
    return [tensorType(value, [1, words.length])];
  },
  eval({ X }, { int64_vocabulary = [], string_vocabulary = [] }, context) {
    const { keys, values } = asMap(X);
    const words: readonly unknown[] = keys.dtype === "string" ? string_vocabulary : int64_vocabulary.map(BigInt);
    const cells = cellsOf(values);
    const table = new Map(Array.from(cellsOf(keys), (key, i) => [key, cells[i]]));
    const y = Storage.empty(values.dtype, context.shape(0));
    const to = cellsOf(y);
    for (const [i, word] of words.entries()) to[i] = table.has(word) ? table.get(word) : zeroOf(values.dtype);
    return y;
  },
});
