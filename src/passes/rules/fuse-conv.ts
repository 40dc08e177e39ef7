// For ONNX Runtime: a convolution with the residual sum and the activation behind it as one com.microsoft.FusedConv.
import type { Value } from "../../ir/graph.ts";
import type { Attributes } from "../../ir/schema.ts";
import { Storage } from "../../tensor/storage.ts";
import { attributeOf, type Match } from "../match.ts";
import type { PatternOps, PatternValue, PatternVariables } from "../pattern.ts";
import { defineRule, type ReplacementOps } from "../rewriter.ts";
import { dtypeOf, sameTypes } from "../value-facts.ts";

const activations = ["Relu", "Sigmoid", "Tanh", "LeakyRelu", "HardSigmoid", "Clip"] as const;
const FLOAT_MAX = 3.4028234663852886e38;

const convolution = (op: PatternOps, v: PatternVariables) => op.Conv(v("x"), v("w"), v("b").optional()).single().as("conv");
const activated = (op: PatternOps, v: PatternVariables, y: PatternValue) =>
  op.oneOf(activations, y, v("min").constant().optional(), v("max").constant().optional());

/** The attributes of FusedConv for the match's root. ONNX Runtime's kernel is for float32. */
function activationOf(m: Match): Attributes {
  const { root } = m;
  const number = (name: string) => Number(attributeOf(root, name));
  const bound = (name: string, missing: number) => m.constant(name)?.toNumbers()[0] ?? missing;
  if (root.op === "Clip") return { activation: "Clip", activation_params: [bound("min", -FLOAT_MAX), bound("max", FLOAT_MAX)] };
  if (root.op === "LeakyRelu") return { activation: "LeakyRelu", activation_params: [number("alpha")] };
  if (root.op === "HardSigmoid") return { activation: "HardSigmoid", activation_params: [number("alpha"), number("beta")] };
  return { activation: root.op };
}

const isFloat32 = (m: Match): true | string => dtypeOf(m.value("conv")) === "float32" || "the convolution is not float32";

/** The residual must have the convolution's shape exactly: FusedConv does not broadcast. */
function takesResidual(m: Match): true | string {
  const dtype = isFloat32(m);
  if (dtype !== true) return dtype;
  return sameTypes(m.value("conv"), m.value("z")) || "the residual is not known to have the shape of the convolution's result";
}

const inputs = (m: Match) => [m.value("x"), m.value("w"), m.optional("b")];

/**
 * The inputs with the residual. A bias that is left out is written as zeros: ONNX Runtime 1.30 takes a FusedConv with z into its blocked layout
 * only when it has one, and the reorderings around one that it does not take cost 4 % of a ResNet.
 */
function inputsWithResidual(op: ReplacementOps, m: Match): (Value | undefined)[] {
  const [filters] = m.value("w").tensorType.shape ?? [];
  const zeros = typeof filters === "number" ? op.constant(Storage.from("float32", new Float32Array(filters), [filters])) : undefined;
  return [m.value("x"), m.value("w"), m.optional("b") ?? zeros, m.value("z")];
}

/**
 * Fuses the activation behind a convolution into it.
 *
 *     x ─ Conv(W, b) ─ Relu ─ y
 *     x ─ FusedConv(W, b; activation = Relu) ─ y
 *
 * Cases: 1. Relu, Sigmoid, Tanh  2. LeakyRelu, HardSigmoid with their numbers  3. Clip with constant bounds or without.
 * Legal when nobody else reads the convolution's result. Accuracy: ulp.
 */
export const fuseConvActivation = defineRule({
  name: "fuse-conv-activation",
  about: "fuses the activation behind a convolution into ONNX Runtime's FusedConv; nobody else reads between",
  accuracy: "ulp",
  targets: ["onnxruntime"],
  pattern: (op, v) => activated(op, v, convolution(op, v)),
  check: isFloat32,
  replacement: (op, m) => op.call("com.microsoft.FusedConv", inputs(m), { ...m.node("conv").attributes, ...activationOf(m) })[0] as Value,
});

/**
 * Fuses the residual sum, and the activation behind it, into a convolution.
 *
 *     x ─ Conv(W, b) ─ Add(z) ─ Relu ─ y
 *     x ─ FusedConv(W, b, z; activation = Relu) ─ y
 *
 * Cases: 1. z on either side  2. every activation of fuse-conv-activation  3. both sides are convolutions: one takes the other as z.
 * Legal when nobody else reads the values between and z has exactly the shape of the convolution's result. z cannot depend on that result,
 * because the sum is its only reader. Accuracy: ulp.
 */
export const fuseConvAddActivation = defineRule({
  name: "fuse-conv-add-activation",
  about: "fuses the residual sum and the activation behind a convolution into ONNX Runtime's FusedConv",
  accuracy: "ulp",
  targets: ["onnxruntime"],
  pattern: (op, v) => activated(op, v, op.Add(convolution(op, v), v("z")).single()),
  check: takesResidual,
  replacement: (op, m) =>
    op.call("com.microsoft.FusedConv", inputsWithResidual(op, m), { ...m.node("conv").attributes, ...activationOf(m) })[0] as Value,
});

/**
 * Fuses the residual sum behind a convolution into it, where no activation follows.
 *
 *     x ─ Conv(W, b) ─ Add(z) ─ y
 *     x ─ FusedConv(W, b, z) ─ y
 *
 * Cases: 1. z on either side  2. both sides are convolutions: one takes the other as z. Runs behind fuse-conv-add-activation.
 * Legal when nobody else reads the convolution's result and z has exactly its shape. Accuracy: ulp.
 */
export const fuseConvAdd = defineRule({
  name: "fuse-conv-add",
  about: "fuses the residual sum behind a convolution into ONNX Runtime's FusedConv",
  accuracy: "ulp",
  targets: ["onnxruntime"],
  pattern: (op, v) => op.Add(convolution(op, v), v("z")),
  check: takesResidual,
  replacement: (op, m) => op.call("com.microsoft.FusedConv", inputsWithResidual(op, m), m.node("conv").attributes)[0] as Value,
});
