// Folds inference-time batch normalisation into the matrix product behind it.
import type { Storage } from "../../tensor/storage.ts";
import { isFinite64 } from "../channel-arithmetic.ts";
import { batchNormOf } from "../convolution-weights.ts";
import { type LinearLayer, layerOf, linearWith, movedBias, scaleInputs, throughWeight } from "../linear-layer.ts";
import type { Match } from "../match.ts";
import { defineRule } from "../rewriter.ts";
import { shapeOf } from "../value-facts.ts";

interface Folded {
  readonly layer: LinearLayer;
  readonly weight: Storage;
  readonly bias: Storage;
}

function folded(m: Match): Folded | string {
  const layer = layerOf(m);
  if (typeof layer === "string") return layer;
  if (layer.transA) return "A is transposed: its channels are the rows of the product";
  if (shapeOf(m.value("x"))?.length !== 2) return "the normalised tensor is not a matrix";
  const affine = batchNormOf(m, "bn");
  if (!affine) return "its scale or shift is not finite";
  const shift = throughWeight(layer, affine.shift).map((t) => layer.alpha * t);
  const ones = new Float64Array(layer.outputs).fill(1);
  const bias = isFinite64({ scale: ones, shift }) ? movedBias(layer, { scale: ones, shift }) : undefined;
  if (!bias) return "C is not constant, not finite, or would grow";
  return { layer, weight: scaleInputs(layer, affine.scale), bias };
}

/**
 * Folds a BatchNormalization into the weight and C of the Gemm, or MatMul of matrices, that reads it.
 *
 *     x ─ BatchNormalization(γ, β, μ, σ²) ─ Gemm(B, C; alpha, beta) ─ y
 *     x ─ Gemm(s·B, alpha·t·B + beta·C; alpha) ─ y        s = γ / √(σ² + ε), t = β − μ·s per row of B
 *
 * Cases: 1. transB, alpha, beta of any value  2. C absent, one number, a row or a matrix  3. MatMul, which becomes a Gemm.
 * Legal when nobody else reads the normalised value, which is a matrix and not transposed, all parameters are constant and finite, and C does
 * not grow. Accuracy: ulp. Source: ONNX BatchNormalization-15 in inference mode, Gemm-13.
 */
export const foldBatchNormGemm = defineRule({
  name: "fold-batchnorm-gemm",
  about: "folds BatchNormalization into the Gemm or MatMul behind it; both are affine",
  accuracy: "ulp",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) =>
    op.oneOf(
      ["Gemm", "MatMul"],
      op
        .BatchNormalization(v("x"), v("gamma").constant(), v("beta").constant(), v("mean").constant(), v("var").constant(), {
          training_mode: 0,
        })
        .single()
        .as("bn"),
      v("b").constant(),
      v("c").optional(),
    ),
  replacement(op, m) {
    const result = folded(m);
    if (typeof result === "string") return result;
    const { layer, weight, bias } = result;
    return linearWith(op, layer, m.value("x"), weight, bias);
  },
});
