// Folds inference-time batch normalisation into the matrix product before it.
import type { Storage } from "../../tensor/storage.ts";
import { batchNormOf } from "../convolution-weights.ts";
import { type LinearLayer, layerOf, linearWith, movedBias, scaleOutputs } from "../linear-layer.ts";
import type { Match } from "../match.ts";
import { defineRule } from "../rewriter.ts";

interface Folded {
  readonly layer: LinearLayer;
  readonly weight: Storage;
  readonly bias: Storage;
}

function folded(m: Match): Folded | string {
  const layer = layerOf(m, "linear");
  if (typeof layer === "string") return layer;
  const affine = batchNormOf(m);
  if (!affine) return "its scale or shift is not finite";
  const bias = movedBias(layer, affine);
  if (!bias) return "C is not constant, not finite, or would grow";
  return { layer, weight: scaleOutputs(layer, affine.scale), bias };
}

/**
 * Folds a BatchNormalization that follows a Gemm or a MatMul of matrices into its weight and C.
 *
 *     x ─ Gemm(B, C; alpha, beta) ─ BatchNormalization(γ, β, μ, σ²) ─ y
 *     x ─ Gemm(B·s, beta·C·s + t; alpha) ─ y        s = γ / √(σ² + ε), t = β − μ·s per column
 *
 * Cases: 1. transA, transB, alpha, beta of any value  2. C absent, one number, a row or a matrix  3. MatMul, which becomes a Gemm.
 * Legal when nobody else reads the product, all parameters are constant and finite, and C does not grow (a column would).
 * Accuracy: ulp. Source: ONNX BatchNormalization-15 in inference mode, Gemm-13.
 */
export const foldGemmBatchNorm = defineRule({
  name: "fold-gemm-batchnorm",
  about: "folds BatchNormalization into the Gemm or MatMul before it; both are affine per column",
  accuracy: "ulp",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) =>
    op.BatchNormalization(
      op.oneOf(["Gemm", "MatMul"], v("a"), v("b").constant(), v("c").optional()).single().as("linear"),
      v("gamma").constant(),
      v("beta").constant(),
      v("mean").constant(),
      v("var").constant(),
      { training_mode: 0 },
    ),
  replacement(op, m) {
    const result = folded(m);
    if (typeof result === "string") return result;
    const { layer, weight, bias } = result;
    return linearWith(op, layer, layer.a, weight, bias);
  },
});
