// Bounds in a row, and bounds that bound nothing.
import type { Node } from "../../ir/graph.ts";
import { type DType, integerRange, isBig, isFloat } from "../../tensor/dtype.ts";
import { Storage } from "../../tensor/storage.ts";
import type { Match } from "../match.ts";
import type { PatternOps, PatternVariables } from "../pattern.ts";
import { defineRule } from "../rewriter.ts";
import { standIn } from "../stand-in.ts";
import { dtypeOf } from "../value-facts.ts";

/** What is between `low` and `high` stays; infinite where there is no bound. */
interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** The bounds of a Relu or a Clip; undefined when one is not constant. */
function boundsOf(node: Node): Bounds | undefined {
  if (node.op === "Relu") return { low: 0, high: Number.POSITIVE_INFINITY };
  const at = (i: number, missing: number) => {
    const value = node.inputs[i];
    return value === undefined ? missing : value.constant?.toNumbers()[0];
  };
  const low = at(1, Number.NEGATIVE_INFINITY);
  const high = at(2, Number.POSITIVE_INFINITY);
  return low === undefined || high === undefined || Number.isNaN(low) || Number.isNaN(high) ? undefined : { low, high };
}

/** The bounds of both in a row: what the outer ones make of the inner ones. Where bounds cross, the high one wins. */
function both(inner: Bounds, outer: Bounds): Bounds {
  const through = (v: number) => Math.min(Math.max(Math.min(Math.max(v, inner.low), inner.high), outer.low), outer.high);
  return { low: through(Number.NEGATIVE_INFINITY), high: through(Number.POSITIVE_INFINITY) };
}

function merged(m: Match): Bounds | undefined {
  const inner = boundsOf(m.node("inner"));
  const outer = boundsOf(m.root);
  return inner && outer && both(inner, outer);
}

const bound = (op: PatternOps, x: Parameters<PatternOps["oneOf"]>[1]) => op.oneOf(["Relu", "Clip"], x).open();

/**
 * Writes two bounds in a row as one.
 *
 *     x ─ Clip(a, b) ─ Clip(c, d) ─ y
 *     x ─ Clip(a', b') ─ y        a' and b' are what Clip(c, d) makes of the ends of Clip(a, b)
 *
 * Cases: 1. Clip of Clip  2. Relu, which is Clip(0, ∞), on either side  3. ranges that do not meet: everything becomes one number.
 * Legal when all bounds are constant. The inner one stays where somebody else reads it. Accuracy: ulp, because Relu and Clip may give zeros of
 * different sign.
 */
export const mergeClip = defineRule({
  name: "merge-clip",
  about: "writes Clip or Relu of Clip or Relu as one Clip; bounds compose",
  accuracy: "ulp",
  targets: ["portable", "onnxruntime"],
  pattern: (op: PatternOps, v: PatternVariables) => bound(op, bound(op, v("x")).as("inner")),
  check(m) {
    const dtype = dtypeOf(m.value("x"));
    if (!dtype || isBig(dtype)) return "bounds of 64 bits are not merged";
    return merged(m) !== undefined || "a bound is not constant, or is NaN";
  },
  replacement(op, m) {
    const { low, high } = merged(m) as Bounds;
    if (low === 0 && high === Number.POSITIVE_INFINITY && m.root.op === "Relu") return op.Relu(m.value("x"));
    // An infinite bound bounds only where both are the same: everything becomes ∞.
    const limit = (value: number) =>
      Number.isFinite(value) || low === high ? op.constant(Storage.from(dtypeOf(m.value("x")) as DType, [value], [])) : undefined;
    return op.Clip(m.value("x"), limit(low), limit(high));
  },
});

/** True when the constant is the lowest (side 0) or highest (side 1) value of its dtype. */
function isEnd(m: Match, name: string, side: 0 | 1): boolean {
  const storage = m.constant(name);
  if (storage?.size !== 1) return false;
  if (isFloat(storage.dtype)) return storage.toNumbers()[0] === (side === 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY);
  return BigInt(storage.dense()[0] as number | bigint) === integerRange(storage.dtype)[side];
}

/**
 * Drops a bound of a Clip that bounds nothing.
 *
 *     x ─ Clip(−∞, 6) ─ y
 *     x ─ Clip(_, 6) ─ y
 *
 * Cases: 1. −∞ below, ∞ above  2. the ends of an integer dtype  3. both: nothing is left of the Clip.
 * Legal because no value lies beyond. The largest finite float is a bound: ∞ lies beyond it. Accuracy: exact.
 */
export const dropClipBound = defineRule({
  name: "drop-clip-bound",
  about: "drops bounds of a Clip that no value lies beyond",
  accuracy: "exact",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) => op.Clip(v("x"), v("min").optional(), v("max").optional()),
  check: (m) => isEnd(m, "min", 0) || isEnd(m, "max", 1) || "its bounds are finite, not constant or left out",
  replacement(op, m) {
    const low = isEnd(m, "min", 0) ? undefined : m.optional("min");
    const high = isEnd(m, "max", 1) ? undefined : m.optional("max");
    return low || high ? op.Clip(m.value("x"), low, high) : standIn(op, m, m.value("x"));
  },
});
