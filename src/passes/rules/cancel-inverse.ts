// An operator that is its own inverse, applied twice.
import { defineRule } from "../rewriter.ts";
import { standIn } from "../stand-in.ts";

const selfInverse = ["Not", "Neg", "BitwiseNot"] as const;

/**
 * Removes two negations in a row.
 *
 *     x ─ Not ─ Not ─ y
 *     x ─ y
 *
 * Cases: 1. Not  2. Neg (of integers too: −(−x) wraps back)  3. BitwiseNot.
 * Legal because each undoes itself bit for bit. The inner one stays where somebody else reads it. Accuracy: exact.
 */
export const cancelInverse = defineRule({
  name: "cancel-inverse",
  about: "removes Not of Not, Neg of Neg, BitwiseNot of BitwiseNot; each undoes itself",
  accuracy: "exact",
  targets: ["portable", "onnxruntime"],
  pattern: selfInverse.map((name) => (op, v) => op.call(name, op.call(name, v("x")))),
  replacement: (op, m) => standIn(op, m, m.value("x")),
});
