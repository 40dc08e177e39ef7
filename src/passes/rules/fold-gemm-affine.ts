// Folds multiplications and additions by constants into the matrix product before or behind them.
import type { Value } from "../../ir/graph.ts";
import { isFloat } from "../../tensor/dtype.ts";
import type { Storage } from "../../tensor/storage.ts";
import { affineOfOperator, type ChannelAffine, lastAxis, scaleChannels } from "../channel-arithmetic.ts";
import { type LinearLayer, layerOf, linearWith, movedBias, scaleInputs, scaleOutputs } from "../linear-layer.ts";
import type { Match } from "../match.ts";
import { defineRule } from "../rewriter.ts";
import { dtypeOf, sameTypes, shapeOf } from "../value-facts.ts";

/** What the root does to each column, as y · scale + shift; undefined when the constant is not one finite number per column. */
function affineOf(m: Match, op: string, columns: number, rank: number): ChannelAffine | undefined {
  const k = lastAxis(m.constant("k") as Storage, rank, columns);
  return k && affineOfOperator(op, k);
}

interface Folded {
  readonly layer: LinearLayer;
  readonly weight: Storage | Value;
  readonly bias: Storage | undefined;
}

function foldedIntoGemm(m: Match): Folded | string {
  const layer = layerOf(m, "linear");
  if (typeof layer === "string") return layer;
  if (!isFloat(layer.weight.dtype)) return "it is a product of integers";
  const affine = affineOf(m, m.root.op, layer.outputs, 2);
  if (!affine) return "the constant is not one finite number per column";
  const scales = affine.scale.some((s) => s !== 1);
  const empty = !layer.c && affine.shift.every((t) => t === 0);
  const bias = empty ? undefined : movedBias(layer, affine);
  if (!empty && !bias) return "C is not constant, not finite, or would grow";
  return { layer, weight: scales ? scaleOutputs(layer, affine.scale) : layer.b, bias };
}

/**
 * Folds a constant per column that is multiplied with or added to the result of a Gemm into its weight and C.
 *
 *     x ─ Gemm(B, C; alpha, beta) ─ Mul(k) ─ y        x ─ Gemm(B, C; alpha, beta) ─ Add(k) ─ y
 *     x ─ Gemm(B·k, beta·C·k; alpha) ─ y              x ─ Gemm(B, beta·C + k; alpha) ─ y
 *
 * Cases: 1. Mul, Div  2. Add, Sub  3. every alpha, beta, transA, transB  4. C absent, one number, a row, a matrix.
 * Legal when nobody else reads the product, B and C are constant floats, k has one element or shape [1, N] or [N] and C does not grow.
 * Accuracy: ulp.
 */
export const foldGemmAffine = defineRule({
  name: "fold-gemm-affine",
  about: "folds a constant per column behind a Gemm into its weight and C; Gemm is affine",
  accuracy: "ulp",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) =>
    op.oneOf(["Mul", "Div", "Add", "Sub"], op.Gemm(v("a"), v("b").constant(), v("c").optional()).single().as("linear"), v("k").constant()),
  check: (m) => sameTypes(m.value("linear"), m.root.output) || "the constant may change the shape of the result",
  replacement(op, m) {
    const result = foldedIntoGemm(m);
    if (typeof result === "string") return result;
    const { layer, weight, bias } = result;
    return linearWith(op, layer, layer.a, weight, bias);
  },
});

/** The constant as one number per index of the axis of B that `axis` names from the back (1: columns, 2: rows). */
function weightFactors(m: Match, op: string, axis: 1 | 2, rank: number): Float64Array | undefined {
  const weight = m.constant("w") as Storage;
  const count = weight.shape[weight.rank - axis];
  return weight.rank < 2 || count === undefined ? undefined : affineOf(m, op, count, rank)?.scale;
}

/**
 * Folds a factor per column behind a MatMul into its constant right side.
 *
 *     x ─ MatMul(W) ─ Mul(k) ─ y
 *     x ─ MatMul(W·k) ─ y
 *
 * Cases: 1. Mul, Div  2. one number, or one per column  3. any rank of x, a batch of matrices W.
 * Legal when nobody else reads the product, W is a constant float matrix (or a batch), and k does not change the result's shape. Accuracy: ulp.
 */
export const foldMatMulMul = defineRule({
  name: "fold-matmul-mul",
  about: "folds a factor per column behind a MatMul into its constant matrix; products are linear",
  accuracy: "ulp",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) => op.oneOf(["Mul", "Div"], op.MatMul(v("a"), v("w").constant()).single().as("product"), v("k").constant()),
  check(m) {
    if (!isFloat(dtypeOf(m.root.output) ?? "int32")) return "it is a product of integers";
    if (!sameTypes(m.value("product"), m.root.output)) return "the constant may change the shape of the result";
    const rank = shapeOf(m.root.output)?.length ?? 0;
    return weightFactors(m, m.root.op, 1, rank) !== undefined || "the constant is not one finite number per column";
  },
  replacement(op, m) {
    const weight = m.constant("w") as Storage;
    const factors = weightFactors(m, m.root.op, 1, shapeOf(m.root.output)?.length ?? 0) as Float64Array;
    return op.MatMul(m.value("a"), op.constant(scaleChannels(weight, factors, 1, factors.length), m.value("w").name));
  },
});

/**
 * Folds a factor per column of the left side of a MatMul or Gemm into its constant right side.
 *
 *     x ─ Mul(k) ─ MatMul(W) ─ y
 *     x ─ MatMul(k·W) ─ y        row i of W times k[i]
 *
 * Cases: 1. Mul, Div  2. one number, or one per column of x  3. Gemm without transA, any transB.
 * Legal when nobody else reads x·k, W is a constant float matrix (or, for MatMul, a batch), and k does not change the shape of x. Accuracy: ulp.
 */
export const foldMulMatMul = defineRule({
  name: "fold-mul-matmul",
  about: "folds a factor per column in front of a MatMul or Gemm into its constant matrix; products are linear",
  accuracy: "ulp",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) =>
    op.oneOf(
      ["MatMul", "Gemm"],
      op.oneOf(["Mul", "Div"], v("x"), v("k").constant()).single().as("scaled"),
      v("w").constant(),
      v("c").optional(),
    ),
  check(m) {
    if (!isFloat(dtypeOf(m.root.output) ?? "int32")) return "it is a product of integers";
    return sameTypes(m.value("x"), m.value("scaled")) || "the constant may change the shape of x";
  },
  replacement(op, m) {
    const weight = scaledRows(m);
    if (!weight) return "the constant is not one finite number per column of x";
    const w = op.constant(weight, m.value("w").name);
    return op.call(m.root.op, [m.value("x"), w, m.optional("c")], m.root.attributes)[0] as Value;
  },
});

function scaledRows(m: Match): Storage | undefined {
  const rank = shapeOf(m.value("x"))?.length ?? 0;
  const { op } = m.node("scaled");
  const weight = m.constant("w") as Storage;
  if (m.root.op === "Gemm") {
    const layer = layerOf(m);
    const factors = typeof layer === "string" || layer.transA ? undefined : affineOf(m, op, layer.inputs, rank)?.scale;
    return factors && scaleInputs(layer as LinearLayer, factors);
  }
  const factors = weightFactors(m, op, 2, rank);
  return factors && scaleChannels(weight, factors, weight.shape[weight.rank - 1] as number, factors.length);
}
