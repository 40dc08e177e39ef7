// A product of matrices and the addition behind it, as one Gemm; and transpositions around a Gemm.
import type { Value } from "../../ir/graph.ts";
import { attributeOf, type Match } from "../match.ts";
import { defineRule } from "../rewriter.ts";
import { dtypeOf, sameTypes, shapeOf } from "../value-facts.ts";
import { permutationOf } from "./merge-transpose.ts";

/** The dtypes for which runtimes have Gemm: those of integers, and bfloat16, are often missing where MatMul has them. */
const gemmTypes: ReadonlySet<string> = new Set(["float32", "float64", "float16"]);

/** True when the match's `c` can be the C of a Gemm of its `a` and `b`. */
function addable(m: Match): true | string {
  if (!gemmTypes.has(dtypeOf(m.root.output) ?? "")) return "Gemm is not common for its dtype";
  if (shapeOf(m.value("a"))?.length !== 2 || shapeOf(m.value("b"))?.length !== 2) return "it is not a product of two matrices";
  const rank = shapeOf(m.value("c"))?.length;
  if (rank === undefined || rank > 2) return "the addend is not known to have rank 2 or less";
  return sameTypes(m.value("product"), m.root.output) || "the addend may change the shape of the result";
}

/**
 * Writes a product of matrices and the addition of a bias as one Gemm.
 *
 *     x[m, k] ─ MatMul(w) ─ Add(b) ─ y
 *     x[m, k] ─ Gemm(w, b) ─ y
 *
 * Cases: 1. b on either side  2. b one number, a row, a column or a matrix, constant or not.
 * Legal when both factors have rank 2, nobody else reads the product, b broadcasts to it (not it to b), and the dtype is float32, float64 or
 * float16. Accuracy: ulp, because a runtime may start its sums from b.
 */
export const matmulAdd = defineRule({
  name: "matmul-add",
  about: "writes MatMul of matrices and Add as one Gemm; Gemm adds C to the product",
  accuracy: "ulp",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) => op.Add(op.MatMul(v("a"), v("b")).single().as("product"), v("c")),
  check: addable,
  replacement: (op, m) => op.Gemm(m.value("a"), m.value("b"), m.value("c")),
});

/**
 * Gives a Gemm without C the addend behind it as its C.
 *
 *     Gemm(a, b) ─ Add(c) ─ y
 *     Gemm(a, b, c) ─ y
 *
 * Cases: 1. Add, c on either side  2. Sum of two.
 * Legal as matmul-add is, whatever alpha and the transpositions. Accuracy: ulp.
 */
export const gemmAdd = defineRule({
  name: "gemm-add",
  about: "gives a Gemm without C the addend behind it as its C",
  accuracy: "ulp",
  targets: ["portable", "onnxruntime"],
  pattern: [
    (op, v) => op.oneOf(["Add", "Sum"], op.Gemm(v("a"), v("b")).single().as("product"), v("c")),
    (op, v) => op.Sum(v("c"), op.Gemm(v("a"), v("b")).single().as("product")),
  ],
  check: addable,
  replacement: (op, m) => op.Gemm(m.value("a"), m.value("b"), m.value("c"), { ...m.node("product").attributes, beta: 1 }),
});

const flips = (m: Match, name: string) => permutationOf(m.node(name))?.join() === "1,0";
const flag = (m: Match, name: string, node?: string) => Number(attributeOf(node === undefined ? m.root : m.node(node), name)) !== 0;

/**
 * Lets a Gemm read a matrix as it lies in place of its transposition.
 *
 *     a ─ Transpose ─ Gemm(b, c; transA = 0) ─ y
 *     a ─ Gemm(b, c; transA = 1) ─ y
 *
 * Cases: 1. A  2. B  3. both: one after the other.
 * Legal because Gemm transposes by an attribute. The Transpose stays where somebody else reads it. Accuracy: exact.
 */
export const gemmTranspose = defineRule({
  name: "gemm-transpose",
  about: "lets a Gemm read a matrix as it lies in place of its transposition",
  accuracy: "exact",
  targets: ["portable", "onnxruntime"],
  pattern: [
    (op, v) => op.Gemm(op.Transpose(v("a")).as("t"), v("b"), v("c").optional()),
    (op, v) => op.Gemm(v("a"), op.Transpose(v("b")).as("t"), v("c").optional()),
  ],
  check: (m) => flips(m, "t") || "it does not exchange the two axes",
  replacement(op, m) {
    const first = m.root.inputs[0] === m.value("t");
    const second = m.root.inputs[1] === m.value("t") && !first;
    return op.call("Gemm", [m.value("a"), m.value("b"), m.optional("c")], {
      ...m.root.attributes,
      transA: Number(flag(m, "transA") !== first),
      transB: Number(flag(m, "transB") !== second),
    })[0] as Value;
  },
});

/**
 * Exchanges the factors of a Gemm in place of transposing its result.
 *
 *     Gemm(a, b) ─ Transpose ─ y
 *     Gemm(b, a; both transposed) ─ y        (a·b)' = b'·a'
 *
 * Legal when nobody else reads the product and there is no C (beta may be anything then). Accuracy: ulp, because kernels may block sums
 * differently.
 */
export const transposeGemm = defineRule({
  name: "transpose-gemm",
  about: "exchanges the factors of a Gemm in place of transposing its result; (a·b)' = b'·a'",
  accuracy: "ulp",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) => op.Transpose(op.Gemm(v("a"), v("b")).single().as("product")),
  check: (m) => permutationOf(m.root)?.join() === "1,0" || "it does not exchange the two axes",
  replacement: (op, m) =>
    op.Gemm(m.value("b"), m.value("a"), {
      ...m.node("product").attributes,
      transA: Number(!flag(m, "transB", "product")),
      transB: Number(!flag(m, "transA", "product")),
    }),
});
