// Preparing features, ai.onnx.ml: choosing, thresholding, joining, scaling, filling gaps, one-hot.
import { ingotError } from "../errors/error.ts";
import { addDims, type Dim, productOfDims } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType } from "../ir/type.ts";
import { isFloat } from "../tensor/dtype.ts";
import { elementCount, formatShape } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { cellsOf } from "./cells.ts";
import { defineOp, float, floats_, int, ints, string, strings } from "./define.ts";
import { placesOf } from "./gather.ts";
import { inputShape, inputType, requireRank, requireWord, sameAsInput, shapeOfInput } from "./infer.ts";
import { mapNumeric } from "./map-elements.ts";
import { features } from "./ml-scores.ts";

/** `X[..., Y]`: the features at the flat indices `Y`; of a vector, one row `[1, n]`. */
export const arrayFeatureExtractor = defineOp("ai.onnx.ml.ArrayFeatureExtractor", {
  since: [1],
  inputs: ["X: T", "Y: int64"],
  outputs: ["Z: T"],
  types: { T: [...features, "string"] },
  accuracy: "exact",
  infer(c) {
    const { dtype } = inputType(c, 0);
    const shape = requireRank(c, 0, "X", 1, Number.POSITIVE_INFINITY);
    const indices = inputShape(c, 1);
    return [tensorType(dtype, shape && indices && [...(shape.length === 1 ? [1] : shape.slice(0, -1)), productOfDims(indices)])];
  },
  eval({ X, Y }, _, context) {
    const width = X.shape[X.rank - 1] as number;
    const places = placesOf("ArrayFeatureExtractor", Y, width, X.rank - 1);
    const z = Storage.empty(X.dtype, context.shape(0));
    const [from, to] = [cellsOf(X), cellsOf(z)];
    for (let i = 0; i < to.length; i++) to[i] = from[Math.floor(i / places.length) * width + (places[i % places.length] as number)];
    return z;
  },
});

/** 1 above the threshold, 0 up to it. */
export const binarizer = defineOp("ai.onnx.ml.Binarizer", {
  since: [1],
  inputs: ["X: T"],
  outputs: ["Y: T"],
  types: { T: features },
  attributes: { threshold: float(0) },
  accuracy: "exact",
  infer: sameAsInput,
  eval: ({ X }, { threshold }) => mapNumeric(X, { number: (x) => (x > threshold ? 1 : 0), big: (x) => (Number(x) > threshold ? 1n : 0n) }),
});

// ---- FeatureVectorizer -----------------------------------------------------------------------------------------------

/** Rows and columns of an input: everything behind the first dimension is one row, and a vector is a single one. */
function matrixOf(shape: readonly Dim[]): [Dim, Dim] {
  return shape.length === 1 ? [1, shape[0] as Dim] : [shape[0] as Dim, productOfDims(shape.slice(1))];
}

/** The inputs side by side as float32 `[N, C]`, each cut or filled up with zeros to its number of columns in `inputdimensions`. */
export const featureVectorizer = defineOp("ai.onnx.ml.FeatureVectorizer", {
  since: [1],
  inputs: ["X...: T1"],
  outputs: ["Y: float32"],
  types: { T1: features },
  attributes: { inputdimensions: ints() },
  accuracy: "exact",
  infer(c) {
    const given = c.attributes.inputdimensions as readonly number[] | undefined;
    if (given && given.length !== c.inputs.length)
      throw ingotError("InvalidArgument", {
        op: c.op,
        name: "inputdimensions",
        expected: `${c.inputs.length} numbers, one per input`,
        actual: formatShape(given),
        hint: "It says how many columns each input has.",
      });
    const shapes = c.inputs.map((_, i) => requireRank(c, i, `input ${i}`, 1, Number.POSITIVE_INFINITY));
    if (shapes.some((s) => s === undefined)) return [tensorType("float32")];
    const sizes = shapes.map((s) => matrixOf(s as readonly Dim[]));
    const [rows] = sizes[0] as [Dim, Dim];
    for (const [i, [count]] of sizes.entries())
      if (typeof count === "number" && typeof rows === "number" && count !== rows)
        throw ingotError("ShapeMismatch", {
          op: c.op,
          what: `input ${i}`,
          actual: formatShape((shapes[i] ?? []).map(String)),
          expected: `${rows} rows, as the first input has`,
          hint: "Inputs are put side by side.",
        });
    const columns = sizes.map(([, n], i) => given?.[i] ?? n).reduce(addDims, 0);
    return [tensorType("float32", [rows, columns])];
  },
  eval({ X }, { inputdimensions }, context) {
    const shape = context.shape(0);
    const [rows, columns] = shape as [number, number];
    const y = new Float32Array(rows * columns);
    let start = 0;
    for (const [i, x] of X.entries()) {
      const [, width] = matrixOf(x.shape) as [number, number];
      const values = x.toNumbers();
      const wanted = inputdimensions?.[i] ?? width;
      for (let row = 0; row < rows; row++)
        for (let k = 0; k < Math.min(width, wanted); k++) y[row * columns + start + k] = values[row * width + k] as number;
      start += wanted;
    }
    return Storage.of("float32", y, shape);
  },
});

// ---- Imputer, Scaler -------------------------------------------------------------------------------------------------

/** A list with one number for all features, or one for each. Throws `InvalidArgument`. */
function requirePerFeature(c: InferContext, name: string, list: readonly number[] | undefined): void {
  const shape = inputShape(c, 0);
  const width = shape?.[shape.length - 1] ?? 1;
  if (list === undefined || list.length === 1 || typeof width !== "number" || list.length === width) return;
  throw ingotError("InvalidArgument", {
    op: c.op,
    name,
    expected: `one number, or one for each of ${width} features`,
    actual: `${list.length} numbers`,
    hint: "Features stand in the last dimension.",
  });
}

/** Puts `imputed_value_*` where `replaced_value_*` stands (which may be NaN). */
export const imputer = defineOp("ai.onnx.ml.Imputer", {
  since: [1],
  inputs: ["X: T"],
  outputs: ["Y: T"],
  types: { T: features },
  attributes: {
    imputed_value_floats: floats_(),
    imputed_value_int64s: ints(),
    replaced_value_float: float(0),
    replaced_value_int64: int(0),
  },
  accuracy: "exact",
  infer(c) {
    const name = isFloat(inputType(c, 0).dtype) ? "imputed_value_floats" : "imputed_value_int64s";
    const list = c.attributes[name] as readonly number[] | undefined;
    if (!list?.length)
      throw ingotError("MissingAttribute", { op: c.op, attribute: name, type: isFloat(inputType(c, 0).dtype) ? "floats" : "ints" });
    requirePerFeature(c, name, list);
    return sameAsInput(c);
  },
  eval({ X }, a) {
    const real = isFloat(X.dtype);
    const imputed = (real ? a.imputed_value_floats : a.imputed_value_int64s) ?? [];
    const replaced = real ? a.replaced_value_float : a.replaced_value_int64;
    const width = X.shape[X.rank - 1] ?? 1;
    const filling = Storage.from(X.dtype, imputed, [imputed.length]);
    const [from, fill] = [cellsOf(X), cellsOf(filling)];
    const y = Storage.empty(X.dtype, X.shape);
    const to = cellsOf(y);
    for (let i = 0; i < to.length; i++) {
      const gap = Number.isNaN(replaced) ? Number.isNaN(from[i]) : Number(from[i]) === replaced;
      to[i] = gap ? fill[fill.length === 1 ? 0 : (i % width) % fill.length] : from[i];
    }
    return y;
  },
});

/** (X − offset) · scale, as float32. */
export const scaler = defineOp("ai.onnx.ml.Scaler", {
  since: [1],
  inputs: ["X: T"],
  outputs: ["Y: float32"],
  types: { T: features },
  attributes: { offset: floats_(), scale: floats_() },
  accuracy: "ulp",
  infer(c) {
    for (const name of ["offset", "scale"]) requirePerFeature(c, name, c.attributes[name] as readonly number[] | undefined);
    return shapeOfInput("float32")(c);
  },
  eval({ X }, { offset = [0], scale = [1] }) {
    const width = X.shape[X.rank - 1] ?? 1;
    const at = (list: readonly number[], i: number) => list[list.length === 1 ? 0 : i % width] as number;
    const values = X.toNumbers().map((x, i) => (x - at(offset, i)) * at(scale, i));
    return Storage.from("float32", values, X.shape);
  },
});

// ---- Normalizer ------------------------------------------------------------------------------------------------------

/** What a row is divided by. */
const norms: Readonly<Record<string, (row: readonly number[]) => number>> = {
  MAX: (row) => Math.max(...row),
  L1: (row) => row.reduce((sum, x) => sum + Math.abs(x), 0),
  L2: (row) => Math.sqrt(row.reduce((sum, x) => sum + x * x, 0)),
};

/** Divides each row by its largest element, the sum of its magnitudes, or its length; rows for which that is 0 stay. */
export const normalizer = defineOp("ai.onnx.ml.Normalizer", {
  since: [1],
  inputs: ["X: T"],
  outputs: ["Y: float32"],
  types: { T: features },
  attributes: { norm: string("MAX") },
  accuracy: "ulp",
  infer(c) {
    requireWord(c, "norm", Object.keys(norms), "MAX is the default.");
    requireRank(c, 0, "X", 1, 2);
    return shapeOfInput("float32")(c);
  },
  eval({ X }, { norm }) {
    const width = X.shape[X.rank - 1] as number;
    const values = X.toNumbers();
    for (let start = 0; start < values.length; start += width) {
      const row = values.slice(start, start + width);
      const by = (norms[norm] as (typeof norms)[string])(row) || 1;
      for (const [i, x] of row.entries()) values[start + i] = x / by;
    }
    return Storage.from("float32", values, X.shape);
  },
});

// ---- OneHotEncoder ---------------------------------------------------------------------------------------------------

/** A new last dimension with a 1 at the place of the category; numbers that are no integers are cut to them. */
export const oneHotEncoder = defineOp("ai.onnx.ml.OneHotEncoder", {
  since: [1],
  inputs: ["X: T"],
  outputs: ["Y: float32"],
  types: { T: [...features, "string"] },
  attributes: { cats_int64s: ints(), cats_strings: strings(), zeros: int(1) },
  accuracy: "exact",
  infer(c) {
    const { dtype, shape } = inputType(c, 0);
    const name = dtype === "string" ? "cats_strings" : "cats_int64s";
    const categories = c.attributes[name] as readonly unknown[] | undefined;
    if (!categories) throw ingotError("MissingAttribute", { op: c.op, attribute: name, type: dtype === "string" ? "strings" : "ints" });
    return [tensorType("float32", shape && [...shape, categories.length])];
  },
  eval({ X }, { cats_int64s = [], cats_strings = [], zeros }, context) {
    const shape = context.shape(0);
    const categories: readonly (string | number)[] = X.dtype === "string" ? cats_strings : cats_int64s;
    const places = new Map(categories.map((category, i) => [category, i]));
    const y = new Float32Array(elementCount(shape));
    for (const [i, cell] of cellsOf(X).entries()) {
      const category = typeof cell === "string" ? cell : Math.trunc(Number(cell));
      const place = places.get(category);
      if (place !== undefined) y[i * categories.length + place] = 1;
      else if (!zeros)
        throw ingotError("InvalidArgument", {
          op: "OneHotEncoder",
          name: "X",
          expected: "one of the categories",
          actual: String(category),
          hint: "Set `zeros` to 1 to encode other values as zeros.",
        });
    }
    return Storage.of("float32", y, shape);
  },
});
