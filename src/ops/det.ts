// Det: the determinants of square matrices, by elimination in float64.
import { ingotError } from "../errors/error.ts";
import { tensorType } from "../ir/type.ts";
import { floats } from "../tensor/dtype.ts";
import { formatShape } from "../tensor/shape.ts";
import { defineOp } from "./define.ts";
import { inputType, requireRank } from "./infer.ts";
import { decodedNumbers, encodeNumbers } from "./map-elements.ts";

/** `[..., M, M]` gives `[...]`. */
export const det = defineOp("Det", {
  since: [11, 22],
  breaking: [11],
  inputs: ["X: T"],
  outputs: ["Y: T"],
  types: { T: floats },
  accuracy: "approximate",
  infer(c) {
    const shape = requireRank(c, 0, "X", 2, Number.POSITIVE_INFINITY);
    const [rows, columns] = shape?.slice(-2) ?? [];
    if (typeof rows === "number" && typeof columns === "number" && rows !== columns)
      throw ingotError("ShapeMismatch", {
        op: c.op,
        what: "X",
        actual: formatShape((shape ?? []).map(String)),
        expected: "square matrices in the last two dimensions",
        hint: "Only square matrices have a determinant.",
      });
    return [tensorType(inputType(c, 0).dtype, shape?.slice(0, -2))];
  },
  eval({ X }, _, context) {
    const shape = context.shape(0);
    const n = X.shape[X.rank - 1] as number;
    const x = decodedNumbers(X);
    const y = new Float64Array(shape.reduce((a, b) => a * b, 1));
    for (let i = 0; i < y.length; i++) y[i] = determinant(Float64Array.from(x.subarray(i * n * n, (i + 1) * n * n)), n);
    return encodeNumbers(X.dtype, y, shape);
  },
});

/** Writes over `a`, `n` rows of `n`. The largest number of a column is the pivot. */
function determinant(a: Float64Array, n: number): number {
  const at = (row: number, column: number) => a[row * n + column] as number;
  let product = 1;
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let row = k + 1; row < n; row++) if (Math.abs(at(row, k)) > Math.abs(at(pivot, k))) pivot = row;
    const largest = at(pivot, k);
    if (largest === 0) return 0;
    if (pivot !== k) {
      product = -product;
      for (let column = k; column < n; column++) [a[k * n + column], a[pivot * n + column]] = [at(pivot, column), at(k, column)];
    }
    product *= largest;
    for (let row = k + 1; row < n; row++) {
      const factor = at(row, k) / largest;
      for (let column = k + 1; column < n; column++) a[row * n + column] = at(row, column) - factor * at(k, column);
    }
  }
  return product;
}
