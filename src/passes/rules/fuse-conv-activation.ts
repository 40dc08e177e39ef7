// Joins a convolution and the activation behind it into ONNX Runtime's FusedConv.
import { attributeOf, type Match } from "../match.ts";
import { defineRule } from "../rewriter.ts";

/**
 * Runs an activation inside the convolution in front of it.
 *
 *     x ─ Conv(W, b) ─ Relu ─ y
 *     x ─ FusedConv(W, b; activation = Relu) ─ y
 *
 * Cases: 1. Relu, Sigmoid, Tanh  2. LeakyRelu with α  3. HardSigmoid with α, β  4. a convolution fused with a residual before.
 * Legal when nothing else reads the convolution; the kernel applies the same function to the same sums.
 * Accuracy: ulp. Source: com.microsoft.FusedConv-1.
 */
export const fuseConvActivation = defineRule({
  name: "fuse-conv-activation",
  about: "runs an activation inside the convolution before it; nothing else reads the convolution",
  accuracy: "ulp",
  targets: ["onnxruntime"],
  pattern: (op, v) =>
    op.oneOf(
      ["Relu", "Sigmoid", "Tanh", "LeakyRelu", "HardSigmoid"],
      op.oneOf(["Conv", "com.microsoft.FusedConv"], v("x"), v("w")).open().single().as("conv"),
    ),
  check: (m) => fusable(m) ?? (m.node("conv").attributes.activation === undefined || "the convolution has an activation already"),
  replacement: (op, m) => {
    const conv = m.node("conv");
    const params = (parameters[m.root.op] ?? []).map((name) => attributeOf(m.root, name) as number);
    const attributes = { ...conv.attributes, activation: m.root.op, ...(params.length > 0 && { activation_params: params }) };
    return op.call("com.microsoft.FusedConv", conv.inputs, attributes);
  },
});

/** Attributes that become `activation_params`, in ONNX Runtime's order. */
const parameters: Readonly<Record<string, readonly string[]>> = { LeakyRelu: ["alpha"], HardSigmoid: ["alpha", "beta"] };

/** Undefined when ONNX Runtime's fused kernel takes the convolution, else why not. */
export function fusable(m: Match): string | undefined {
  const { type } = m.value("x");
  if (type.kind !== "tensor" || type.dtype !== "float32") return "the fused kernel is for float32";
  return type.shape?.length === 4 ? undefined : "the fused kernel is for two-dimensional convolutions";
}
