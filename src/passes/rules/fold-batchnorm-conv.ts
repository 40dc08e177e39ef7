// Folds inference-time batch normalisation into the convolution behind it.
import { elementCount } from "../../tensor/shape.ts";
import type { Storage } from "../../tensor/storage.ts";
import { batchNormAffine, type ChannelAffine, isFinite64, roundTo, scaleChannels, toFloat64 } from "../channel-arithmetic.ts";
import { attributeOf, type Match } from "../match.ts";
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
    const pads = m.attribute("pads");
    const autoPad = m.attribute("auto_pad") ?? "NOTSET";
    if (autoPad !== "VALID" && !(autoPad === "NOTSET" && (!Array.isArray(pads) || pads.every((p) => p === 0))))
      return "the convolution pads";
    return isFinite64(affineOf(m)) || "its scale or shift is not finite";
  },
  replacement(op, m) {
    const weight = m.constant("w") as Storage;
    const bias = m.constant("b");
    const { scale, shift } = affineOf(m);
    const [filters = 0, depth = 0] = weight.shape;
    const kernel = elementCount(weight.shape.slice(2));
    const groupSize = filters / Number(attributeOf(m.root, "group") ?? 1);
    const elements = toFloat64(weight);
    const moved = bias ? toFloat64(bias) : new Float64Array(filters);
    for (let f = 0, at = 0; f < filters; f++)
      for (let c = 0; c < depth; c++) {
        const t = shift[Math.floor(f / groupSize) * depth + c] as number;
        for (let k = 0; k < kernel; k++) moved[f] = (moved[f] as number) + (elements[at++] as number) * t;
      }
    const w = op.constant(scaleChannels(weight, scale, kernel, depth, groupSize), m.value("w").name);
    return op.Conv(m.value("x"), w, op.constant(roundTo(weight.dtype, moved, [filters]), m.optional("b")?.name), m.root.attributes);
  },
});

function affineOf(m: Match): ChannelAffine {
  const [gamma, beta, mean, variance] = ["gamma", "beta", "mean", "var"].map((name) => m.constant(name)) as [
    Storage,
    Storage,
    Storage,
    Storage,
  ];
  return batchNormAffine(gamma, beta, mean, variance, Number(m.attribute("epsilon", "bn")));
}
