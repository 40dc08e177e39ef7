// Padding that the operator behind it can do by itself.
import type { Value } from "../../ir/graph.ts";
import { attributeOf, type Match } from "../match.ts";
import { defineRule } from "../rewriter.ts";
import { axisFromFront, constantInts, shapeOf } from "../value-facts.ts";

/** Begins, then ends, for the spatial axes of [N, C, …]; or the reason why the Pad is not one of these with zeros. */
function spatialPads(m: Match): readonly number[] | string {
  const pad = m.node("pad");
  if (attributeOf(pad, "mode") !== "constant") return "it pads with elements of x";
  const rank = shapeOf(m.value("x"))?.length;
  const amounts = constantInts(pad.inputs[1]);
  const axes = pad.inputs[3] ? constantInts(pad.inputs[3]) : rank && Array.from({ length: rank }, (_, i) => i);
  if (rank === undefined || !amounts || !axes) return "its amounts are not constant, or the rank is unknown";
  const all = new Array<number>(2 * rank).fill(0);
  for (const [i, a] of axes.entries()) {
    const axis = axisFromFront(a, rank) ?? 0;
    all[axis] = amounts[i] as number;
    all[axis + rank] = amounts[i + axes.length] as number;
  }
  if (all.some((p) => p < 0)) return "it crops";
  if ([0, 1, rank, rank + 1].some((i) => all[i] !== 0)) return "it pads images or channels";
  return [...all.slice(2, rank), ...all.slice(rank + 2)];
}

/** What the Pad shows; undefined when it is not constant. */
function shown(m: Match): number | undefined {
  const value = m.node("pad").inputs[2];
  return value === undefined ? 0 : m.constant("value")?.toNumbers()[0];
}

/** The pads of the root and the Pad in front of it together; or the reason why they do not add up. */
function padsTogether(m: Match): readonly number[] | string {
  const extra = spatialPads(m);
  if (typeof extra === "string") return extra;
  const autoPad = attributeOf(m.root, "auto_pad");
  if (autoPad !== "NOTSET" && autoPad !== "VALID") return "the operator works out its own padding";
  const own = autoPad === "VALID" ? undefined : attributeOf(m.root, "pads");
  return Array.isArray(own) ? extra.map((p, i) => p + (own[i] as number)) : extra;
}

function padded(m: Match, more: Readonly<Record<string, number>> = {}) {
  const { auto_pad: _, ...rest } = m.root.attributes;
  return { ...rest, ...more, pads: padsTogether(m) as readonly number[] };
}

/**
 * Lets a convolution pad by itself.
 *
 *     x ─ Pad(0) ─ Conv(W, b; pads = p) ─ y
 *     x ─ Conv(W, b; pads = p + q) ─ y
 *
 * Cases: 1. Conv that pads already, or not  2. Pad of named axes.
 * Legal when the Pad adds zeros around the spatial axes only, its amounts are constant, and nobody else reads the padded tensor.
 * Accuracy: ulp.
 */
export const foldPadConv = defineRule({
  name: "fold-pad-conv",
  about: "lets a convolution pad by itself in place of a Pad with zeros in front of it",
  accuracy: "ulp",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) =>
    op.Conv(op.Pad(v("x"), v("pads"), v("value").optional(), v("axes").optional()).single().as("pad"), v("w"), v("b").optional()),
  check(m) {
    if (shown(m) !== 0) return "it does not pad with zeros";
    const pads = padsTogether(m);
    return typeof pads === "string" ? pads : true;
  },
  replacement: (op, m) => op.call("Conv", [m.value("x"), m.value("w"), m.optional("b")], padded(m))[0] as Value,
});

/** Operators whose results are never negative (nor −0 where it matters: a maximum of zeros is a zero). */
const neverNegative: ReadonlySet<string> = new Set(["Relu", "Sigmoid", "Softmax", "Exp", "Abs", "HardSigmoid", "Softplus"]);

/**
 * Lets a pool pad by itself.
 *
 *     x ─ Pad(0) ─ AveragePool ─ y                        x ≥ 0 ─ Pad(0) ─ MaxPool ─ y
 *     x ─ AveragePool(count_include_pad = 1; pads) ─ y    x ─ MaxPool(pads) ─ y
 *
 * Cases: 1. AveragePool that did not pad itself, or that counted its padding  2. MaxPool of what is never negative (behind Relu, …), or padded
 * with −∞.
 * Legal when the Pad surrounds the spatial axes only, by less than the kernel (so that each window holds an element of x), the pool rounds
 * down, nobody else reads the padded tensor, and nobody reads the indices of a MaxPool, which count the padding. Accuracy: ulp.
 */
export const foldPadPool = defineRule({
  name: "fold-pad-pool",
  about: "lets a pool pad by itself in place of a Pad in front of it, where it means the same",
  accuracy: "ulp",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) =>
    op.oneOf(["MaxPool", "AveragePool"], op.Pad(v("x"), v("pads"), v("value").optional(), v("axes").optional()).single().as("pad")),
  check(m) {
    const { root } = m;
    const pads = padsTogether(m);
    if (typeof pads === "string") return pads;
    if (attributeOf(root, "ceil_mode") !== 0) return "it rounds up: where the last window begins would change";
    const kernel = attributeOf(root, "kernel_shape") as readonly number[];
    if (pads.some((p, i) => p >= (kernel[i % kernel.length] as number))) return "a window would lie in the padding alone";
    const value = shown(m);
    if (root.op === "MaxPool") {
      const dilations = attributeOf(root, "dilations");
      if (Array.isArray(dilations) && dilations.some((d) => d !== 1)) return "a window with gaps may lie in the padding alone";
      if (value === Number.NEGATIVE_INFINITY) return true;
      if (value !== 0) return "it does not pad with −∞ or 0";
      return neverNegative.has(m.value("x").producer?.op ?? "") || "x may be negative, so that a padded zero would win";
    }
    if (value !== 0) return "it does not pad with zeros";
    const own = attributeOf(root, "pads");
    const plain = !Array.isArray(own) || own.every((p) => p === 0) || attributeOf(root, "count_include_pad") !== 0;
    return plain || "the pool leaves its own padding out of the mean, but not that of the Pad";
  },
  replacement: (op, m) =>
    op.call(m.root.op, [m.value("x")], padded(m, m.root.op === "AveragePool" ? { count_include_pad: 1 } : {}))[0] as Value,
});
