// Activation functions: elementwise maps of one tensor (and the slope of PRelu), with their parameters as attributes.

import type { Graph, Value } from "../ir/graph.ts";
import { reluF32 } from "../kernels/elementwise.ts";
import { erf } from "../kernels/erf.ts";
import { type DType, floats, isBig, isFloat, signed } from "../tensor/dtype.ts";
import { Storage } from "../tensor/storage.ts";
import { constantLike } from "./constant-like.ts";
import { defineOp, float, string } from "./define.ts";
import { broadcast, inputType, sameAsInput } from "./infer.ts";
import { preluLane } from "./lanes-f32.ts";
import { mapBinary, mapFunction, mapNumbers, mapNumeric, maxBig } from "./map-elements.ts";

const activation = {
  since: [1, 6, 22],
  breaking: [6],
  inputs: ["X: T"],
  outputs: ["Y: T"],
  types: { T: floats },
  accuracy: "ulp",
  infer: sameAsInput,
} as const;

/** max(x, 0); NaN stays NaN. */
export const relu = defineOp("Relu", {
  ...activation,
  since: [6, 13, 14],
  types: { T: signed },
  accuracy: "exact",
  eval({ X }) {
    if (X.dtype !== "float32") return mapNumeric(X, { number: (x) => (x < 0 ? 0 : x), big: (x) => maxBig(x, 0n) });
    const y = Storage.empty("float32", X.shape);
    reluF32(X.dense() as Float32Array, y.dense() as Float32Array);
    return y;
  },
});

/** x, or alpha · x below 0. */
export const leakyRelu = defineOp("LeakyRelu", {
  ...activation,
  since: [6, 16],
  attributes: { alpha: float(Math.fround(0.01)) },
  eval: ({ X }, { alpha }) => mapNumbers(X, (x) => (x < 0 ? alpha * x : x)),
});

/** x, or slope · x below 0; the slope broadcasts to X. */
export const pRelu = defineOp("PRelu", {
  since: [7, 9, 16],
  breaking: [7],
  inputs: ["X: T", "slope: T"],
  outputs: ["Y: T"],
  types: { T: [...floats, "int32", "int64", "uint32", "uint64"] },
  accuracy: "ulp",
  infer: (c) => {
    broadcast()(c);
    return [inputType(c, 0)];
  },
  eval: ({ X, slope }) =>
    mapBinary(X, slope, X.shape, {
      float: (x, s) => (x < 0 ? x * s : x),
      int: (x, s) => (x < 0 ? Math.imul(x, s) : x),
      big: (x, s) => (x < 0n ? x * s : x),
      lane: preluLane,
    }),
});

/** x, or alpha · (eˣ − 1) below 0. */
export const elu = defineOp("Elu", {
  ...activation,
  attributes: { alpha: float(1) },
  eval: ({ X }, { alpha }) => mapNumbers(X, (x) => (x < 0 ? alpha * Math.expm1(x) : x)),
});

/** gamma · x, or gamma · alpha · (eˣ − 1) up to 0. */
export const selu = defineOp("Selu", {
  ...activation,
  attributes: { alpha: float(Math.fround(1.6732631921768188)), gamma: float(Math.fround(1.0507010221481323)) },
  eval: ({ X }, { alpha, gamma }) => mapNumbers(X, (x) => (x <= 0 ? gamma * alpha * Math.expm1(x) : gamma * x)),
});

/** max(0, x) + min(0, alpha · (e^(x / alpha) − 1)) */
export const celu = defineOp("Celu", {
  ...activation,
  since: [12],
  breaking: [12],
  types: { T: ["float32"] },
  attributes: { alpha: float(1) },
  eval: ({ X }, { alpha }) => mapNumbers(X, (x) => (x < 0 ? Math.min(0, alpha * Math.expm1(x / alpha)) : x)),
});

/** x above alpha, else 0. */
export const thresholdedRelu = defineOp("ThresholdedRelu", {
  ...activation,
  since: [10, 22],
  breaking: [10],
  attributes: { alpha: float(1) },
  accuracy: "exact",
  eval: ({ X }, { alpha }) => mapNumbers(X, (x) => (x <= alpha ? 0 : x)),
});

/** alpha · x + beta, cut to [0, 1]. */
export const hardSigmoid = defineOp("HardSigmoid", {
  ...activation,
  attributes: { alpha: float(Math.fround(0.2)), beta: float(0.5) },
  eval: ({ X }, { alpha, beta }) => mapNumbers(X, (x) => Math.max(0, Math.min(1, alpha * x + beta))),
});

/** x · max(0, min(1, x / 6 + 1 / 2)) */
export const hardSwish = defineOp("HardSwish", {
  ...activation,
  since: [14, 22],
  breaking: [14],
  eval: ({ X }) => mapNumbers(X, (x) => x * Math.max(0, Math.min(1, x / 6 + 0.5))),
  decompose: (g, [x]) => [g.add("Mul", [x, g.add("HardSigmoid", [x], { alpha: Math.fround(1 / 6), beta: 0.5 }).output]).output],
});

/** log(1 + eˣ), without overflow. */
const softplusOf = (x: number): number => (x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x)));

/** log(1 + eˣ) */
export const softplus = defineOp("Softplus", { ...activation, since: [1, 22], breaking: [1], eval: ({ X }) => mapNumbers(X, softplusOf) });

/** x / (1 + |x|) */
export const softsign = defineOp("Softsign", {
  ...activation,
  since: [1, 22],
  breaking: [1],
  inputs: ["input: T"],
  outputs: ["output: T"],
  eval: ({ input }) => mapNumbers(input, (x) => x / (1 + Math.abs(x))),
});

/** x · tanh(log(1 + eˣ)) */
export const mish = defineOp("Mish", {
  ...activation,
  since: [18, 22],
  breaking: [18],
  eval: ({ X }) => mapNumbers(X, (x) => x * Math.tanh(softplusOf(x))),
  decompose: (g, [x]) => [g.add("Mul", [x, g.add("Tanh", [g.add("Softplus", [x]).output]).output]).output],
});

/** 1 / (1 + e⁻ˣ), by the form that does not overflow. */
export function sigmoidOf(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const e = Math.exp(x);
  return e / (1 + e);
}

/** 1 / (1 + e⁻ˣ) */
export const sigmoid = defineOp("Sigmoid", { ...activation, since: [6, 13], eval: ({ X }) => mapFunction(X, "sigmoid", sigmoidOf) });

/** x · sigmoid(alpha · x) */
export const swish = defineOp("Swish", {
  ...activation,
  since: [24],
  breaking: [24],
  attributes: { alpha: float(1) },
  eval: ({ X }, { alpha }) =>
    alpha === 1 ? mapFunction(X, "swish", (x) => x * sigmoidOf(x)) : mapNumbers(X, (x) => x * sigmoidOf(alpha * x)),
  decompose(g, [x], { alpha }) {
    const scaled = alpha === 1 ? x : g.add("Mul", [x, constantLike(g, x, alpha)]).output;
    return [g.add("Mul", [x, g.add("Sigmoid", [scaled]).output]).output];
  },
});

const SQRT_HALF = Math.SQRT1_2;
const TANH_SCALE = Math.sqrt(2 / Math.PI);

/** x · Φ(x), by the error function or (`approximate: "tanh"`) by ½x(1 + tanh(√(2/π)(x + 0.044715x³))). */
export const gelu = defineOp("Gelu", {
  ...activation,
  since: [20],
  breaking: [20],
  attributes: { approximate: string("none") },
  eval: ({ X }, { approximate }) =>
    approximate === "tanh"
      ? mapFunction(X, "geluByTanh", (x) => x * sigmoidOf(2 * TANH_SCALE * (x + 0.044715 * x * x * x)))
      : mapFunction(X, "gelu", (x) => 0.5 * x * (1 + erf(x * SQRT_HALF))),
  decompose: (g, [x], { approximate }) => [approximate === "tanh" ? geluByTanh(g, x as Value) : geluByErf(g, x as Value)],
});

function geluByErf(g: Graph, x: Value): Value {
  const c = (v: number) => constantLike(g, x, v);
  const op = (name: string, ...inputs: Value[]) => g.add(name, inputs).output;
  return op("Mul", op("Mul", c(0.5), x), op("Add", c(1), op("Erf", op("Mul", x, c(SQRT_HALF)))));
}

function geluByTanh(g: Graph, x: Value): Value {
  const c = (v: number) => constantLike(g, x, v);
  const op = (name: string, ...inputs: Value[]) => g.add(name, inputs).output;
  const cube = op("Mul", op("Mul", x, x), x);
  const inner = op("Mul", c(TANH_SCALE), op("Add", x, op("Mul", c(0.044715), cube)));
  return op("Mul", op("Mul", c(0.5), x), op("Add", c(1), op("Tanh", inner)));
}

/** x − bias above lambd, x + bias below −lambd, 0 between. */
export const shrink = defineOp("Shrink", {
  ...activation,
  since: [9],
  breaking: [9],
  inputs: ["input: T"],
  outputs: ["output: T"],
  types: {
    T: [
      ...floats.filter((d) => d !== "bfloat16"),
      "uint8",
      "uint16",
      "uint32",
      "uint64",
      "int8",
      "int16",
      "int32",
      "int64",
    ] satisfies DType[],
  },
  attributes: { bias: float(0), lambd: float(0.5) },
  eval({ input }, { bias, lambd }) {
    const rule = (x: number) => (x < -lambd ? x + bias : x > lambd ? x - bias : 0);
    if (isFloat(input.dtype) || !isBig(input.dtype)) return mapNumbers(input, rule);
    const whole = BigInt(Math.trunc(bias));
    return mapNumeric(input, { number: rule, big: (x) => (Number(x) < -lambd ? x + whole : Number(x) > lambd ? x - whole : 0n) });
  },
});
