// For ONNX Runtime: a Gemm with the activation behind it as one com.microsoft.FusedGemm.
import type { Value } from "../../ir/graph.ts";
import type { Attributes } from "../../ir/schema.ts";
import { attributeOf, type Match } from "../match.ts";
import { defineRule } from "../rewriter.ts";
import { dtypeOf } from "../value-facts.ts";

/** The parameters of each activation, in the order of activation_alpha and activation_beta. */
const parameters: Readonly<Record<string, readonly string[]>> = {
  Relu: [],
  Sigmoid: [],
  Tanh: [],
  LeakyRelu: ["alpha"],
  HardSigmoid: ["alpha", "beta"],
};

function activationOf(m: Match): Attributes {
  const named = (parameters[m.root.op] ?? []).map((name) => [`activation_${name}`, Number(attributeOf(m.root, name))]);
  return { activation: m.root.op, ...Object.fromEntries(named) };
}

/**
 * Fuses the activation behind a Gemm into it.
 *
 *     Gemm(a, b, c) ─ Relu ─ y
 *     FusedGemm(a, b, c; activation = Relu) ─ y
 *
 * Cases: 1. Relu, Sigmoid, Tanh  2. LeakyRelu, HardSigmoid with their numbers. Clip has no kernel.
 * Legal when nobody else reads the product, which is float32. Accuracy: ulp.
 */
export const fuseGemmActivation = defineRule({
  name: "fuse-gemm-activation",
  about: "fuses the activation behind a Gemm into ONNX Runtime's FusedGemm; nobody else reads between",
  accuracy: "ulp",
  targets: ["onnxruntime"],
  pattern: (op, v) => op.oneOf(Object.keys(parameters), op.Gemm(v("a"), v("b"), v("c").optional()).single().as("gemm")),
  check: (m) => dtypeOf(m.root.output) === "float32" || "the product is not float32",
  replacement: (op, m) =>
    op.call("com.microsoft.FusedGemm", [m.value("a"), m.value("b"), m.optional("c")], {
      ...m.node("gemm").attributes,
      ...activationOf(m),
    })[0] as Value,
});
