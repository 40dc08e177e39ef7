// CenterCropPad: the middle of a tensor, or the tensor in the middle of zeros.
import { ingotError } from "../errors/error.ts";
import { type Dim, unknownDim } from "../ir/dim.ts";
import { tensorType } from "../ir/type.ts";
import { formatShape, normalizeAxes } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { cellsOf, copyByTables } from "./cells.ts";
import { anyDType, defineOp, ints } from "./define.ts";
import { axisOf, contentsOf, inputType, unknownShape } from "./infer.ts";

/** Brings each of `axes` to the size in `shape`; of an odd number of places, one more is taken away, or added, at the end. */
export const centerCropPad = defineOp("CenterCropPad", {
  since: [18],
  inputs: ["input_data: T", "shape: Tind"],
  outputs: ["output_data: T"],
  types: { T: anyDType, Tind: ["int32", "int64"] },
  attributes: { axes: ints() },
  accuracy: "exact",
  infer(c) {
    const { dtype, shape } = inputType(c, 0);
    if (!shape) return [tensorType(dtype)];
    const axes = (c.attributes.axes as readonly number[] | undefined)?.map((a) => axisOf(c, a, shape)) ?? shape.map((_, i) => i);
    const target: readonly Dim[] = contentsOf(c, 1) ?? unknownShape(axes.length);
    if (target.length !== axes.length || target.some((d) => typeof d === "number" && d < 0))
      throw ingotError("InvalidArgument", {
        op: c.op,
        name: "shape",
        expected: `${axes.length} sizes from 0`,
        actual: formatShape(target.map(String)),
        hint: `One per axis: the input has shape ${formatShape(shape.map(String))}.`,
      });
    return [
      tensorType(
        dtype,
        shape.map((d, i) => (axes.includes(i) ? (target[axes.lastIndexOf(i)] ?? unknownDim()) : d)),
      ),
    ];
  },
  eval({ input_data: x }, attributes, context) {
    const axes = new Set(normalizeAxes("CenterCropPad", attributes.axes, x.shape));
    const y = Storage.empty(x.dtype, context.shape(0));
    cellsOf(y).fill(cellsOf(Storage.from(x.dtype, x.dtype === "string" ? [""] : [0], []))[0]);
    const tables = x.shape.map((size, axis) => {
      const target = y.shape[axis] as number;
      const before = axes.has(axis) ? Math.floor(Math.abs(size - target) / 2) * (target > size ? -1 : 1) : 0;
      return Int32Array.from({ length: target }, (_, i) => (i + before >= 0 && i + before < size ? i + before : -1));
    });
    copyByTables(x, tables, y);
    return y;
  },
});
