// Pooling over windows, and over whole planes. float32 maxima and means have kernels of their own; the rest goes through one loop.
import type { InferContext } from "../ir/schema.ts";
import { type TensorType, tensorType, type ValueType } from "../ir/type.ts";
import { averagePoolF32, maxPoolF32, type PoolShapes } from "../kernels/pool.ts";
import { maxF32, meanF32 } from "../kernels/reduce.ts";
import { floats } from "../tensor/dtype.ts";
import { elementCount } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { defineOp, int, ints, string } from "./define.ts";
import { inputType, requireAtLeast, requireRank } from "./infer.ts";
import { decodedNumbers, encodeNumbers } from "./map-elements.ts";
import { poolWindows } from "./pool-windows.ts";
import { type WindowAttributes, windowOf, windowOutput, windowPads } from "./window.ts";

interface PoolAttributes extends WindowAttributes {
  readonly kernel_shape: readonly number[];
}

/** What pooling operators have in common. */
export const poolAttributes = {
  auto_pad: string("NOTSET"),
  ceil_mode: int(0),
  dilations: ints(),
  kernel_shape: ints.required,
  pads: ints(),
  strides: ints(),
} as const;

/** `[N, C, ...spatial]` with the spatial sizes of the windows' places. */
function inferPool(c: InferContext): TensorType {
  const attributes = c.attributes as unknown as PoolAttributes;
  const rank = attributes.kernel_shape.length + 2;
  const x = requireRank(c, 0, "X", rank);
  const window = windowOf(c.op, attributes.kernel_shape, attributes);
  return tensorType(inputType(c, 0).dtype, x && [...x.slice(0, 2), ...windowOutput(window, x.slice(2))]);
}

function poolShapes(op: string, X: Storage, attributes: PoolAttributes, output: readonly number[]): PoolShapes {
  const window = windowOf(op, attributes.kernel_shape, attributes);
  const input = X.shape.slice(2);
  const { kernel, strides, dilations } = window;
  return {
    planes: elementCount(X.shape.slice(0, 2)),
    input,
    output: output.slice(2),
    kernel,
    strides,
    dilations,
    pads: windowPads(window, input),
  };
}

/** The place of `index` (row-major in `[planes, ...spatial]`) when each plane is counted with its first dimension fastest. */
function columnMajor(index: number, spatial: readonly number[]): number {
  const plane = elementCount(spatial);
  let rest = index % plane;
  let place = 0;
  for (let axis = spatial.length - 1; axis >= 0; axis--) {
    const size = spatial[axis] as number;
    place += (rest % size) * elementCount(spatial.slice(0, axis));
    rest = Math.floor(rest / size);
  }
  return index - (index % plane) + place;
}

/** `Indices` holds the flat position in `X` of each (first) maximum; `storage_order` 1 counts each plane column by column. */
export const maxPool = defineOp("MaxPool", {
  since: [1, 8, 10, 11, 12, 22],
  breaking: [1, 8, 10],
  minVersion: ({ attributes, outputCount }) =>
    attributes.ceil_mode || attributes.dilations ? 10 : attributes.storage_order || outputCount > 1 ? 8 : 1,
  inputs: ["X: T"],
  outputs: ["Y: T", "Indices?: I"],
  types: { T: [...floats, "int8", "uint8"], I: ["int64"] },
  attributes: { ...poolAttributes, storage_order: int(0) },
  accuracy: "exact",
  infer(c) {
    const y = inferPool(c);
    return c.outputCount > 1 ? [y, tensorType("int64", y.shape)] : [y];
  },
  eval({ X }, attributes, context) {
    const shape = context.shape(0);
    const shapes = poolShapes("MaxPool", X, attributes, shape);
    const indices = context.outputs.length > 1 ? Storage.empty("int64", shape) : undefined;
    const places = indices?.dense() as BigInt64Array | undefined;
    let Y: Storage;
    if (X.dtype === "float32") {
      Y = Storage.empty("float32", shape);
      maxPoolF32(X.dense() as Float32Array, shapes, Y.dense() as Float32Array, places);
    } else {
      const x = decodedNumbers(X);
      const y = poolWindows(shapes, (positions, _, at) => {
        let best = positions[0] ?? 0;
        for (const p of positions) if ((x[p] as number) > (x[best] as number) || Number.isNaN(x[p])) best = p;
        if (places) places[at] = BigInt(best);
        return positions.length > 0 ? (x[best] as number) : Number.NEGATIVE_INFINITY;
      });
      Y = encodeNumbers(X.dtype, y, shape);
    }
    if (!indices || !places) return Y;
    if (attributes.storage_order === 1)
      for (let i = 0; i < places.length; i++) places[i] = BigInt(columnMajor(Number(places[i]), shapes.input));
    return [Y, indices];
  },
});

/** The mean of each window; the divisor counts padding only with `count_include_pad`. */
export const averagePool = defineOp("AveragePool", {
  since: [1, 7, 10, 11, 19, 22],
  breaking: [7, 10, 19],
  minVersion: ({ attributes }) => (attributes.dilations ? 19 : attributes.ceil_mode ? 10 : 7),
  inputs: ["X: T"],
  outputs: ["Y: T"],
  types: { T: floats },
  attributes: { ...poolAttributes, count_include_pad: int(0) },
  accuracy: "ulp",
  infer: (c) => [inferPool(c)],
  eval({ X }, attributes, context) {
    const shape = context.shape(0);
    const shapes = poolShapes("AveragePool", X, attributes, shape);
    const includePad = attributes.count_include_pad !== 0;
    if (X.dtype === "float32") {
      const Y = Storage.empty("float32", shape);
      averagePoolF32(X.dense() as Float32Array, shapes, includePad, Y.dense() as Float32Array);
      return Y;
    }
    const x = decodedNumbers(X);
    const mean = poolWindows(
      shapes,
      (positions, padded) => positions.reduce((sum, p) => sum + (x[p] as number), 0) / (includePad ? padded : positions.length),
    );
    return encodeNumbers(X.dtype, mean, shape);
  },
});

const requireNorm = (c: InferContext) => requireAtLeast(c, "p", 1, "There is no Lp norm for p below 1; MaxPool is the limit for large p.");

/** (Σ |x|^p)^(1/p) of each window; padding counts as zero. */
export const lpPool = defineOp("LpPool", {
  since: [1, 2, 11, 18, 22],
  breaking: [2, 18],
  minVersion: ({ attributes }) => (attributes.dilations || attributes.ceil_mode ? 18 : 2),
  inputs: ["X: T"],
  outputs: ["Y: T"],
  types: { T: floats },
  attributes: { ...poolAttributes, p: int(2) },
  accuracy: "ulp",
  infer(c) {
    requireNorm(c);
    return [inferPool(c)];
  },
  eval({ X }, attributes, context) {
    const shape = context.shape(0);
    const x = decodedNumbers(X);
    const y = poolWindows(poolShapes("LpPool", X, attributes, shape), (positions) => {
      let sum = 0;
      for (const q of positions) sum += Math.abs(x[q] as number) ** attributes.p;
      return sum ** (1 / attributes.p);
    });
    return encodeNumbers(X.dtype, y, shape);
  },
});

/** `[N, C, 1, …]` from `[N, C, ...spatial]`. */
function inferGlobal(c: InferContext): ValueType[] {
  const x = requireRank(c, 0, "X", 2, Number.POSITIVE_INFINITY);
  return [
    tensorType(
      inputType(c, 0).dtype,
      x?.map((d, i) => (i < 2 ? d : 1)),
    ),
  ];
}

/** Reduces each plane of `X` by `rule`; float32 by its kernel. */
function reducePlanes(
  X: Storage,
  shape: readonly number[],
  fast: typeof meanF32 | undefined,
  rule: (x: ArrayLike<number>, from: number, to: number) => number,
): Storage {
  const outer = elementCount(shape);
  const n = elementCount(X.shape.slice(2));
  if (fast && X.dtype === "float32") {
    const Y = Storage.empty("float32", shape);
    fast(X.dense() as Float32Array, { outer, n, inner: 1 }, Y.dense() as Float32Array);
    return Y;
  }
  const x = decodedNumbers(X);
  const y = new Float64Array(outer);
  for (let i = 0; i < outer; i++) y[i] = rule(x, i * n, (i + 1) * n);
  return encodeNumbers(X.dtype, y, shape);
}

/** The mean of each plane. */
export const globalAveragePool = defineOp("GlobalAveragePool", {
  since: [1, 22],
  breaking: [1],
  inputs: ["X: T"],
  outputs: ["Y: T"],
  types: { T: floats },
  accuracy: "ulp",
  infer: inferGlobal,
  eval: ({ X }, _, context) =>
    reducePlanes(X, context.shape(0), meanF32, (x, from, to) => {
      let sum = 0;
      for (let i = from; i < to; i++) sum += x[i] as number;
      return sum / (to - from);
    }),
});

/** The largest element of each plane. */
export const globalMaxPool = defineOp("GlobalMaxPool", {
  since: [1, 22],
  breaking: [1],
  inputs: ["X: T"],
  outputs: ["Y: T"],
  types: { T: floats },
  accuracy: "exact",
  infer: inferGlobal,
  eval: ({ X }, _, context) =>
    reducePlanes(X, context.shape(0), maxF32, (x, from, to) => {
      let best = Number.NEGATIVE_INFINITY;
      for (let i = from; i < to; i++) if ((x[i] as number) > best || Number.isNaN(x[i])) best = x[i] as number;
      return best;
    }),
});

/** (Σ |x|^p)^(1/p) of each plane. */
export const globalLpPool = defineOp("GlobalLpPool", {
  since: [1, 2, 22],
  breaking: [2],
  inputs: ["X: T"],
  outputs: ["Y: T"],
  types: { T: floats },
  attributes: { p: int(2) },
  accuracy: "ulp",
  infer(c) {
    requireNorm(c);
    return inferGlobal(c);
  },
  eval: ({ X }, { p }, context) =>
    reducePlanes(X, context.shape(0), undefined, (x, from, to) => {
      let sum = 0;
      for (let i = from; i < to; i++) sum += Math.abs(x[i] as number) ** p;
      return sum ** (1 / p);
    }),
});
