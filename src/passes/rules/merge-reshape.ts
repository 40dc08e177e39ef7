// Chains of operators that only give a tensor another shape.
import { int64List } from "../../ops/shape.ts";
import type { PatternOps, PatternVariables } from "../pattern.ts";
import { targetOf } from "../reshape-target.ts";
import { defineRule } from "../rewriter.ts";
import { dependsOnDefault } from "../value-facts.ts";

const reshaping = ["Reshape", "Flatten", "Squeeze", "Unsqueeze"] as const;

const chain = (op: PatternOps, v: PatternVariables) => op.oneOf(reshaping, op.oneOf(reshaping, v("x")).open().as("inner")).open();

/**
 * Writes two operators that only reshape as one Reshape.
 *
 *     x[b, 2, 6] ─ Flatten ─ Reshape(0, 3, 4) ─ y
 *     x[b, 2, 6] ─ Reshape(0, 3, 4) ─ y
 *
 * Cases: 1. Reshape of Reshape  2. Squeeze, Unsqueeze, Flatten on either side  3. shapes with one symbol that moves (−1), any that stay (0)
 * 4. targets computed at run time, when the types know the result.
 * Legal because the elements keep their row-major order, and the result's shape is known from x's up to one size. The inner one stays where
 * somebody else reads it. A result that has x's shape is then removed by no-op.
 * Accuracy: exact.
 */
export const mergeReshape = defineRule({
  name: "merge-reshape",
  about: "writes two operators that only reshape as one Reshape; the order of the elements stays",
  accuracy: "exact",
  targets: ["portable", "onnxruntime"],
  pattern: chain,
  check(m) {
    if (dependsOnDefault(m.root) || dependsOnDefault(m.node("inner"))) return "one reads an input whose default a caller may replace";
    return targetOf(m) !== undefined || "no constant target gives the shape of the result";
  },
  replacement: (op, m) => op.Reshape(m.value("x"), op.constant(int64List(targetOf(m) as number[]))),
});
