// Removes operators that give back what they are given.
import type { Node } from "../../ir/graph.ts";
import { typeEquals } from "../../ir/type.ts";
import { attributeOf } from "../match.ts";
import { defineRule } from "../rewriter.ts";

/** Per operator: true when this node gives its first input back unchanged, or the reason why it does not. */
const noOps: Readonly<Record<string, (node: Node) => true | string>> = {
  Identity: () => true,
  Dropout: (n) =>
    n.inputs[2] === undefined ||
    (n.inputs[2].storage !== undefined &&
      !n.inputs[2].producer &&
      n.graph.initializers.has(n.inputs[2]) &&
      n.inputs[2].storage.toNumbers()[0] === 0) ||
    "it may be in training mode",
  Cast: (n) => sameType(n),
  Reshape: (n) => sameType(n),
  Flatten: (n) => sameType(n),
  Expand: (n) => sameType(n),
  Transpose: (n) => {
    const perm = attributeOf(n, "perm");
    return (Array.isArray(perm) && perm.every((p, i) => p === i)) || "it changes the order of the axes";
  },
  Concat: (n) => n.inputs.length === 1 || "it joins several inputs",
  Relu: (n) => n.inputs[0]?.producer?.op === "Relu" || "its input may be negative",
};

function sameType(node: Node): true | string {
  const type = node.inputs[0]?.type;
  if (type?.kind !== "tensor" || node.output.type.kind !== "tensor" || type.shape === undefined) return "the shape of its input is unknown";
  return typeEquals(type, node.output.type) || "it changes dtype or shape";
}

/**
 * Lets readers of an operator that changes nothing read its input.
 *
 *     x ─ Identity ─ y
 *     x ─ y
 *
 * Cases: 1. Identity  2. Dropout in inference  3. Cast to the same dtype  4. Reshape, Flatten, Expand to the same shape
 * 5. Transpose by the identity  6. Concat of one  7. Relu of Relu.
 * Legal because the output equals the input bit for bit. One between an input (or a constant) and an output of the graph stays: the file needs it.
 * Accuracy: exact.
 */
export const noOp = defineRule({
  name: "no-op",
  about: "removes operators that give back what they are given (Identity, Dropout, Cast to the same dtype, …)",
  accuracy: "exact",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) => op.oneOf(Object.keys(noOps), v("x")).open(),
  check(m) {
    if (m.root.output.isGraphOutput && !m.value("x").producer) return "it connects an input or a constant to an output of the graph";
    if (m.root.output.isGraphOutput && (m.value("x").isGraphOutput || m.value("x").producer?.graph !== m.graph))
      return "its input is an output of the graph already";
    return noOps[m.root.op]?.(m.root) ?? "";
  },
  replacement: (_, m) => m.value("x"),
});
