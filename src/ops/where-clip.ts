// Where and Clip: choosing between values, element by element.
import { ingotError } from "../errors/error.ts";
import type { Dim } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType, type ValueType } from "../ir/type.ts";
import { clipF32 } from "../kernels/elementwise.ts";
import { allDTypes, isBig, numeric } from "../tensor/dtype.ts";
import { elementCount, formatShape } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { eachLane, planLanes } from "./broadcast-lanes.ts";
import { defineOp } from "./define.ts";
import type { DimContents } from "./dim-arithmetic.ts";
import { broadcastDims, inputShape, inputType } from "./infer.ts";
import { mapBigInts, mapNumbers, maxBig, minBig, widened } from "./map-elements.ts";

/** X where the condition holds, else Y; all three broadcast. */
export const where = defineOp("Where", {
  since: [9, 16],
  breaking: [9],
  inputs: ["condition: bool", "X: T", "Y: T"],
  outputs: ["output: T"],
  types: { T: allDTypes },
  accuracy: "exact",
  infer: inferWhere,
  inferDims: dimsOfWhere,
  eval({ condition, X, Y }, _, c) {
    const out = Storage.empty(X.dtype, c.shape(0));
    const lanes = planLanes(c.shape(0), [condition, X, Y]);
    const [sc, sx, sy] = lanes.steps as [number, number, number];
    const test = condition.data as Uint8Array;
    const x = X.data as Float32Array;
    const y = Y.data as Float32Array;
    const to = out.dense() as Float32Array;
    eachLane(lanes, (at, starts) => {
      let [ic, ix, iy] = starts as readonly [number, number, number];
      for (let i = at; i < at + lanes.count; i++, ic += sc, ix += sx, iy += sy) to[i] = test[ic] ? (x[ix] as number) : (y[iy] as number);
    });
    return out;
  },
});

function inferWhere(c: InferContext): ValueType[] {
  const [condition, x, y] = [0, 1, 2].map((i) => inputShape(c, i));
  const { dtype } = inputType(c, 1);
  return [condition && x && y ? tensorType(dtype, broadcastDims(c.op, condition, broadcastDims(c.op, x, y))) : tensorType(dtype)];
}

/** Known where the condition is constant: the shape arithmetic of Expand as exporters write it. */
function dimsOfWhere(c: InferContext): DimContents {
  const condition = c.constant(0);
  const x = c.dims(1);
  const y = c.dims(2);
  if (!condition || !x || !y || condition.rank > 1 || [1, 2].some((i) => (inputShape(c, i)?.length ?? 2) > 1)) return undefined;
  const test = condition.toNumbers();
  const n = [test, x, y].reduce((size, list) => (list.length === 1 ? size : list.length), 1);
  const at = <T>(list: readonly T[], i: number) => list[list.length === 1 ? 0 : i] as T;
  return [Array.from({ length: n }, (_, i): Dim => (at(test, i) ? at(x, i) : at(y, i)))];
}

/** min(max(x, low), high); where low > high the result is high. Bounds that are left out do not bound. */
export const clip = defineOp("Clip", {
  since: [6, 11, 12, 13],
  breaking: [11],
  inputs: ["input: T", "min?: T", "max?: T"],
  outputs: ["output: T"],
  types: { T: numeric },
  accuracy: "exact",
  infer: inferClip,
  eval({ input, min, max }) {
    if (!min && !max) return input;
    if (isBig(input.dtype)) return clipBig(input, firstBig(min), firstBig(max));
    const low = min ? (widened(min).numbers()[0] as number) : Number.NEGATIVE_INFINITY;
    const high = max ? (widened(max).numbers()[0] as number) : Number.POSITIVE_INFINITY;
    if (input.dtype === "float32") {
      const y = Storage.empty("float32", input.shape);
      clipF32(input.dense() as Float32Array, low, high, y.dense() as Float32Array);
      return y;
    }
    // Numbers compare alike in all narrower dtypes, and Math.min and Math.max keep NaN.
    return mapNumbers(input, (x) => Math.min(Math.max(x, low), high));
  },
});

const firstBig = (x: Storage | undefined) => x?.dense()[0] as bigint | undefined;

function clipBig(x: Storage, low: bigint | undefined, high: bigint | undefined): Storage {
  return mapBigInts(x, (v) => {
    const raised = low === undefined ? v : maxBig(v, low);
    return high === undefined ? raised : minBig(raised, high);
  });
}

function inferClip(c: InferContext): ValueType[] {
  for (const [i, what] of [
    [1, "min"],
    [2, "max"],
  ] as const) {
    const shape = c.inputs[i] && inputShape(c, i);
    if (shape?.every((d) => typeof d === "number") && elementCount(shape as number[]) !== 1)
      throw ingotError("ShapeMismatch", {
        op: c.op,
        what,
        actual: formatShape(shape as number[]),
        expected: "[] (a single number)",
        hint: "Bounds that differ by element are written with Max and Min.",
      });
  }
  return [inputType(c, 0)];
}
