// Before opset 7, elementwise operators broadcast only when told, and could align the second operand to an axis of the first:
// shapes [2, 3, 4, 5] and [3, 4] with axis 1. Today that is an Unsqueeze of the second operand to [3, 4, 1].
import type { Conversion, Conversions } from "./draft.ts";

const alignToAxis: Conversion = {
  before: 7,
  convert(node) {
    const broadcast = node.takeInt("broadcast") ?? 0;
    const axis = node.takeInt("axis");
    if (broadcast === 0 || axis === undefined) return;
    const [rank, small] = [node.rank(0), node.rank(1)];
    if (rank === undefined || small === undefined) return node.fail("it aligns its operands to an axis, and their ranks are not known");
    const trailing = rank - ((axis + rank) % rank) - small;
    if (trailing < 0) node.fail(`axis ${axis} does not leave room for ${small} dimensions of ${rank}`);
    if (trailing === 0) return;
    const axes = Array.from({ length: trailing }, (_, i) => small + i);
    node.inputs[1] = node.add("Unsqueeze", [node.inputs[1], node.int64(axes)]);
  },
};

/** A slope per channel was written as [C]; today it broadcasts like any operand: [C, 1, 1]. */
const slopePerChannel: Conversion = {
  before: 7,
  convert(node) {
    const [rank, slope] = [node.rank(0), node.rank(1)];
    if (rank === undefined || slope === undefined) return node.fail("the ranks of its operands are not known");
    if (slope !== 1 || rank <= 2) return;
    const axes = Array.from({ length: rank - 2 }, (_, i) => 1 + i);
    node.inputs[1] = node.add("Unsqueeze", [node.inputs[1], node.int64(axes)]);
  },
};

const aligned = ["Add", "Sub", "Mul", "Div", "Pow", "And", "Or", "Xor", "Greater", "Less", "Equal"];

export const broadcastAxis: Conversions = {
  ...Object.fromEntries(aligned.map((op) => [op, [alignToAxis]])),
  PRelu: [slopePerChannel],
};
