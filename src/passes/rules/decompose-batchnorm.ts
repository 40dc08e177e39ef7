// Batch normalisation that could not be folded away, as a multiplication and an addition.
import { roundTo } from "../channel-arithmetic.ts";
import { batchNormOf } from "../convolution-weights.ts";
import { defineRule } from "../rewriter.ts";

/**
 * Writes an inference-time BatchNormalization with constant parameters as one multiplication and one addition.
 *
 *     x ─ BatchNormalization(γ, β, μ, σ²) ─ y
 *     x ─ Mul(s) ─ Add(β − μ·s) ─ y        s = γ / √(σ² + ε), both of shape [C, 1, …]
 *
 * Legal when all parameters are constant and finite, and the rank of x is known and at least 2. Runs behind the rules that fold it.
 * Accuracy: ulp. Source: ONNX BatchNormalization-15, inference mode.
 */
export const decomposeBatchNorm = defineRule({
  name: "decompose-batchnorm",
  about: "writes a BatchNormalization that nothing absorbs as Mul and Add; its parameters are constant",
  accuracy: "ulp",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) =>
    op.BatchNormalization(v("x"), v("gamma").constant(), v("beta").constant(), v("mean").constant(), v("var").constant(), {
      training_mode: 0,
    }),
  check(m) {
    const { type } = m.value("x");
    if (type.kind !== "tensor" || type.shape === undefined || type.shape.length < 2) return "the rank of its input is unknown or below 2";
    return batchNormOf(m) !== undefined || "its scale or shift is not finite";
  },
  replacement(op, m) {
    const { scale, shift } = batchNormOf(m) as NonNullable<ReturnType<typeof batchNormOf>>;
    const { dtype, shape = [] } = m.value("x").tensorType;
    const spread = new Array<number>(shape.length - 2).fill(1);
    const constant = (values: Float64Array, name: string) =>
      op.constant(roundTo(dtype, values, [values.length, ...spread]), m.value(name).name);
    return op.Add(op.Mul(m.value("x"), constant(scale, "gamma")), constant(shift, "beta"));
  },
});
