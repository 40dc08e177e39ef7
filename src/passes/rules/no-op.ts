// Removes operators that give back what they are given.
import type { Node } from "../../ir/graph.ts";
import { attributeOf } from "../match.ts";
import { defineRule } from "../rewriter.ts";
import { canStandFor } from "../stand-in.ts";
import { constantInts, dependsOnDefault, sameTypes, shapeOf } from "../value-facts.ts";

/** Per operator: true when this node gives its first input back unchanged, or the reason why it does not. */
const noOps: Readonly<Record<string, (node: Node) => true | string>> = {
  Identity: () => true,
  Dropout: (n) => n.inputs[2] === undefined || n.inputs[2].constant?.toNumbers()[0] === 0 || "it may be in training mode",
  Cast: sameType,
  CastLike: sameType,
  Reshape: sameType,
  Flatten: sameType,
  Squeeze: sameType,
  Unsqueeze: sameType,
  Expand: sameType,
  Transpose: (n) => {
    const perm = attributeOf(n, "perm");
    if (Array.isArray(perm)) return perm.every((p, i) => p === i) || "it changes the order of the axes";
    return (shapeOf(n.inputs[0])?.length ?? 2) < 2 || "it changes the order of the axes";
  },
  Concat: single,
  Max: single,
  Min: single,
  Sum: single,
  Mean: single,
  Split: (n) => n.outputs.length === 1 || "it gives several parts",
  Tile: (n) => constantInts(n.inputs[1])?.every((r) => r === 1) || "it repeats its input, as far as is known",
  Pad: (n) => constantInts(n.inputs[1])?.every((p) => p === 0) || "it pads or crops, as far as is known",
  Slice: (n) => {
    // With steps of 1, only the whole axis has the length of the axis.
    if (n.inputs[4] && !constantInts(n.inputs[4])?.every((s) => s === 1)) return "its steps are not known to be 1";
    return sameType(n);
  },
  Clip: (n) => (n.inputs[1] === undefined && n.inputs[2] === undefined) || "it has a bound",
  Relu: (n) => n.inputs[0]?.producer?.op === "Relu" || "its input may be negative",
  Abs: (n) => n.inputs[0]?.producer?.op === "Abs" || "its input may be negative",
  Ceil: integral,
  Floor: integral,
  Round: integral,
};

function sameType(node: Node): true | string {
  const x = node.inputs[0];
  if (dependsOnDefault(node)) return "it reads an input whose default a caller may replace";
  if (!shapeOf(x)) return "the shape of its input is unknown";
  return (x && sameTypes(x, node.output)) || "it changes dtype or shape";
}

function single(node: Node): true | string {
  return node.inputs.length === 1 || "it joins several inputs";
}

function integral(node: Node): true | string {
  return ["Ceil", "Floor", "Round"].includes(node.inputs[0]?.producer?.op ?? "") || "its input may have a fraction";
}

/**
 * Lets readers of an operator that changes nothing read its input.
 *
 *     x ─ Identity ─ y
 *     x ─ y
 *
 * Cases: 1. Identity  2. Dropout in inference  3. Cast to the same dtype  4. Reshape, Flatten, Squeeze, Unsqueeze, Expand to the same shape
 * 5. Transpose by the identity  6. Concat, Max, Min, Sum, Mean of one, Split into one  7. Tile by 1, Pad by 0  8. Slice of everything  9. Clip without bounds
 * 10. Relu of Relu, Abs of Abs, rounding of what is rounded.
 * Legal because the output equals the input bit for bit. One between an input (or a constant) and an output of the graph stays: the file needs it.
 * Accuracy: exact.
 */
export const noOp = defineRule({
  name: "no-op",
  about: "removes operators that give back what they are given (Identity, Dropout, Cast to the same dtype, …)",
  accuracy: "exact",
  targets: ["portable", "onnxruntime"],
  pattern: (op, v) => op.oneOf(Object.keys(noOps), v("x")).open(),
  check(m) {
    const place = canStandFor(m, m.value("x"));
    return place === true ? (noOps[m.root.op]?.(m.root) ?? "") : place;
  },
  replacement: (_, m) => m.value("x"),
});
