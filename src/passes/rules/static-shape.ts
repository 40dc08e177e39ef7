// Shape arithmetic in front of Reshape and Expand, where the types already know what it computes.
import { type Dim, dimEquals } from "../../ir/dim.ts";
import { int64List } from "../../ops/shape.ts";
import type { Match } from "../match.ts";
import { targetOf } from "../reshape-target.ts";
import { defineRule } from "../rewriter.ts";
import { dependsOnDefault, shapeOf } from "../value-facts.ts";

function computed(m: Match): true | string {
  if (dependsOnDefault(m.root)) return "it reads an input whose default a caller may replace";
  return m.value("shape").constant === undefined || "its shape is constant already";
}

function shapesOf(m: Match): readonly [readonly Dim[], readonly Dim[]] | undefined {
  const from = shapeOf(m.value("x"));
  const to = shapeOf(m.root.output);
  return from && to && [from, to];
}

/**
 * Gives a Reshape whose target is computed from sizes a constant target.
 *
 *     x[batch, 2, 6] ─ Shape ─ Gather(0) ─ Concat(_, 12) ─ shape;  Reshape(x, shape) ─ y[batch, 12]
 *     Reshape(x, (0, 12)) ─ y
 *
 * Cases: 1. sizes that stay where they are become 0  2. known sizes  3. one size that moves becomes −1.
 * Legal when the type of the result, which inference derived from the same arithmetic, is known up to one size.
 * Accuracy: exact.
 */
export const staticReshape = defineRule({
  name: "static-reshape",
  about: "gives a Reshape a constant target in place of shape arithmetic; the types know what it computes",
  accuracy: "exact",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) => op.Reshape(v("x"), v("shape")),
  check(m) {
    const open = computed(m);
    return open === true ? targetOf(m) !== undefined || "no constant target gives the shape of the result" : open;
  },
  replacement: (op, m) => op.Reshape(m.value("x"), op.constant(int64List(targetOf(m) as number[]))),
});

/** Per dimension of the result: 1 where x has it already, else its size; undefined where a symbol is new. */
function expanded(m: Match): number[] | undefined {
  const shapes = shapesOf(m);
  if (!shapes) return undefined;
  const [from, to] = shapes;
  const out = to.map((d, i) => {
    const own = from[i - (to.length - from.length)];
    return own !== undefined && dimEquals(own, d) ? 1 : d;
  });
  return out.every((d) => typeof d === "number") ? (out as number[]) : undefined;
}

/**
 * Gives an Expand whose target is computed from sizes a constant target.
 *
 *     x[batch, 1] ─ Expand(Concat(batch, 3)) ─ y[batch, 3]
 *     x[batch, 1] ─ Expand(1, 3) ─ y
 *
 * Legal when each size of the result is x's own or a known number. Accuracy: exact.
 */
export const staticExpand = defineRule({
  name: "static-expand",
  about: "gives an Expand a constant target in place of shape arithmetic; the types know what it computes",
  accuracy: "exact",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) => op.Expand(v("x"), v("shape")),
  check(m) {
    const open = computed(m);
    return open === true ? expanded(m) !== undefined || "a size of the result is neither x's nor a known number" : open;
  },
  replacement: (op, m) => op.Expand(m.value("x"), op.constant(int64List(expanded(m) as number[]))),
});
