// Folds inference-time batch normalisation into the convolution before it.
import { batchNormOf, scaledConvolution } from "../convolution-weights.ts";
import { defineRule } from "../rewriter.ts";

/**
 * Folds a BatchNormalization that follows a convolution into its weight and bias.
 *
 *     x ─ Conv(W, b) ─ BatchNormalization(γ, β, μ, σ²) ─ y
 *     x ─ Conv(W·s, (b − μ)·s + β) ─ y            s = γ / √(σ² + ε)
 *
 * Cases: 1. Conv  2. ConvTranspose  3. with groups  4. without b.
 * Legal when the convolution's output has no other reader and is not a graph output, and all parameters are constant and finite. The new
 * weight is a value of its own, so a weight that several convolutions share is safe.
 * Accuracy: ulp (s and the products are computed in float64 and rounded once). Source: ONNX BatchNormalization-15, inference mode.
 */
export const foldConvBatchNorm = defineRule({
  name: "fold-conv-batchnorm",
  about: "folds BatchNormalization into the convolution before it; both are affine per channel",
  accuracy: "ulp",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) =>
    op.BatchNormalization(
      op.oneOf(["Conv", "ConvTranspose"], v("x"), v("w").constant(), v("b").constant().optional()).single().as("conv"),
      v("gamma").constant(),
      v("beta").constant(),
      v("mean").constant(),
      v("var").constant(),
      { training_mode: 0 },
    ),
  check: (m) => batchNormOf(m) !== undefined || "its scale or shift is not finite",
  replacement: (op, m) => scaledConvolution(op, m, batchNormOf(m)),
});
