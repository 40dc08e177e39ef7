// MaxUnpool: puts the maxima that a MaxPool found back where it found them.
import { ingotError } from "../errors/error.ts";
import { addDims, type Dim, mulDims, subDims } from "../ir/dim.ts";
import { tensorType } from "../ir/type.ts";
import { floats } from "../tensor/dtype.ts";
import { elementCount, formatShape } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { cellsOf, copyByTables } from "./cells.ts";
import { defineOp, ints } from "./define.ts";
import { contentsOf, inputShape, inputType, requireRank, requireShape, unknownShape } from "./infer.ts";
import { type WindowAttributes, windowOf } from "./window.ts";

interface UnpoolAttributes extends WindowAttributes {
  readonly kernel_shape: readonly number[];
}

/** The shape that the pool had as its input, if its windows fitted exactly: (size − 1) · stride − pads + kernel. */
function unpooledShape(op: string, x: readonly Dim[], attributes: UnpoolAttributes): Dim[] {
  const { kernel, strides, pads } = windowOf(op, attributes.kernel_shape, attributes);
  const n = kernel.length;
  const spatial = x.slice(2).map((size, i) => {
    const padding = (pads[i] as number) + (pads[i + n] as number);
    return addDims(mulDims(subDims(size, 1), strides[i] as number), (kernel[i] as number) - padding);
  });
  return [...x.slice(0, 2), ...spatial];
}

/**
 * Zeros but for the elements of `X`, at the flat indices `I` of a tensor of the shape that the pool's windows fit exactly. With
 * `output_shape`, that tensor stands in the corner of a larger one, as in ONNX's reference.
 */
export const maxUnpool = defineOp("MaxUnpool", {
  since: [9, 11, 22],
  breaking: [9],
  inputs: ["X: T1", "I: T2", "output_shape?: T2"],
  outputs: ["output: T1"],
  types: { T1: floats, T2: ["int64"] },
  attributes: { kernel_shape: ints.required, pads: ints(), strides: ints() },
  accuracy: "exact",
  infer(c) {
    const { dtype } = inputType(c, 0);
    const attributes = c.attributes as unknown as UnpoolAttributes;
    const rank = attributes.kernel_shape.length + 2;
    const x = requireRank(c, 0, "X", rank);
    requireShape(c, "I", inputShape(c, 1), x, "There is one index for each element of X: the second output of the MaxPool.");
    const shape = x && unpooledShape(c.op, x, attributes);
    if (c.inputs[2] === undefined) return [tensorType(dtype, shape)];
    const given = contentsOf(c, 2) ?? unknownShape(rank);
    const fits = given.length === rank && given.every((d, i) => !(typeof d === "number" && typeof shape?.[i] === "number" && d < shape[i]));
    if (!fits)
      throw ingotError("InvalidArgument", {
        op: c.op,
        name: "output_shape",
        expected: shape ? `at least ${formatShape(shape.map(String))}` : `${rank} sizes`,
        actual: formatShape(given.map(String)),
        hint: "It is the whole shape, batch and channels included, of the pool's input.",
      });
    return [tensorType(dtype, given)];
  },
  eval({ X, I }, attributes, context) {
    const shape = context.shape(0);
    const inner = unpooledShape("MaxUnpool", X.shape, attributes) as number[];
    const size = elementCount(inner);
    const whole = Storage.empty(X.dtype, inner);
    const to = cellsOf(whole).fill(0);
    const from = cellsOf(X);
    I.toNumbers().forEach((index, i) => {
      if (index < 0 || index >= size) throw ingotError("IndexOutOfRange", { op: "MaxUnpool", index, axis: 0, size });
      to[index] = from[i];
    });
    if (inner.every((d, i) => d === shape[i])) return whole;
    const y = Storage.empty(X.dtype, shape);
    cellsOf(y).fill(0);
    const tables = inner.map((n, axis) => Int32Array.from({ length: shape[axis] as number }, (_, i) => (i < n ? i : -1)));
    copyByTables(whole, tables, y);
    return y;
  },
});
