// Joins a matrix product and the bias behind it.
import { defineRule } from "../rewriter.ts";

/**
 * Makes a Gemm of a product of matrices and a bias row.
 *
 *     a[m, k] ─ MatMul(b[k, n]) ─ Add(c[n]) ─ y
 *     Gemm(a, b, c) ─ y
 *
 * Legal when both operands are matrices, the bias is constant and a row, and nothing else reads the product.
 * Accuracy: ulp (the bias may be added at another place of the sum).
 */
export const matmulAdd = defineRule({
  name: "matmul-add",
  about: "makes a Gemm of a product of matrices and a constant bias row",
  accuracy: "ulp",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) => op.Add(op.MatMul(v("a"), v("b")).single().as("product"), v("c").constant()),
  check: (m) => {
    const [a, b, c] = ["a", "b", "c"].map((name) => m.value(name).type);
    if (a?.kind !== "tensor" || b?.kind !== "tensor" || c?.kind !== "tensor") return "an operand is no tensor";
    if (a.shape?.length !== 2 || b.shape?.length !== 2) return "an operand is not a matrix";
    if (!["float32", "float64", "float16"].includes(a.dtype)) return "Gemm is for floats here";
    return (c.shape?.length === 1 && c.shape[0] === b.shape[1]) || "the addend is not a row of the product's width";
  },
  replacement: (op, m) => op.Gemm(m.value("a"), m.value("b"), m.value("c")),
});
