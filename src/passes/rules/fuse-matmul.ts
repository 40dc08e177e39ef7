// For ONNX Runtime: a product with the transpositions and the factor around it as one com.microsoft.FusedMatMul.
import type { Node, Value } from "../../ir/graph.ts";
import type { Attributes } from "../../ir/schema.ts";
import { attributeOf, type Match } from "../match.ts";
import { defineRule } from "../rewriter.ts";
import { dtypeOf, sameTypes, shapeOf } from "../value-facts.ts";
import { permutationOf } from "./merge-transpose.ts";

const products = ["MatMul", "com.microsoft.FusedMatMul"] as const;

/** Why ONNX Runtime's kernel does not do the product that `node` computes, or true. */
function supported(node: Node): true | string {
  const dtype = dtypeOf(node.output);
  if (dtype !== "float32" && dtype !== "float64") return "the product is neither float32 nor float64";
  if (node.inputs.some((v) => (shapeOf(v)?.length ?? 0) < 2)) return "an operand is a vector, or of unknown rank";
  const batched = node.op !== "MatMul" && (attributeOf(node, "transBatchA") !== 0 || attributeOf(node, "transBatchB") !== 0);
  return !batched || "its batch axes are transposed";
}

/** True when a permutation exchanges the last two axes and nothing else. */
function swapsLastTwo(perm: readonly number[] | undefined): boolean {
  const rank = perm?.length ?? 0;
  return rank >= 2 && (perm?.every((p, i) => p === (i < rank - 2 ? i : 2 * rank - 3 - i)) ?? false);
}

/**
 * Lets a product read a matrix as it lies in place of its transposition.
 *
 *     a, b ─ Transpose(…, last two exchanged)(b) ─ MatMul ─ y
 *     FusedMatMul(a, b; transB = 1) ─ y
 *
 * Cases: 1. either side  2. both: one after the other  3. a product that is fused already.
 * Legal when the Transpose exchanges the last two axes only. It stays where somebody else reads it. Accuracy: ulp.
 */
export const fuseMatMulTranspose = defineRule({
  name: "fuse-matmul-transpose",
  about: "lets ONNX Runtime's FusedMatMul read a matrix as it lies in place of its transposition",
  accuracy: "ulp",
  targets: ["onnxruntime"],
  pattern: [
    (op, v) => op.oneOf(products, op.Transpose(v("a")).as("t"), v("b")),
    (op, v) => op.oneOf(products, v("a"), op.Transpose(v("b")).as("t")),
  ],
  check(m) {
    const can = supported(m.root);
    if (can !== true) return can;
    return swapsLastTwo(permutationOf(m.node("t"))) || "the Transpose does more than exchange the last two axes";
  },
  replacement(op, m) {
    const name = m.root.inputs[0] === m.value("t") ? "transA" : "transB";
    const before = Number(attributeOf(m.root, name) ?? 0);
    const attributes = { ...m.root.attributes, [name]: 1 - before };
    return op.call("com.microsoft.FusedMatMul", [m.value("a"), m.value("b")], attributes)[0] as Value;
  },
});

/** The factor of the match's Mul or Div by a constant of one element; undefined when it is another. */
function factorOf(m: Match, node: string | undefined): number | undefined {
  const constant = m.constant("k");
  const k = constant?.size === 1 ? constant.toNumbers()[0] : undefined;
  if (k === undefined) return undefined;
  const { op } = node === undefined ? m.root : m.node(node);
  const factor = op === "Div" ? 1 / k : k;
  return Number.isFinite(factor) && factor !== 0 ? factor : undefined;
}

const scaledBy = (product: Attributes, factor: number) => ({ ...product, alpha: Math.fround(Number(product.alpha ?? 1) * factor) });

/**
 * Takes one factor for the whole product into its alpha.
 *
 *     MatMul(a, b) ─ Mul(k) ─ y        a ─ Mul(k) ─ MatMul(_, b) ─ y
 *     FusedMatMul(a, b; alpha = k) ─ y
 *
 * Cases: 1. behind the product  2. in front of either side  3. Div  4. a product that is fused already.
 * Legal when nobody else reads the value in between, all is float32 (as alpha is), and k is one finite number that changes no shape. Accuracy: ulp.
 */
export const fuseMatMulScale = defineRule({
  name: "fuse-matmul-scale",
  about: "takes one factor for a whole product into the alpha of ONNX Runtime's FusedMatMul",
  accuracy: "ulp",
  targets: ["onnxruntime"],
  pattern: [
    (op, v) => op.oneOf(["Mul", "Div"], op.oneOf(products, v("a"), v("b")).single().as("product"), v("k").constant()),
    (op, v) => op.oneOf(products, op.oneOf(["Mul", "Div"], v("a"), v("k").constant()).single().as("scaled"), v("b")),
    (op, v) => op.oneOf(products, v("a"), op.oneOf(["Mul", "Div"], v("b"), v("k").constant()).single().as("scaled")),
  ],
  check(m) {
    const behind = m.root.op === "Mul" || m.root.op === "Div";
    const can = supported(behind ? m.node("product") : m.root);
    if (can !== true) return can;
    if (dtypeOf(m.root.output) !== "float32") return "alpha is a float32, and would round the factor";
    if (factorOf(m, behind ? undefined : "scaled") === undefined) return "the factor is not one finite number";
    if (behind) return sameTypes(m.value("product"), m.root.output) || "the factor may change the shape of the result";
    const side = m.root.inputs[0] === m.value("scaled") ? "a" : "b";
    return (
      (shapeOf(m.value(side)) !== undefined && sameTypes(m.value(side), m.value("scaled"))) ||
      "the factor may change the shape of the operand"
    );
  },
  replacement(op, m) {
    const behind = m.root.op === "Mul" || m.root.op === "Div";
    const { attributes } = behind ? m.node("product") : m.root;
    const factor = factorOf(m, behind ? undefined : "scaled") as number;
    return op.call("com.microsoft.FusedMatMul", [m.value("a"), m.value("b")], scaledBy(attributes, factor))[0] as Value;
  },
});
