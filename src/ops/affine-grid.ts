// AffineGrid: the places that GridSample reads, for an affine map of the output's places to the input's.
import { ingotError } from "../errors/error.ts";
import { type Dim, unknownDim } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType } from "../ir/type.ts";
import { floats } from "../tensor/dtype.ts";
import { elementCount, formatShape } from "../tensor/shape.ts";
import { defineOp, int } from "./define.ts";
import { contentsOf, inputType, requireRank } from "./infer.ts";
import { decodedNumbers, encodeNumbers } from "./map-elements.ts";
import { lengthOf } from "./shape.ts";

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
    if (spatial === undefined) return [tensorType(dtype)];
    const places = size?.slice(2) ?? Array.from({ length: spatial }, () => unknownDim());
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
