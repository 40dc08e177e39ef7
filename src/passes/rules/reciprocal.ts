// A product with a reciprocal.
import { isFloat } from "../../tensor/dtype.ts";
import { defineRule } from "../rewriter.ts";
import { dtypeOf, sameTypes } from "../value-facts.ts";

/**
 * Divides in place of multiplying with a reciprocal.
 *
 *     x ─ Reciprocal ─ Mul(y) ─ z        1 ─ Div(x) ─ Mul(y) ─ z
 *     y ─ Div(x) ─ z
 *
 * Cases: 1. Reciprocal  2. 1 / x, where the 1 does not broadcast x; the factor on either side.
 * Legal for floats when nobody else reads the reciprocal. Accuracy: ulp, because one rounding is saved.
 */
export const mulReciprocal = defineRule({
  name: "mul-reciprocal",
  about: "divides in place of multiplying with a reciprocal",
  accuracy: "ulp",
  targets: ["portable", "onnxruntime"],
  pattern: [
    (op, v) => op.Mul(op.Reciprocal(v("x")).single().as("reciprocal"), v("y")),
    (op, v) => op.Mul(op.Div(v("one").constant(), v("x")).single().as("reciprocal"), v("y")),
  ],
  check(m) {
    if (!isFloat(dtypeOf(m.root.output) ?? "int32")) return "integers are divided";
    const isOne =
      m.node("reciprocal").op === "Reciprocal" ||
      m
        .constant("one")
        ?.toNumbers()
        .every((v) => v === 1);
    if (!isOne) return "the dividend is not 1";
    return sameTypes(m.value("x"), m.value("reciprocal")) || "the 1 may change the shape of x";
  },
  replacement: (op, m) => op.Div(m.value("y"), m.value("x")),
});
