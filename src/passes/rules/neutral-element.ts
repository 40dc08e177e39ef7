// Arithmetic with a constant that changes nothing: x · 1, x + 0, x ^ 1 and their like.
import { isFloat } from "../../tensor/dtype.ts";
import type { Match } from "../match.ts";
import type { PatternOps, PatternVariables } from "../pattern.ts";
import { defineRule } from "../rewriter.ts";
import { standIn } from "../stand-in.ts";
import { dtypeOf, sameTypes } from "../value-facts.ts";

/** Per operator: the constant k for which `x op k` is x, bit for bit, in a float dtype and in an integer (or boolean) one. */
const neutral: Readonly<Record<string, { readonly float: number | undefined; readonly whole: number | undefined }>> = {
  // −0 + 0 is 0, so that only −0 is neutral among floats.
  Add: { float: -0, whole: 0 },
  Sub: { float: 0, whole: 0 },
  Mul: { float: 1, whole: 1 },
  Div: { float: 1, whole: 1 },
  Pow: { float: 1, whole: 1 },
  And: { float: undefined, whole: 1 },
  Or: { float: undefined, whole: 0 },
  Xor: { float: undefined, whole: 0 },
  BitwiseOr: { float: undefined, whole: 0 },
  BitwiseXor: { float: undefined, whole: 0 },
};

const form = (ops: readonly string[]) => (op: PatternOps, v: PatternVariables) => op.oneOf(ops, v("x"), v("k").constant());

const sameShape = (m: Match): true | string => sameTypes(m.value("x"), m.root.output) || "the constant may change the shape of the result";

/**
 * Removes arithmetic with a neutral constant.
 *
 *     x ─ Mul(1) ─ y
 *     x ─ y
 *
 * Cases: 1. x · 1, x / 1, x ^ 1  2. x − 0 (the constant is +0)  3. x + 0 of integers, x + (−0) of floats  4. And with true, Or and Xor with false.
 * Legal when every element of the constant is the neutral one and the result has the shape of x. Accuracy: exact; see add-zero for floats + 0.
 */
export const neutralElement = defineRule({
  name: "neutral-element",
  about: "removes x · 1, x / 1, x − 0, x ^ 1 and their like; the constant changes no bit",
  accuracy: "exact",
  targets: ["portable", "onnxruntime"],
  pattern: form(Object.keys(neutral)),
  check(m) {
    const dtype = dtypeOf(m.value("x"));
    const row = neutral[m.root.op];
    const wish = dtype && isFloat(dtype) ? row?.float : row?.whole;
    if (
      wish === undefined ||
      !m
        .constant("k")
        ?.toNumbers()
        .every((v) => Object.is(v, wish))
    )
      return "the constant is not neutral";
    return sameShape(m);
  },
  replacement: (op, m) => standIn(op, m, m.value("x")),
});

/**
 * Removes the addition of zero to floats.
 *
 *     x ─ Add(0) ─ y
 *     x ─ y
 *
 * Cases: 1. x + 0, zero on either side  2. x − (−0).
 * Legal when every element of the constant is a zero and the result has the shape of x. Accuracy: ulp, because −0 + 0 is 0 and x keeps −0.
 */
export const addZero = defineRule({
  name: "add-zero",
  about: "removes the addition of 0 to floats; only the sign of a zero may differ",
  accuracy: "ulp",
  targets: ["portable", "onnxruntime"],
  pattern: form(["Add", "Sub"]),
  check: (m) =>
    m
      .constant("k")
      ?.toNumbers()
      .every((v) => v === 0)
      ? sameShape(m)
      : "the constant is not 0",
  replacement: (op, m) => standIn(op, m, m.value("x")),
});
