// Putting tensors together: Concat and Tile copy whole runs of elements.
import { ingotError } from "../errors/error.ts";
import { addDims, type Dim, isUnknownDim, mulDims, unknownDim } from "../ir/dim.ts";
import { tensorType } from "../ir/type.ts";
import { elementCount, formatShape, normalizeAxis } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { copyRun } from "./cells.ts";
import { anyDType, defineOp, int } from "./define.ts";
import { axisOf, contentsOf, inputShape, inputType, unknownShape } from "./infer.ts";

const show = (shape: readonly Dim[]): string => formatShape(shape.map(String));

/** Joins tensors along `axis`; all other sizes must agree. */
export const concat = defineOp("Concat", {
  since: [1, 4, 11, 13],
  breaking: [4, 11],
  minVersion: ({ attributes }) => (Number(attributes.axis) < 0 ? 11 : 4),
  inputs: ["inputs...: T"],
  outputs: ["concat_result: T"],
  types: { T: anyDType },
  attributes: { axis: int.required },
  accuracy: "exact",
  infer(c) {
    const { dtype } = inputType(c, 0);
    const shapes = c.inputs.map((_, i) => inputShape(c, i));
    const first = shapes.find((s) => s !== undefined);
    if (!first) return [tensorType(dtype)];
    const axis = axisOf(c, c.attributes.axis as number, first);
    const out: Dim[] = [...first];
    for (const [i, s] of shapes.entries()) {
      if (!s) continue;
      if (s.length !== first.length || s.some((d, k) => k !== axis && typeof d === "number" && typeof out[k] === "number" && d !== out[k]))
        throw ingotError("ShapeMismatch", {
          op: c.op,
          what: `input ${i}`,
          actual: show(s),
          expected: show(out.map((d, k) => (k === axis ? "?" : d)) as Dim[]),
          hint: `All inputs agree in every dimension but the one they are joined along (${axis}).`,
        });
      // A number says more than a symbol, and a symbol more than nothing.
      for (const [k, d] of s.entries()) if (typeof d === "number" || isUnknownDim(out[k] as Dim)) out[k] = d;
    }
    out[axis] = shapes.every((s) => s !== undefined) ? shapes.map((s) => s?.[axis] as Dim).reduce(addDims, 0) : unknownDim();
    return [tensorType(dtype, out)];
  },
  inferDims(c) {
    const { dtype, shape } = inputType(c, 0);
    if (shape?.length !== 1 || (dtype !== "int64" && dtype !== "int32")) return undefined;
    const all: Dim[] = [];
    for (let i = 0; i < c.inputs.length; i++) {
      const n = inputShape(c, i)?.[0];
      if (typeof n !== "number" || all.length + n > 64) return undefined;
      all.push(...(c.dims(i) ?? unknownShape(n)));
    }
    return [all];
  },
  eval({ inputs }, { axis }, context) {
    const shape = context.shape(0);
    const a = normalizeAxis("Concat", axis, shape);
    const y = Storage.empty(context.dtype(0), shape);
    const to = y.dense();
    const inner = elementCount(shape.slice(a + 1));
    const outer = elementCount(shape.slice(0, a));
    const row = (shape[a] as number) * inner;
    let start = 0;
    for (const x of inputs) {
      const n = (x.shape[a] as number) * inner;
      const from = x.dense();
      for (let o = 0; o < outer; o++) copyRun(from, o * n, to, o * row + start, n);
      start += n;
    }
    return y;
  },
});

/** Repeats the whole tensor `repeats[i]` times along dimension i. */
export const tile = defineOp("Tile", {
  since: [1, 6, 13],
  breaking: [6],
  inputs: ["input: T", "repeats: T1"],
  outputs: ["output: T"],
  types: { T: anyDType, T1: ["int64"] },
  accuracy: "exact",
  infer(c) {
    const { dtype, shape } = inputType(c, 0);
    const repeats = contentsOf(c, 1);
    if (!shape) return [tensorType(dtype, repeats && unknownShape(repeats.length))];
    if (repeats && repeats.length !== shape.length)
      throw ingotError("InvalidArgument", {
        op: c.op,
        name: "repeats",
        expected: `${shape.length} numbers`,
        actual: show(repeats),
        hint: `One per dimension of the input, which has shape ${show(shape)}.`,
      });
    if (repeats?.some((r) => typeof r === "number" && r < 0))
      throw ingotError("InvalidArgument", {
        op: c.op,
        name: "repeats",
        expected: "numbers from 0",
        actual: show(repeats),
        hint: "Each dimension is repeated that often.",
      });
    return [tensorType(dtype, repeats ? shape.map((d, i) => mulDims(d, repeats[i] as Dim)) : unknownShape(shape.length))];
  },
  eval({ input, repeats }, _, context) {
    // A view of shape [r0, d0, r1, d1, …] whose r-axes have stride 0, copied once.
    const times = repeats.toNumbers();
    const shape = input.shape.flatMap((d, i) => [times[i] as number, d]);
    const strides = input.strides.flatMap((s) => [0, s]);
    return Storage.strided(input.dtype, input.data, shape, strides, input.offset).reshape(context.shape(0));
  },
});
