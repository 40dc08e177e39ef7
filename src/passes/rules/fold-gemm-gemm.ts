import { isFloat } from "../../tensor/dtype.ts";
import type { Storage } from "../../tensor/storage.ts";
import { roundTo, toFloat64 } from "../channel-arithmetic.ts";
import { type LinearLayer, layerOf, linearWith, movedBias, throughWeight } from "../linear-layer.ts";
import type { Match } from "../match.ts";
import { defineRule } from "../rewriter.ts";

/** Multiply-adds that are worth doing at compile time. */
const workBudget = 2 ** 28;

interface Folded {
  readonly first: LinearLayer;
  readonly weight: Storage;
  readonly bias: Storage | undefined;
}

/** `scale · left' · right'` of two stored matrices, [K, N], summed in float64. */
function product(left: LinearLayer, right: LinearLayer, scale: number): Float64Array {
  const [a, b] = [left, right].map((l) => toFloat64(l.weight)) as [Float64Array, Float64Array];
  const { inputs: rows, outputs: inner } = left;
  const columns = right.outputs;
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++)
    for (let k = 0; k < inner; k++) {
      const factor = scale * (a[left.transB ? k * rows + i : i * inner + k] as number);
      for (let j = 0; j < columns; j++)
        out[i * columns + j] = (out[i * columns + j] as number) + factor * (b[right.transB ? j * inner + k : k * columns + j] as number);
    }
  return out;
}

/** beta · C of the first layer as one number per column; undefined when it is not constant or differs by row. */
function rowOf({ c, beta, outputs }: LinearLayer): Float64Array | undefined {
  if (!c) return new Float64Array(outputs);
  const storage = c.constant;
  if (!storage || (storage.size !== 1 && storage.size !== storage.shape[storage.rank - 1])) return undefined;
  const elements = toFloat64(storage);
  return Float64Array.from({ length: outputs }, (_, n) => beta * (elements[elements.length === 1 ? 0 : n] as number));
}

function folded(m: Match): Folded | string {
  const first = layerOf(m, "first");
  const second = layerOf(m);
  if (typeof first === "string") return first;
  if (typeof second === "string") return second;
  if (!isFloat(first.weight.dtype)) return "they are products of integers";
  if (second.transA) return "the result of the first is transposed";
  const { inputs, outputs: inner } = first;
  const { outputs } = second;
  if (inputs * outputs > inputs * inner + inner * outputs) return "one matrix would be larger than the two";
  if (inputs * inner * outputs > workBudget) return "the product is too large to compute ahead of time";
  const row = rowOf(first);
  if (!row) return "C of the first is not one constant per column";
  const shift = throughWeight(second, row).map((t) => second.alpha * t);
  const bias = first.c || second.c ? movedBias(second, { scale: new Float64Array(outputs).fill(1), shift }) : undefined;
  if (!bias && (first.c || second.c)) return "C of the second is not constant, not finite, or would grow";
  const weight = roundTo(first.weight.dtype, product(first, second, first.alpha * second.alpha), [inputs, outputs]);
  return weight.toNumbers().every(Number.isFinite) ? { first, weight, bias } : "the product of the matrices is not finite";
}

/**
 * Writes two products with constant matrices in a row as one.
 *
 *     x ─ Gemm(B₁, C₁; α₁, β₁) ─ Gemm(B₂, C₂; α₂, β₂) ─ y
 *     x ─ Gemm(α₁·α₂·B₁·B₂, α₂·β₁·C₁·B₂ + β₂·C₂) ─ y
 *
 * Cases: 1. Gemm of Gemm, with every alpha, beta and transB, transA of the first  2. MatMul of matrices on either side.
 * Legal when nobody else reads the first product, everything but x is constant, C₁ is the same for all rows, and the new matrix is not larger
 * than the two were. Accuracy: approximate, because sums are taken in another order.
 */
export const foldGemmGemm = defineRule({
  name: "fold-gemm-gemm",
  about: "writes two products with constant matrices in a row as one, where that is no larger; products are associative",
  accuracy: "approximate",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) =>
    op.oneOf(
      ["Gemm", "MatMul"],
      op.oneOf(["Gemm", "MatMul"], v("a"), v("b").constant(), v("c").optional()).single().as("first"),
      v("d").constant(),
      v("e").optional(),
    ),
  replacement(op, m) {
    const result = folded(m);
    if (typeof result === "string") return result;
    const { first, weight, bias } = result;
    if (!bias && !first.transA) return op.MatMul(first.a, op.constant(weight, first.b.name));
    return linearWith(op, { ...first, alpha: 1, transB: false }, first.a, weight, bias);
  },
});
