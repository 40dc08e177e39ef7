// CenterCropPad: the middle of a tensor, or the tensor in the middle of zeros.
import { ingotError } from "../errors/error.ts";
import { type Dim, unknownDim } from "../ir/dim.ts";
import type { Value } from "../ir/graph.ts";
import { tensorType } from "../ir/type.ts";
import { dtypeInfo } from "../tensor/dtype.ts";
import { formatShape, normalizeAxes } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { cellsOf, copyByTables } from "./cells.ts";
import { anyDType, defineOp, ints } from "./define.ts";
import { axisOf, contentsOf, inputType, unknownShape } from "./infer.ts";
import { int64List } from "./shape.ts";

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
  decompose(builder, [x, shape], { axes }) {
    const add = (op: string, inputs: readonly (Value | undefined)[], attributes = {}) => builder.add(op, inputs, attributes).output;
    const list = (values: readonly number[]) => builder.addInitializer(int64List(values));
    const places = axes && list(axes);
    const wanted = add("Cast", [shape], { to: dtypeInfo("int64").onnx });
    const sizes = add("Shape", [x]);
    const given = places ? add("Gather", [sizes, places]) : sizes;
    const half = (amount: Value) => add("Div", [amount, list([2])]);
    const more = add("Max", [add("Sub", [wanted, given]), list([0])]);
    const before = half(more);
    const padded = add("Pad", [x, add("Concat", [before, add("Sub", [more, before])], { axis: 0 }), undefined, places]);
    const start = half(add("Max", [add("Sub", [given, wanted]), list([0])]));
    return [add("Slice", [padded, start, add("Add", [start, wanted]), places])];
  },
});
