// Folds a multiplication or addition by constants, one per channel, into the convolution behind it: the normalisation of a model's input.
import type { Storage } from "../../tensor/storage.ts";
import { affineOfOperator, type ChannelAffine, perChannel } from "../channel-arithmetic.ts";
import { convolutionOfAffine, inputChannels, isUnpadded } from "../convolution-weights.ts";
import type { Match } from "../match.ts";
import { defineRule } from "../rewriter.ts";
import { sameTypes } from "../value-facts.ts";

function affineOf(m: Match): ChannelAffine | undefined {
  const weight = m.constant("w") as Storage;
  const k = perChannel(m.constant("k") as Storage, weight.rank, inputChannels(m.root, weight));
  return k && affineOfOperator(m.node("changed").op, k);
}

function check(m: Match): true | string {
  if (!sameTypes(m.value("x"), m.value("changed"))) return "the constant may change the shape of x";
  return affineOf(m) !== undefined || "the constant is not one finite number per input channel";
}

/**
 * Folds a factor per channel into the weight of the convolution behind it.
 *
 *     x ─ Mul(k) ─ Conv(W, b) ─ y
 *     x ─ Conv(W·k, b) ─ y
 *
 * Cases: 1. Mul, constant on either side  2. Div by a constant  3. groups  4. with padding: a padded zero is zero after the factor too.
 * Legal when nobody else reads x·k, and k has one element or shape [C, 1, …]. Accuracy: ulp.
 */
export const foldMulConv = defineRule({
  name: "fold-mul-conv",
  about: "folds a factor per channel into the convolution behind it; convolution is linear in its input",
  accuracy: "ulp",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) =>
    op.Conv(op.oneOf(["Mul", "Div"], v("x"), v("k").constant()).single().as("changed"), v("w").constant(), v("b").optional()),
  check,
  replacement: (op, m) => convolutionOfAffine(op, m, affineOf(m) as ChannelAffine),
});

/**
 * Folds an addend per channel into the bias of the unpadded convolution behind it.
 *
 *     x ─ Sub(k) ─ Conv(W, b) ─ y
 *     x ─ Conv(W, b − Σ W·k) ─ y
 *
 * Cases: 1. Add, constant on either side  2. Sub of a constant  3. groups  4. without b.
 * Legal when the convolution does not pad, b is constant, nobody else reads x + k, and k has one element or shape [C, 1, …]. Accuracy: ulp.
 */
export const foldAddConv = defineRule({
  name: "fold-add-conv",
  about: "folds an addend per channel into the bias of the unpadded convolution behind it",
  accuracy: "ulp",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) =>
    op.Conv(op.oneOf(["Add", "Sub"], v("x"), v("k").constant()).single().as("changed"), v("w").constant(), v("b").constant().optional()),
  check: (m) => (isUnpadded(m.root) ? check(m) : "the convolution pads"),
  replacement: (op, m) => convolutionOfAffine(op, m, affineOf(m) as ChannelAffine),
});
