// Folds inference-time batch normalisation into the convolution behind it.
import type { ChannelAffine } from "../channel-arithmetic.ts";
import { batchNormOf, convolutionOfAffine, isUnpadded } from "../convolution-weights.ts";
import { defineRule } from "../rewriter.ts";

/**
 * Folds a BatchNormalization into the weight and bias of the convolution that reads it.
 *
 *     x ─ BatchNormalization(γ, β, μ, σ²) ─ Conv(W, b) ─ y
 *     x ─ Conv(W·s, b + Σ W·t) ─ y        s = γ / √(σ² + ε), t = β − μ·s per input channel
 *
 * Cases: 1. groups  2. without b  3. strides and dilations.
 * Legal when the convolution does not pad (a padded zero would have become t), nobody else reads the normalised value, and all parameters
 * are constant and finite.
 * Accuracy: ulp. Source: ONNX BatchNormalization-15 in inference mode, Conv-22.
 */
export const foldBatchNormConv = defineRule({
  name: "fold-batchnorm-conv",
  about: "folds BatchNormalization into the unpadded convolution behind it; both are affine",
  accuracy: "ulp",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) =>
    op.Conv(
      op
        .BatchNormalization(v("x"), v("gamma").constant(), v("beta").constant(), v("mean").constant(), v("var").constant(), {
          training_mode: 0,
        })
        .single()
        .as("bn"),
      v("w").constant(),
      v("b").constant().optional(),
    ),
  check(m) {
    if (!isUnpadded(m.root)) return "the convolution pads";
    return batchNormOf(m, "bn") !== undefined || "its scale or shift is not finite";
  },
  replacement: (op, m) => convolutionOfAffine(op, m, batchNormOf(m, "bn") as ChannelAffine),
});
