// Chains of transpositions, and those that move no element.

import type { Node } from "../../ir/graph.ts";
import { int64List } from "../../ops/shape.ts";
import { attributeOf, type Match } from "../match.ts";
import { targetOf } from "../reshape-target.ts";
import { defineRule } from "../rewriter.ts";
import { shapeOf } from "../value-facts.ts";

/** The permutation of a Transpose: its attribute, or the reverse of all axes. */
export function permutationOf(node: Node): readonly number[] | undefined {
  const perm = attributeOf(node, "perm");
  if (Array.isArray(perm)) return perm as readonly number[];
  const rank = shapeOf(node.inputs[0])?.length;
  return rank === undefined ? undefined : Array.from({ length: rank }, (_, i) => rank - 1 - i);
}

function composed(m: Match): readonly number[] | undefined {
  const inner = permutationOf(m.node("inner"));
  const outer = permutationOf(m.root);
  return inner && outer?.map((p) => inner[p] as number);
}

/**
 * Writes two transpositions as one.
 *
 *     x ─ Transpose(p) ─ Transpose(q) ─ y
 *     x ─ Transpose(p[q[0]], p[q[1]], …) ─ y
 *
 * Cases: 1. any two permutations, default ones included  2. two that cancel leave the identity, which no-op removes.
 * Legal because permutations compose. The inner one stays where somebody else reads it. Accuracy: exact.
 */
export const mergeTranspose = defineRule({
  name: "merge-transpose",
  about: "writes two transpositions as one; permutations compose",
  accuracy: "exact",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) => op.Transpose(op.Transpose(v("x")).as("inner")),
  check: (m) => composed(m) !== undefined || "the rank is unknown, so is what the default permutation means",
  replacement: (op, m) => op.Transpose(m.value("x"), { perm: composed(m) as number[] }),
});

/** True when the axes longer than 1 keep their order. */
function movesOnlyOnes(m: Match): boolean {
  const shape = shapeOf(m.value("x"));
  const perm = permutationOf(m.root);
  const long = shape && perm?.filter((p) => shape[p] !== 1);
  return long?.every((p, i) => i === 0 || (long[i - 1] as number) < p) ?? false;
}

/**
 * Writes a Transpose that only moves axes of size 1 as a Reshape, which copies nothing.
 *
 *     x[b, 1, 5] ─ Transpose(0, 2, 1) ─ y
 *     x[b, 1, 5] ─ Reshape(0, 5, 1) ─ y
 *
 * Legal when the other axes keep their order and at most one symbolic size changes its place. Accuracy: exact.
 */
export const transposeToReshape = defineRule({
  name: "transpose-to-reshape",
  about: "writes a Transpose that only moves axes of size 1 as a Reshape; the elements keep their order",
  accuracy: "exact",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) => op.Transpose(v("x")),
  check(m) {
    const perm = permutationOf(m.root);
    if (!perm || perm.every((p, i) => p === i)) return "it moves nothing, or its rank is unknown";
    if (!movesOnlyOnes(m)) return "axes longer than 1 change their order";
    return targetOf(m) !== undefined || "no constant target gives the shape of the result";
  },
  replacement: (op, m) => op.Reshape(m.value("x"), op.constant(int64List(targetOf(m) as number[]))),
});
