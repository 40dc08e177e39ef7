// Folds a multiplication or addition by constants, one per channel, into the convolution before it.

import type { Storage } from "../../tensor/storage.ts";
import type { ChannelAffine } from "../channel-arithmetic.ts";
import { affineOfOperator, perChannel } from "../channel-arithmetic.ts";
import { outputChannels, scaledConvolution } from "../convolution-weights.ts";
import type { Match } from "../match.ts";
import type { PatternOps, PatternVariables } from "../pattern.ts";
import { defineRule } from "../rewriter.ts";

const convolution = (op: PatternOps, v: PatternVariables) =>
  op.oneOf(["Conv", "ConvTranspose"], v("x"), v("w").constant(), v("b").constant().optional()).single().as("conv");

/** The constant as one number per output channel, when it does not change the result's shape. */
function channelsOf(m: Match): Float64Array | undefined {
  const weight = m.constant("w") as Storage;
  return perChannel(m.constant("k") as Storage, weight.rank, outputChannels(m.node("conv"), weight));
}

function affineOf(m: Match): ChannelAffine | undefined {
  const k = channelsOf(m);
  return k && affineOfOperator(m.root.op, k);
}

const check = (m: Match) => affineOf(m) !== undefined || "the constant is not one finite number per output channel";

/**
 * Folds a multiplication (or division) by a constant per channel into the convolution before it.
 *
 *     x ─ Conv(W, b) ─ Mul(k) ─ y
 *     x ─ Conv(W·k, b·k) ─ y
 *
 * Cases: 1. Mul, constant on either side  2. Div by a constant  3. ConvTranspose, groups.
 * Legal when the convolution's output has no other reader and k has one element or shape [C, 1, …], so that the shape stays.
 * Accuracy: ulp.
 */
export const foldConvMul = defineRule({
  name: "fold-conv-mul",
  about: "folds a factor per channel into the convolution before it; convolution is linear in its weight",
  accuracy: "ulp",
  targets: ["portable", "onnxruntime"],
  pattern: [(op, v) => op.Mul(convolution(op, v), v("k").constant()), (op, v) => op.Div(convolution(op, v), v("k").constant())],
  check,
  replacement: (op, m) => scaledConvolution(op, m, affineOf(m)),
});

/**
 * Folds the addition (or subtraction) of a constant per channel into the bias of the convolution before it.
 *
 *     x ─ Conv(W, b) ─ Add(k) ─ y
 *     x ─ Conv(W, b + k) ─ y
 *
 * Cases: 1. Add, constant on either side  2. Sub of a constant  3. without b  4. ConvTranspose.
 * Legal when the convolution's output has no other reader and k has one element or shape [C, 1, …], so that the shape stays.
 * Accuracy: ulp.
 */
export const foldConvAdd = defineRule({
  name: "fold-conv-add",
  about: "folds an addend per channel into the bias of the convolution before it",
  accuracy: "ulp",
  targets: ["portable", "onnxruntime"],
  pattern: [(op, v) => op.Add(convolution(op, v), v("k").constant()), (op, v) => op.Sub(convolution(op, v), v("k").constant())],
  check,
  replacement: (op, m) => scaledConvolution(op, m, affineOf(m)),
});
