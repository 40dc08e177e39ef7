// Two constants in a row that are added, or multiplied, as one.
import { applyOp } from "../../ops/apply-op.ts";
import { isFloat } from "../../tensor/dtype.ts";
import { Storage } from "../../tensor/storage.ts";
import { toFloat64 } from "../channel-arithmetic.ts";
import type { Match } from "../match.ts";
import { defineRule } from "../rewriter.ts";

const wide = (s: Storage) => Storage.from("float64", toFloat64(s), s.shape);

/** What to add to x in place of both constants; or the reason why not. */
function addend(m: Match): Storage | string {
  const [c, d] = [m.constant("c"), m.constant("d")] as [Storage, Storage];
  const [first, second] = [m.node("inner").op, m.root.op];
  const same = first === second;
  // x − c − d = x − (c + d), x + c − d = x + (c − d), x − c + d = x − (c − d).
  if (!isFloat(c.dtype)) return applyOp(same ? "Add" : "Sub", [c, d]);
  const sum = applyOp(same ? "Add" : "Sub", [wide(c), wide(d)]);
  const rounded = Storage.from(c.dtype, toFloat64(sum), sum.shape);
  const [p, q] = [c, d].map((s) => toFloat64(s.expand(sum.shape))) as [Float64Array, Float64Array];
  const kept = rounded.toNumbers().every((s, i) => {
    const [a, b] = [Math.abs(p[i] as number), Math.abs(q[i] as number)];
    return Number.isFinite(s) && Math.abs(s) >= Math.max(a, b) / 2;
  });
  // (x + 2²³) − 2²³ rounds x to a whole number: constants that cancel are there for the rounding in between.
  return kept ? rounded : "the constants cancel each other, or are not finite";
}

/** What to multiply x with in place of both constants; or the reason why not. */
function factor(m: Match): Storage | string {
  const [c, d] = [m.constant("c"), m.constant("d")] as [Storage, Storage];
  const ops = [m.node("inner").op, m.root.op];
  if (!isFloat(c.dtype)) return ops.includes("Div") ? "integers are divided" : applyOp("Mul", [c, d]);
  const one = Storage.from("float64", [1], []);
  const inner = ops[0] === "Div" ? applyOp("Div", [one, wide(c)]) : wide(c);
  const product = applyOp(ops[1] === "Div" ? "Div" : "Mul", [inner, wide(d)]);
  const rounded = Storage.from(c.dtype, toFloat64(product), product.shape);
  const smallest = c.dtype === "float16" ? 2 ** -14 : c.dtype === "float64" ? 2 ** -1022 : 2 ** -126;
  const kept = rounded.toNumbers().every((v) => Number.isFinite(v) && Math.abs(v) >= smallest);
  return kept ? rounded : "the product of the constants is 0, too small or too large for the dtype";
}

const grows = (m: Match, made: Storage) => made.size > Math.max(m.constant("c")?.size ?? 0, m.constant("d")?.size ?? 0);

/** The constant, if it is no larger than the two that it replaces; or the reason why not. */
function notLarger(m: Match, made: Storage | string): Storage | string {
  return typeof made !== "string" && grows(m, made) ? "one constant would be larger than the two" : made;
}

/**
 * Adds two constants in a row as one.
 *
 *     x ─ Add(c) ─ Sub(d) ─ y
 *     x ─ Add(c − d) ─ y
 *
 * Cases: 1. Add and Sub of constants in any order  2. integers, which wrap alike  3. constants of different shapes, where one covers the other.
 * Legal when nobody else reads the sum in between, the new constant is not larger than the two, and the constants do not cancel each other.
 * Accuracy: ulp.
 */
export const mergeAdds = defineRule({
  name: "merge-adds",
  about: "adds two constants in a row as one; addition is associative but for rounding",
  accuracy: "ulp",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) => op.oneOf(["Add", "Sub"], op.oneOf(["Add", "Sub"], v("x"), v("c").constant()).single().as("inner"), v("d").constant()),
  replacement(op, m) {
    const made = notLarger(m, addend(m));
    if (typeof made === "string") return made;
    const constant = op.constant(made);
    return m.node("inner").op === "Add" ? op.Add(m.value("x"), constant) : op.Sub(m.value("x"), constant);
  },
});

/**
 * Multiplies with two constants in a row as with one.
 *
 *     x ─ Mul(c) ─ Div(d) ─ y
 *     x ─ Mul(c / d) ─ y
 *
 * Cases: 1. Mul and Div of floats in any order  2. Mul of integers, which wrap alike (never Div).
 * Legal when nobody else reads the product in between, the new constant is not larger than the two, and it is a normal number of the dtype.
 * Accuracy: ulp.
 */
export const mergeMuls = defineRule({
  name: "merge-muls",
  about: "multiplies with two constants in a row as with one; multiplication is associative but for rounding",
  accuracy: "ulp",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) => op.oneOf(["Mul", "Div"], op.oneOf(["Mul", "Div"], v("x"), v("c").constant()).single().as("inner"), v("d").constant()),
  replacement(op, m) {
    const made = notLarger(m, factor(m));
    return typeof made === "string" ? made : op.Mul(m.value("x"), op.constant(made));
  },
});
