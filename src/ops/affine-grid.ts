// AffineGrid: the places that GridSample reads, for an affine map of the output's places to the input's.
import { ingotError } from "../errors/error.ts";
import { type Dim, unknownDim } from "../ir/dim.ts";
import type { Graph, Value } from "../ir/graph.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType } from "../ir/type.ts";
import { type DType, dtypeInfo, floats } from "../tensor/dtype.ts";
import { elementCount, formatShape } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { defineOp, int } from "./define.ts";
import { contentsOf, inputType, requireRank, requireShape, unknownShape } from "./infer.ts";
import { decodedNumbers, encodeNumbers } from "./map-elements.ts";
import { int64List, lengthOf } from "./shape.ts";

/**
 * `theta: [N, 2, 3]` with `size: [N, C, H, W]` gives `[N, H, W, 2]`, `[N, 3, 4]` with `[N, C, D, H, W]` gives `[N, D, H, W, 3]`: θ · (x, y, 1)
 * for places from −1 to 1. With `align_corners` these are the centres of the outermost places, else their outer edges.
 */
export const affineGrid = defineOp("AffineGrid", {
  since: [20],
  inputs: ["theta: T1", "size: T2"],
  outputs: ["grid: T1"],
  types: { T1: floats, T2: ["int64"] },
  attributes: { align_corners: int(0) },
  accuracy: "ulp",
  infer(c) {
    const { dtype } = inputType(c, 0);
    const theta = requireRank(c, 0, "theta", 3);
    const rows = theta?.[1];
    const size = contentsOf(c, 1);
    const rank = size?.length ?? lengthOf(c, 1);
    const spatial = rank === undefined ? (typeof rows === "number" ? rows : undefined) : rank - 2;
    requireFit(c, theta, spatial);
    requireShape(c, "theta", theta, theta && [size?.[0], ...theta.slice(1)], "The size asks for as many images as there are maps.");
    if (spatial === undefined) return [tensorType(dtype)];
    const places = size?.slice(2) ?? unknownShape(spatial);
    return [tensorType(dtype, [size?.[0] ?? theta?.[0] ?? unknownDim(), ...places, spatial])];
  },
  eval({ theta }, { align_corners }, context) {
    const shape = context.shape(0);
    const spatial = shape.slice(1, -1);
    const n = spatial.length;
    const t = decodedNumbers(theta);
    const axes = spatial.map((size) => Float64Array.from({ length: size }, (_, i) => placeOf(i, size, align_corners !== 0)));
    const y = new Float64Array(elementCount(shape));
    const places = elementCount(spatial);
    for (let b = 0, at = 0; b < (shape[0] as number); b++)
      for (let p = 0; p < places; p++) {
        // The last dimension is x, and comes first in the vector.
        const vector = new Array<number>(n);
        for (let axis = n - 1, rest = p; axis >= 0; axis--) {
          const size = spatial[axis] as number;
          vector[n - 1 - axis] = (axes[axis] as Float64Array)[rest % size] as number;
          rest = Math.floor(rest / size);
        }
        for (let row = 0; row < n; row++, at++) {
          const from = (b * n + row) * (n + 1);
          let sum = t[from + n] as number;
          for (let k = 0; k < n; k++) sum += (t[from + k] as number) * (vector[k] as number);
          y[at] = sum;
        }
      }
    return encodeNumbers(theta.dtype, y, shape);
  },
  decompose: (builder, inputs, { align_corners }) => [decomposed(builder, inputs as Value[], align_corners !== 0)],
});

/** Place `i` of `size`, from −1 to 1; the only one of a dimension is its middle. */
function placeOf(i: number, size: number, alignCorners: boolean): number {
  if (!alignCorners) return (2 * i + 1) / size - 1;
  return size > 1 ? (2 * i) / (size - 1) - 1 : 0;
}

function requireFit(c: InferContext, theta: readonly Dim[] | undefined, spatial: number | undefined): void {
  const fits = (d: Dim | undefined, n: number) => typeof d !== "number" || d === n;
  if (spatial === undefined) return;
  if ((spatial === 2 || spatial === 3) && fits(theta?.[1], spatial) && fits(theta?.[2], spatial + 1)) return;
  throw ingotError("ShapeMismatch", {
    op: c.op,
    what: "theta",
    actual: formatShape((theta ?? []).map(String)),
    expected: "[N, 2, 3] for a size of 4 numbers, or [N, 3, 4] for one of 5",
    hint: "The size is that of the image to be sampled: [N, C, H, W] or [N, C, D, H, W].",
  });
}

/** The places as a list of vectors (x, y, …, 1), times θ. Computed in float32 for narrower dtypes. The number of dimensions must be known. */
function decomposed(builder: Graph, [theta, size]: readonly Value[], alignCorners: boolean): Value {
  const add = (op: string, args: readonly (Value | undefined)[], attributes = {}) => builder.add(op, args, attributes).output;
  const { dtype, shape } = (theta as Value).tensorType;
  const n = typeof shape?.[1] === "number" ? shape[1] : ((size as Value).dims?.length ?? 0) - 2;
  const work: DType = dtype === "float64" ? "float64" : "float32";
  const to = dtypeInfo(work).onnx;
  const number = (v: number) => builder.addInitializer(Storage.from(work, [v], []));
  const integer = (v: number) => builder.addInitializer(Storage.from("int64", [v], []));
  const list = (...values: number[]) => builder.addInitializer(int64List(values));
  const sizes = (from: number, end: number) => add("Slice", [size, list(from), list(end)]);
  const spatial = sizes(2, n + 2);
  const axisPlaces = (axis: number): Value => {
    const count = add("Cast", [add("Gather", [size, integer(axis + 2)])], { to });
    const less = add("Sub", [count, number(1)]);
    const centred = add("Sub", [add("Mul", [add("Range", [number(0), count, number(1)]), number(2)]), less]);
    const places = add("Div", [centred, alignCorners ? add("Max", [less, number(1)]) : count]);
    const along = Array.from({ length: n }, (_, i) => (i === axis ? -1 : 1));
    return add("Expand", [add("Reshape", [places, list(...along)]), spatial]);
  };
  const columns = Array.from({ length: n }, (_, k) => add("Unsqueeze", [axisPlaces(n - 1 - k), list(-1)]));
  const ones = add("Add", [add("Mul", [columns[0], number(0)]), number(1)]);
  const vectors = add("Reshape", [add("Concat", [...columns, ones], { axis: -1 }), list(-1, n + 1)]);
  const grid = add("MatMul", [vectors, add("Transpose", [add("Cast", [theta], { to })], { perm: [0, 2, 1] })]);
  const whole = add("Concat", [sizes(0, 1), spatial, list(n)], { axis: 0 });
  return add("Cast", [add("Reshape", [grid, whole])], { to: dtypeInfo(dtype).onnx });
}
