// Operators of the domain com.microsoft that ONNX Runtime runs as one kernel each. Here they are compositions, so that an optimised
// graph means the same on the interpreter, and can be taken apart again for other targets.
import { ingotError } from "../errors/error.ts";
import type { Dim } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType, type ValueType } from "../ir/type.ts";
import { floats } from "../tensor/dtype.ts";
import { hardSigmoid, leakyRelu, gelu as onnxGelu, relu, sigmoid } from "./activation.ts";
import { add, mul } from "./arithmetic.ts";
import { building, type Composer, evaluating, withoutMissing } from "./composition.ts";
import { conv, convAttributes, convFlops, inferConv } from "./conv.ts";
import { defineOp, float, floats_, int, type OpDefinition, string } from "./define.ts";
import { broadcast, inputShape, inputType, requireShape, sameAsInput } from "./infer.ts";
import { gemm, matmul } from "./matmul.ts";
import { layerNormalization } from "./normalization.ts";
import { transpose } from "./shape.ts";
import { tanh } from "./unary-math.ts";
import { clip } from "./where-clip.ts";

// ---- activations -----------------------------------------------------------------------------------------------------

type Activation = <V>(c: Composer<V>, x: V, params: readonly number[]) => V;

/** One attribute-less operator. */
const plain =
  (op: OpDefinition): Activation =>
  (c, x) =>
    c.apply(op, [x]);

/** The activations that fused operators know, with their parameters in order; a missing one has ONNX's default. */
const activations: Readonly<Record<string, Activation>> = {
  Relu: plain(relu),
  Sigmoid: plain(sigmoid),
  Tanh: plain(tanh),
  LeakyRelu: (c, x, [alpha]) => c.apply(leakyRelu, [x], alpha === undefined ? {} : { alpha }),
  Clip: (c, x, [low, high]) =>
    c.apply(clip, [x, low === undefined ? undefined : c.scalar(x, low), high === undefined ? undefined : c.scalar(x, high)]),
  HardSigmoid: (c, x, [alpha, beta]) =>
    c.apply(hardSigmoid, [x], { ...(alpha !== undefined && { alpha }), ...(beta !== undefined && { beta }) }),
};

function activate<V>(c: Composer<V>, op: string, x: V, name: string | undefined, params: readonly number[]): V {
  return name ? activationOf(op, name)(c, x, params) : x;
}

function activationOf(op: string, name: string): Activation {
  const known = Object.hasOwn(activations, name) ? activations[name] : undefined;
  if (known) return known;
  throw ingotError("InvalidArgument", {
    op,
    name: "activation",
    expected: `one of ${Object.keys(activations).join(", ")}`,
    actual: name,
    hint: "Leave the activation out and write it as a node of its own.",
  });
}

// ---- FusedConv, FusedGemm, FusedMatMul -------------------------------------------------------------------------------

interface FusedConvAttributes {
  readonly activation?: string | undefined;
  readonly activation_params?: readonly number[] | undefined;
}

function composeConv<V>(c: Composer<V>, [x, w, b, z]: readonly (V | undefined)[], attributes: FusedConvAttributes): V {
  const { activation, activation_params = [], ...rest } = attributes;
  const y = c.apply(conv, [x, w, b], withoutMissing(rest));
  return activate(c, "FusedConv", z === undefined ? y : c.apply(add, [y, z]), activation, activation_params);
}

/** Conv, then `+ Z` (the residual, of the shape of the result), then the activation. */
export const fusedConv = defineOp("com.microsoft.FusedConv", {
  since: [1],
  inputs: ["X: T", "W: T", "B?: T", "Z?: T"],
  outputs: ["Y: T"],
  types: { T: floats },
  attributes: { ...convAttributes, activation: string(), activation_params: floats_() },
  accuracy: "ulp",
  infer(c) {
    const y = inferConv(c);
    const { activation } = c.attributes as FusedConvAttributes;
    if (activation) activationOf(c.op, activation);
    if (c.inputs[3]) requireSameShape(c, 3, "Z", y[0] as ValueType);
    return y;
  },
  flops: convFlops,
  eval: ({ X, W, B, Z }, attributes) => composeConv(evaluating, [X, W, B, Z], attributes),
  decompose: (g, inputs, attributes) => [composeConv(building(g), inputs, attributes)],
});

interface FusedGemmAttributes {
  readonly activation: string;
  readonly activation_alpha?: number | undefined;
  readonly activation_beta?: number | undefined;
}

function composeGemm<V>(c: Composer<V>, inputs: readonly (V | undefined)[], attributes: FusedGemmAttributes): V {
  const {
    activation,
    activation_alpha,
    activation_beta,
    activation_gamma: _,
    ...rest
  } = attributes as FusedGemmAttributes & { activation_gamma?: number };
  const params = [activation_alpha, activation_beta].filter((v) => v !== undefined);
  return activate(c, "FusedGemm", c.apply(gemm, inputs, withoutMissing(rest)), activation, params);
}

/** Gemm, then the activation. */
export const fusedGemm = defineOp("com.microsoft.FusedGemm", {
  since: [1],
  inputs: ["A: T", "B: T", "C?: T"],
  outputs: ["Y: T"],
  types: { T: floats },
  attributes: {
    alpha: float(1),
    beta: float(1),
    transA: int(0),
    transB: int(0),
    activation: string(""),
    activation_alpha: float(),
    activation_beta: float(),
    activation_gamma: float(),
  },
  accuracy: "approximate",
  infer(c) {
    if (c.attributes.activation) activationOf(c.op, c.attributes.activation as string);
    return gemm.infer(c) as ValueType[];
  },
  flops: (inputs, outputs) => gemm.flops?.(inputs, outputs) ?? 0,
  eval: ({ A, B, C }, attributes) => composeGemm(evaluating, [A, B, C], attributes),
  decompose: (g, inputs, attributes) => [composeGemm(building(g), inputs, attributes)],
});

interface FusedMatMulAttributes {
  readonly alpha: number;
  readonly transA: number;
  readonly transB: number;
  readonly transBatchA: number;
  readonly transBatchB: number;
}

/**
 * How an operand is permuted before the product: `transBatch` says that it lies as `[rows, ...batch, columns]`, `trans` that its last two
 * axes are swapped after that. A vector stays as it is; undefined where nothing moves.
 */
function operandOrder(rank: number, trans: number, transBatch: number): number[] | undefined {
  if (rank < 2 || (!trans && !transBatch)) return undefined;
  const axes = Array.from({ length: rank }, (_, i) => i);
  const placed = transBatch ? [...axes.slice(1, -1), 0, rank - 1] : axes;
  return trans ? [...placed.slice(0, -2), placed[rank - 1] as number, placed[rank - 2] as number] : placed;
}

function composeMatMul<V>(
  c: Composer<V>,
  [a, b]: readonly (V | undefined)[],
  { alpha, transA, transB, transBatchA, transBatchB }: FusedMatMulAttributes,
): V {
  const moved = (v: V, trans: number, transBatch: number) => {
    const perm = operandOrder(c.rank(v), trans, transBatch);
    return perm ? c.apply(transpose, [v], { perm }) : v;
  };
  const y = c.apply(matmul, [moved(a as V, transA, transBatchA), moved(b as V, transB, transBatchB)]);
  return alpha === 1 ? y : c.apply(mul, [y, c.scalar(y, alpha)]);
}

/** `alpha · A' · B'`, where `'` transposes when asked. */
const matMulForm = <const N extends string>(name: N) =>
  defineOp(name, {
    since: [1],
    inputs: ["A: T", "B: T"],
    outputs: ["Y: T"],
    types: { T: floats },
    attributes: { alpha: float(1), transA: int(0), transB: int(0), transBatchA: int(0), transBatchB: int(0) },
    accuracy: "approximate",
    infer(c) {
      const { transA, transB, transBatchA, transBatchB } = c.attributes as unknown as FusedMatMulAttributes;
      const moved = (i: number, trans: number, transBatch: number): ValueType => {
        const { dtype, shape } = inputType(c, i);
        const perm = shape && operandOrder(shape.length, trans, transBatch);
        return tensorType(dtype, perm ? perm.map((p) => shape[p] as Dim) : shape);
      };
      return matmul.infer({ ...c, inputs: [moved(0, transA, transBatchA), moved(1, transB, transBatchB)] }) as ValueType[];
    },
    flops: ([a], [y]) => {
      const columns = Number(y?.shape?.at(-1) ?? 0);
      const rows = Number(y?.shape?.at(-2) ?? 1);
      const elements = (a?.shape ?? []).reduce<number>((n, d) => n * Number(d), 1);
      const batches = (y?.shape ?? []).slice(0, -2).reduce<number>((n, d) => n * Number(d), 1);
      const own = (a?.shape ?? []).length > 2 ? batches : 1;
      return rows === 0 || own === 0 ? 0 : 2 * batches * columns * (elements / own);
    },
    eval: ({ A, B }, attributes) => composeMatMul(evaluating, [A, B], attributes),
    decompose: (g, inputs, attributes) => [composeMatMul(building(g), inputs, attributes)],
  });

export const fusedMatMul = matMulForm("com.microsoft.FusedMatMul");
/** The name that FusedMatMul had at first. */
export const transposeMatMul = matMulForm("com.microsoft.TransposeMatMul");

// ---- Gelu and its kin ------------------------------------------------------------------------------------------------

const geluForm = { since: [1], outputs: ["Y: T"], types: { T: floats }, accuracy: "ulp" } as const;

/** x · Φ(x) by the error function. */
export const microsoftGelu = defineOp("com.microsoft.Gelu", {
  ...geluForm,
  inputs: ["X: T"],
  infer: sameAsInput,
  eval: ({ X }) => evaluating.apply(onnxGelu, [X]),
  decompose: (g, [x]) => [building(g).apply(onnxGelu, [x])],
});

const composeBiasGelu = <V>(c: Composer<V>, a: V | undefined, b: V | undefined): V => c.apply(onnxGelu, [c.apply(add, [a, b])]);

/** Gelu(A + B), where B is one number per last index. */
export const biasGelu = defineOp("com.microsoft.BiasGelu", {
  ...geluForm,
  inputs: ["A: T", "B: T"],
  infer: broadcast(),
  eval: ({ A, B }) => composeBiasGelu(evaluating, A, B),
  decompose: (g, [a, b]) => [composeBiasGelu(building(g), a, b)],
});

const composeFastGelu = <V>(c: Composer<V>, x: V | undefined, bias: V | undefined): V =>
  c.apply(onnxGelu, [bias === undefined ? x : c.apply(add, [x, bias])], { approximate: "tanh" });

/** Gelu(X + bias) by the tanh formula. */
export const fastGelu = defineOp("com.microsoft.FastGelu", {
  ...geluForm,
  inputs: ["X: T", "bias?: T"],
  infer: broadcast(),
  eval: ({ X, bias }) => composeFastGelu(evaluating, X, bias),
  decompose: (g, [x, bias]) => [composeFastGelu(building(g), x, bias)],
});

const composeQuickGelu = <V>(c: Composer<V>, x: V, alpha: number): V =>
  c.apply(mul, [x, c.apply(sigmoid, [c.apply(mul, [x, c.scalar(x, alpha)])])]);

/** x · sigmoid(alpha · x) */
export const quickGelu = defineOp("com.microsoft.QuickGelu", {
  ...geluForm,
  inputs: ["X: T"],
  attributes: { alpha: float(Math.fround(1.702)) },
  infer: sameAsInput,
  eval: ({ X }, { alpha }) => composeQuickGelu(evaluating, X, alpha),
  decompose: (g, [x], { alpha }) => (x ? [composeQuickGelu(building(g), x, alpha)] : []),
});

// ---- SkipLayerNormalization ------------------------------------------------------------------------------------------

function composeSkip<V>(
  c: Composer<V>,
  [input, skip, gamma, beta, bias]: readonly (V | undefined)[],
  epsilon: number,
  count: number,
): readonly V[] {
  const sum = c.apply(add, [input, skip]);
  const total = bias === undefined ? sum : c.apply(add, [sum, bias]);
  const normalized = c.applyAll(layerNormalization, [total, gamma, beta], { axis: -1, epsilon }, Math.min(count, 3));
  return count > 3 ? [...normalized, total] : normalized;
}

/** Of a sum that is normalised over its last axis: the result, mean and inverse deviation `[..., 1]`, and the sum. */
export function inferSkipNorm(c: InferContext): ValueType[] {
  const sum = broadcast()({ ...c, inputs: c.inputs.slice(0, 2) })[0] as ValueType;
  const shape = sum.kind === "tensor" ? sum.shape : undefined;
  const statistics = tensorType(
    "float32",
    shape?.map((d, i) => (i === shape.length - 1 ? 1 : d)),
  );
  return [sum, statistics, statistics, sum].slice(0, c.outputCount);
}

/** LayerNormalization(input + skip + bias) over the last axis; the sum comes as the fourth output. */
export const skipLayerNormalization = defineOp("com.microsoft.SkipLayerNormalization", {
  since: [1],
  inputs: ["input: T", "skip: T", "gamma: T", "beta?: T", "bias?: T"],
  outputs: ["output: T", "mean?: U", "inv_std_var?: U", "input_skip_bias_sum?: T"],
  types: { T: floats, U: ["float32"] },
  attributes: { epsilon: float(Math.fround(1e-12)) },
  accuracy: "ulp",
  infer: inferSkipNorm,
  eval: ({ input, skip, gamma, beta, bias }, { epsilon }, context) =>
    composeSkip(evaluating, [input, skip, gamma, beta, bias], epsilon, context.outputs.length),
  decompose: (g, inputs, { epsilon }, outputs) => composeSkip(building(g), inputs, epsilon, outputs.length),
});

// ----------------------------------------------------------------------------------------------------------------------

function requireSameShape(c: InferContext, i: number, what: string, expected: ValueType): void {
  const shape = expected.kind === "tensor" ? expected.shape : undefined;
  requireShape(c, what, inputShape(c, i), shape, "The residual is added to the result before the activation: both have the same shape.");
}
