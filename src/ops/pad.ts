// Pad: per dimension, a table says for each output place which input place it shows; the copy then runs over whole rows.
import { ingotError } from "../errors/error.ts";
import { addDims, type Dim, unknownDim } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType } from "../ir/type.ts";
import { formatShape, normalizeAxis } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { cellsOf, copyByTables } from "./cells.ts";
import { defineOp, everyDType, string } from "./define.ts";
import { axisOf, constantInts, contentsOf, inputType, unknownShape } from "./infer.ts";

/** Which input place stands at place `p` (counted from the first input element) of a padded dimension of `size`; −1 for the constant. */
type PadMode = (p: number, size: number) => number;

const wrapped = (p: number, n: number) => ((p % n) + n) % n;

const modes: Readonly<Record<string, PadMode>> = {
  constant: (p, n) => (p >= 0 && p < n ? p : -1),
  edge: (p, n) => Math.min(Math.max(p, 0), n - 1),
  reflect: (p, n) => {
    if (n === 1) return 0;
    const q = wrapped(p, 2 * n - 2);
    return q < n ? q : 2 * n - 2 - q;
  },
  wrap: wrapped,
};

/** `pads` holds all begins, then all ends, for `axes` (default: all dimensions). Negative ones crop. */
export const pad = defineOp("Pad", {
  since: [1, 2, 11, 13, 18, 19, 21, 23, 24, 25],
  breaking: [11, 18, 19],
  minVersion: ({ attributes, inputCount }) => (attributes.mode === "wrap" ? 19 : inputCount > 3 ? 18 : 11),
  inputs: ["data: T", "pads: int64", "constant_value?: T", "axes?: Tind"],
  outputs: ["output: T"],
  types: { T: everyDType, Tind: ["int32", "int64"] },
  attributes: { mode: string("constant") },
  accuracy: "exact",
  infer(c) {
    const { dtype, shape } = inputType(c, 0);
    const mode = c.attributes.mode as string;
    if (!modes[mode])
      throw ingotError("InvalidArgument", {
        op: c.op,
        name: "mode",
        expected: Object.keys(modes).join(", "),
        actual: mode,
        hint: "The mode says what the padding shows.",
      });
    if (!shape) return [tensorType(dtype)];
    const axes = c.inputs[3] ? constantInts(c, 3) : shape.map((_, i) => i);
    const pads = contentsOf(c, 1);
    if (!axes) return [tensorType(dtype, unknownShape(shape.length))];
    if (pads && pads.length !== 2 * axes.length)
      throw ingotError("InvalidArgument", {
        op: c.op,
        name: "pads",
        expected: `${2 * axes.length} numbers`,
        actual: formatShape(pads.map(String)),
        hint: `All begins, then all ends, of ${axes.length} dimensions; the data has shape ${formatShape(shape.map(String))}.`,
      });
    const out: Dim[] = [...shape];
    axes.forEach((a, i) => {
      const axis = axisOf(c, a, shape);
      out[axis] = pads ? padded(c, shape, axis, addDims(pads[i] as Dim, pads[i + axes.length] as Dim)) : unknownDim();
    });
    return [tensorType(dtype, out)];
  },
  eval({ data, pads, constant_value, axes }, { mode }, context) {
    const shape = context.shape(0);
    const amounts = pads.toNumbers();
    const begins = new Array<number>(data.rank).fill(0);
    const along = axes?.toNumbers() ?? data.shape.map((_, i) => i);
    along.forEach((a, i) => {
      begins[normalizeAxis("Pad", a, data.shape)] = amounts[i] as number;
    });
    const y = Storage.empty(data.dtype, shape);
    if (y.size === 0) return y;
    const rule = modes[mode] as PadMode;
    const tables = shape.map((n, axis) =>
      Int32Array.from({ length: n }, (_, o) => rule(o - (begins[axis] as number), data.shape[axis] as number)),
    );
    if (mode === "constant")
      cellsOf(y).fill(
        constant_value ? cellsOf(constant_value)[0] : cellsOf(Storage.from(data.dtype, data.dtype === "string" ? [""] : [0], []))[0],
      );
    copyByTables(data, tables, y);
    return y;
  },
});

function padded(c: InferContext, shape: readonly Dim[], axis: number, total: Dim): Dim {
  const size = shape[axis] as Dim;
  const result = addDims(size, total);
  const impossible = typeof result === "number" && (result < 0 || (size === 0 && result > 0 && c.attributes.mode !== "constant"));
  if (!impossible) return result;
  throw ingotError("ShapeMismatch", {
    op: c.op,
    what: "data",
    actual: formatShape(shape.map(String)),
    expected: size === 0 ? `elements to repeat in dimension ${axis}` : `at least ${-Number(total)} in dimension ${axis}`,
    hint: `The padding of dimension ${axis} adds up to ${total}; mode is ${c.attributes.mode}.`,
  });
}
