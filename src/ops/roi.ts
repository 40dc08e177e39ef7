// Pooling over regions of interest: MaxRoiPool cuts each region along whole places, RoiAlign samples it at real ones.
import { ingotError } from "../errors/error.ts";
import type { Dim } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType, type ValueType } from "../ir/type.ts";
import { floats } from "../tensor/dtype.ts";
import { elementCount, formatShape } from "../tensor/shape.ts";
import type { Storage } from "../tensor/storage.ts";
import { defineOp, float, int, ints, string } from "./define.ts";
import { inputType, requireRank, requireWord } from "./infer.ts";
import { decodedNumbers, encodeNumbers } from "./map-elements.ts";

/** `[R, C, ...pooled]`, from `X: [N, C, H, W]` and regions of `columns` numbers each. */
function inferRegions(c: InferContext, columns: number, pooled: readonly number[]): ValueType[] {
  const { dtype } = inputType(c, 0);
  const x = requireRank(c, 0, "X", 4);
  const rois = requireRank(c, 1, "rois", 2);
  if (typeof rois?.[1] === "number" && rois[1] !== columns)
    throw ingotError("ShapeMismatch", {
      op: c.op,
      what: "rois",
      actual: formatShape(rois.map(String)),
      expected: `[regions, ${columns}]`,
      hint: columns === 5 ? "A region is (batch, x1, y1, x2, y2)." : "A region is (x1, y1, x2, y2); batch_indices says of which image.",
    });
  if (x?.slice(2).includes(0) && rois?.[0] !== 0)
    throw ingotError("ShapeMismatch", {
      op: c.op,
      what: "X",
      actual: formatShape(x.map(String)),
      expected: "pictures with elements",
      hint: "A region of an empty picture has no values.",
    });
  if (pooled.length !== 2 || pooled.some((n) => n < 1))
    throw ingotError("InvalidArgument", {
      op: c.op,
      name: columns === 5 ? "pooled_shape" : "output_height",
      expected: "two numbers from 1",
      actual: formatShape(pooled),
      hint: "They are the height and the width of the output.",
    });
  return [tensorType(dtype, x && rois && [rois[0] as Dim, x[1] as Dim, ...pooled])];
}

/** The image that a region is of. Throws `IndexOutOfRange`. */
function imageOf(op: string, index: number, X: Storage): number {
  const size = X.shape[0] as number;
  if (Number.isInteger(index) && index >= 0 && index < size) return index;
  throw ingotError("IndexOutOfRange", { op, index, axis: 0, size });
}

// ---- MaxRoiPool ------------------------------------------------------------------------------------------------------

const roundAway = (x: number): number => Math.sign(x) * Math.floor(Math.abs(x) + 0.5);

/** Part `i` of `count` of the places `from` to `to` (both inside), cut to what the image has. Parts may share places. */
function part(i: number, count: number, from: number, to: number, size: number): { readonly from: number; readonly to: number } {
  const length = Math.max(to - from + 1, 1) / count;
  const inside = (p: number) => Math.min(Math.max(p, 0), size);
  return { from: inside(Math.floor(i * length) + from), to: inside(Math.ceil((i + 1) * length) + from) };
}

/** The largest element of each part of each region (batch, x1, y1, x2, y2); 0 for a part outside the image. */
export const maxRoiPool = defineOp("MaxRoiPool", {
  since: [1, 22],
  breaking: [1],
  inputs: ["X: T", "rois: T"],
  outputs: ["Y: T"],
  types: { T: floats },
  attributes: { pooled_shape: ints.required, spatial_scale: float(1) },
  accuracy: "exact",
  infer: (c) => inferRegions(c, 5, c.attributes.pooled_shape as readonly number[]),
  eval({ X, rois }, { spatial_scale }, context) {
    const shape = context.shape(0) as [number, number, number, number];
    const [regions, channels, rows, columns] = shape;
    const [, , height, width] = X.shape as [number, number, number, number];
    const [x, r] = [decodedNumbers(X), decodedNumbers(rois)];
    const y = new Float64Array(elementCount(shape));
    for (let region = 0, at = 0; region < regions; region++) {
      const [index, x1, y1, x2, y2] = r.subarray(region * 5, region * 5 + 5) as unknown as [number, number, number, number, number];
      const image = imageOf("MaxRoiPool", index, X);
      const scaled = (v: number) => roundAway(v * spatial_scale);
      for (let c = 0; c < channels; c++)
        for (let i = 0; i < rows; i++) {
          const v = part(i, rows, scaled(y1), scaled(y2), height);
          for (let j = 0; j < columns; j++, at++) {
            const h = part(j, columns, scaled(x1), scaled(x2), width);
            let best = v.to > v.from && h.to > h.from ? Number.NEGATIVE_INFINITY : 0;
            for (let row = v.from; row < v.to; row++)
              for (let column = h.from; column < h.to; column++)
                best = Math.max(best, x[((image * channels + c) * height + row) * width + column] as number);
            y[at] = best;
          }
        }
    }
    return encodeNumbers(X.dtype, y, shape);
  },
});

// ---- RoiAlign --------------------------------------------------------------------------------------------------------

/** The places around a real one along a dimension and their weights; undefined outside of the image. */
interface Pair {
  readonly low: number;
  readonly high: number;
  readonly weight: number;
}

function pairAt(x: number, size: number): Pair | undefined {
  if (!(x >= -1 && x <= size)) return undefined;
  const inside = Math.max(x, 0);
  const low = Math.floor(inside);
  return low >= size - 1 ? { low: size - 1, high: size - 1, weight: 0 } : { low, high: low + 1, weight: inside - low };
}

/** How the four weighted corners of the samples of a bin become one number. */
interface BinRule {
  readonly start: number;
  readonly add: (sum: number, corners: readonly [number, number, number, number]) => number;
  readonly end: (sum: number, samples: number) => number;
}

const binRules: Readonly<Record<string, BinRule>> = {
  avg: { start: 0, add: (sum, [a, b, c, d]) => sum + a + b + c + d, end: (sum, samples) => sum / Math.max(samples, 1) },
  // The largest weighted corner, not the largest sample: so do ONNX's reference and ONNX Runtime.
  max: {
    start: Number.NEGATIVE_INFINITY,
    add: (sum, corners) => Math.max(sum, ...corners),
    end: (sum, samples) => (samples > 0 ? sum : 0),
  },
};

const coordinateModes = ["half_pixel", "output_half_pixel"];

/** Along one side of a bin; regions of pictures have a few. A region may be of any size, and what it names is computed. */
const mostSamples = 2 ** 14;

/** How many places are looked at along a bin of this size, in pixels. Throws `InvalidArgument`. */
function samplesOf(bin: number, ratio: number): number {
  const samples = Math.max(0, ratio > 0 ? ratio : Math.ceil(bin));
  if (samples <= mostSamples) return samples;
  throw ingotError("InvalidArgument", {
    op: "RoiAlign",
    name: ratio > 0 ? "sampling_ratio" : "rois",
    expected: `at most ${mostSamples} samples along a bin`,
    actual: samples,
    hint: "A region lies in its picture: its corners, times spatial_scale, are places of X.",
  });
}

/** Samples each bin of each region (x1, y1, x2, y2) by linear interpolation. Source: He et al., "Mask R-CNN", 2017. */
export const roiAlign = defineOp("RoiAlign", {
  since: [10, 16, 22],
  breaking: [10, 16],
  inputs: ["X: T1", "rois: T1", "batch_indices: T2"],
  outputs: ["Y: T1"],
  types: { T1: floats, T2: ["int64"] },
  attributes: {
    coordinate_transformation_mode: string("half_pixel"),
    mode: string("avg"),
    output_height: int(1),
    output_width: int(1),
    sampling_ratio: int(0),
    spatial_scale: float(1),
  },
  accuracy: "ulp",
  infer(c) {
    const hint = "These are the modes of ONNX RoiAlign-16.";
    requireWord(c, "mode", Object.keys(binRules), hint);
    requireWord(c, "coordinate_transformation_mode", coordinateModes, hint);
    requireRank(c, 2, "batch_indices", 1);
    return inferRegions(c, 4, [c.attributes.output_height as number, c.attributes.output_width as number]);
  },
  eval({ X, rois, batch_indices }, attributes, context) {
    const shape = context.shape(0) as [number, number, number, number];
    const [regions, channels, rows, columns] = shape;
    const [, , height, width] = X.shape as [number, number, number, number];
    const plane = height * width;
    const [x, r, images] = [decodedNumbers(X), decodedNumbers(rois), batch_indices.toNumbers()];
    const { start, add, end } = binRules[attributes.mode] as BinRule;
    const halfPixel = attributes.coordinate_transformation_mode === "half_pixel";
    const scaled = (v: number) => v * attributes.spatial_scale - (halfPixel ? 0.5 : 0);
    const y = new Float64Array(elementCount(shape));
    for (let region = 0; region < regions; region++) {
      const image = imageOf("RoiAlign", images[region] as number, X);
      const [x1, y1, x2, y2] = Array.from(r.subarray(region * 4, region * 4 + 4), scaled) as [number, number, number, number];
      const least = halfPixel ? Number.NEGATIVE_INFINITY : 1;
      const [binHeight, binWidth] = [Math.max(y2 - y1, least) / rows, Math.max(x2 - x1, least) / columns];
      const [down, across] = [samplesOf(binHeight, attributes.sampling_ratio), samplesOf(binWidth, attributes.sampling_ratio)];
      for (let i = 0; i < rows; i++)
        for (let j = 0; j < columns; j++) {
          const vertical = Array.from({ length: down }, (_, k) => pairAt(y1 + i * binHeight + ((k + 0.5) * binHeight) / down, height));
          const horizontal = Array.from({ length: across }, (_, k) => pairAt(x1 + j * binWidth + ((k + 0.5) * binWidth) / across, width));
          for (let c = 0; c < channels; c++) {
            const base = (image * channels + c) * plane;
            let sum = start;
            for (const v of vertical)
              for (const h of horizontal) {
                if (!v || !h) {
                  sum = add(sum, [0, 0, 0, 0]);
                  continue;
                }
                const pixel = (row: number, column: number, weight: number) => weight * (x[base + row * width + column] as number);
                sum = add(sum, [
                  pixel(v.low, h.low, (1 - v.weight) * (1 - h.weight)),
                  pixel(v.low, h.high, (1 - v.weight) * h.weight),
                  pixel(v.high, h.low, v.weight * (1 - h.weight)),
                  pixel(v.high, h.high, v.weight * h.weight),
                ]);
              }
            y[((region * channels + c) * rows + i) * columns + j] = end(sum, down * across);
          }
        }
    }
    return encodeNumbers(X.dtype, y, shape);
  },
});
