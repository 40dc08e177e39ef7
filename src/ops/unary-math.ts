// Mathematical functions of one tensor, element by element, and Identity.

import { ingotError } from "../errors/error.ts";
import { mulDims } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { erf as erfOf } from "../kernels/erf.ts";
import type { FunctionName } from "../kernels/functions.ts";
import { float8s, floats, numeric, signed } from "../tensor/dtype.ts";
import { defineOp, int } from "./define.ts";
import { mapDims } from "./dim-arithmetic.ts";
import { sameAsInput, shapeOfInput } from "./infer.ts";
import { mapFunction, mapNumbers, mapNumeric } from "./map-elements.ts";

/** A function of floats that ONNX introduced in opset 7 or 9 and extended to bfloat16 in 22; its parameters are called input and output. `kernel` computes it for float32. */
function floatFunction<const N extends string>(name: N, since: readonly number[], f: (x: number) => number, kernel?: FunctionName) {
  return defineOp(name, {
    since,
    inputs: ["input: T"],
    outputs: ["output: T"],
    types: { T: floats },
    accuracy: "ulp",
    infer: sameAsInput,
    eval: ({ input }) => (kernel ? mapFunction(input, kernel, f) : mapNumbers(input, f)),
  });
}

export const acos = floatFunction("Acos", [7, 22], Math.acos);
export const acosh = floatFunction("Acosh", [9, 22], Math.acosh);
export const asin = floatFunction("Asin", [7, 22], Math.asin);
export const asinh = floatFunction("Asinh", [9, 22], Math.asinh);
export const atan = floatFunction("Atan", [7, 22], Math.atan);
export const atanh = floatFunction("Atanh", [9, 22], Math.atanh);
export const cos = floatFunction("Cos", [7, 22], Math.cos);
export const cosh = floatFunction("Cosh", [9, 22], Math.cosh);
export const erf = floatFunction("Erf", [9, 13], erfOf, "erf");
export const exp = floatFunction("Exp", [6, 13], Math.exp, "exp");
export const log = floatFunction("Log", [6, 13], Math.log);
export const sin = floatFunction("Sin", [7, 22], Math.sin);
export const sinh = floatFunction("Sinh", [9, 22], Math.sinh);
export const tan = floatFunction("Tan", [7, 22], Math.tan);
export const tanh = floatFunction("Tanh", [6, 13], Math.tanh, "tanh");

const exactMap = {
  since: [6, 13],
  inputs: ["X: T"],
  outputs: ["Y: T"],
  types: { T: floats },
  accuracy: "exact",
  infer: sameAsInput,
} as const;

export const ceil = defineOp("Ceil", { ...exactMap, eval: ({ X }) => mapNumbers(X, Math.ceil) });
export const floor = defineOp("Floor", { ...exactMap, eval: ({ X }) => mapNumbers(X, Math.floor) });
/** IEEE 754 rounds square roots and quotients correctly, so that these two are exact as well. */
export const sqrt = defineOp("Sqrt", { ...exactMap, eval: ({ X }) => mapNumbers(X, Math.sqrt) });
export const reciprocal = defineOp("Reciprocal", { ...exactMap, eval: ({ X }) => mapNumbers(X, (x) => 1 / x) });

/** To the nearest integer, halves to the even one. */
export const round = defineOp("Round", { ...exactMap, since: [11, 22], eval: ({ X }) => mapNumbers(X, roundHalfToEven) });

/** The nearest integer; of two equally near ones the even one. Keeps the sign of zero. */
export function roundHalfToEven(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  if (rest !== 0.5) return rest < 0.5 ? low : Math.ceil(x);
  return low % 2 === 0 ? low : Math.ceil(x);
}

/** |x|; the lowest integer, which has no positive, stays as it is. */
export const abs = defineOp("Abs", {
  ...exactMap,
  types: { T: numeric },
  eval: ({ X }) => mapNumeric(X, { number: Math.abs, big: (x) => (x < 0n ? -x : x) }),
});

export const neg = defineOp("Neg", {
  ...exactMap,
  types: { T: signed },
  inferDims: mapDims((d) => mulDims(-1, d)),
  eval: ({ X }) => mapNumeric(X, { number: (x) => -x, big: (x) => -x }),
});

/** −1, 0 or 1; NaN stays NaN. */
export const sign = defineOp("Sign", {
  ...exactMap,
  since: [9, 13],
  inputs: ["input: T"],
  outputs: ["output: T"],
  types: { T: numeric },
  eval: ({ input }) => mapNumeric(input, { number: Math.sign, big: (x) => (x > 0n ? 1n : x < 0n ? -1n : 0n) }),
});

const test = {
  inputs: ["X: T"],
  outputs: ["Y: bool"],
  types: { T: [...floats, ...float8s] },
  accuracy: "exact",
  infer: shapeOfInput("bool"),
} as const;

export const isNan = defineOp("IsNaN", {
  ...test,
  since: [9, 13, 20],
  eval: ({ X }) => mapNumbers(X, (x) => (Number.isNaN(x) ? 1 : 0), "bool"),
});

/** The signs that count are chosen by the attributes. */
export const isInf = defineOp("IsInf", {
  ...test,
  since: [10, 20],
  attributes: { detect_negative: int(1), detect_positive: int(1) },
  eval: ({ X }, { detect_negative, detect_positive }) =>
    mapNumbers(
      X,
      (x) => ((detect_positive && x === Number.POSITIVE_INFINITY) || (detect_negative && x === Number.NEGATIVE_INFINITY) ? 1 : 0),
      "bool",
    ),
});

/** Its input, of any type, sequences included; no copy. */
export const identity = defineOp("Identity", {
  since: [1, 13, 14, 16, 19, 21, 23, 24, 25],
  inputs: ["input: any"],
  outputs: ["output: any"],
  accuracy: "exact",
  infer: inferIdentity,
  inferDims: (c) => [c.dims(0)],
  eval: ({ input }) => [input],
});

function inferIdentity(c: InferContext) {
  const type = c.inputs[0];
  if (!type) throw ingotError("OperatorArity", { op: c.op, count: 0, expected: "1", inputs: "input" });
  return [type];
}
