// Where with a condition that is constant, or negated.
import type { Match } from "../match.ts";
import { defineRule } from "../rewriter.ts";
import { standIn } from "../stand-in.ts";
import { sameTypes } from "../value-facts.ts";

/** The name of the side that a constant condition always takes. */
function sideOf(m: Match): "x" | "y" | undefined {
  const test = m.constant("condition")?.toNumbers() ?? [];
  if (test.length === 0 || test.some((t) => (t === 0) !== (test[0] === 0))) return undefined;
  return test[0] === 0 ? "y" : "x";
}

/**
 * Takes the side of a Where that its constant condition names.
 *
 *     Where(true, x, y) ─ z
 *     x ─ z
 *
 * Cases: 1. all elements true: x  2. all false: y.
 * Legal when the side taken has the shape of the result: Where also broadcasts. Accuracy: exact.
 */
export const constantWhere = defineRule({
  name: "constant-where",
  about: "takes the side of a Where whose condition is constant",
  accuracy: "exact",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) => op.Where(v("condition").constant(), v("x"), v("y")),
  check(m) {
    const side = sideOf(m);
    if (!side) return "the condition takes both sides";
    return sameTypes(m.value(side), m.root.output) || "the side that it takes may not have the shape of the result";
  },
  replacement: (op, m) => standIn(op, m, m.value(sideOf(m) as string)),
});

/**
 * Exchanges the sides of a Where whose condition is negated.
 *
 *     Where(Not(c), x, y) ─ z
 *     Where(c, y, x) ─ z
 *
 * Legal always. The Not stays where somebody else reads it. Accuracy: exact.
 */
export const notWhere = defineRule({
  name: "not-where",
  about: "exchanges the sides of a Where in place of negating its condition",
  accuracy: "exact",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) => op.Where(op.Not(v("c")), v("x"), v("y")),
  replacement: (op, m) => op.Where(m.value("c"), m.value("y"), m.value("x")),
});
