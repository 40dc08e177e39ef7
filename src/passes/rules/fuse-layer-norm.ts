// For ONNX Runtime: layer normalisation written with primitive operators as one LayerNormalization, which needs opset 17.
import { attributeOf, type Match } from "../match.ts";
import type { PatternOps, PatternVariables } from "../pattern.ts";
import { defineRule } from "../rewriter.ts";
import { axisFromFront, constantInts, dtypeOf, knownShape, sameTypes, shapeOf } from "../value-facts.ts";

/** The first axis of a reduction over all axes from it on, with the rank kept; undefined for another reduction. */
function firstAxis(m: Match, name: string, rank: number): number | undefined {
  const node = m.node(name);
  if (attributeOf(node, "keepdims") !== 1) return undefined;
  const axes = constantInts(node.inputs[1])?.map((a) => axisFromFront(a, rank) ?? -1);
  const sorted = [...(axes ?? [])].sort((a, b) => a - b);
  const first = sorted[0];
  if (first === undefined || sorted.length !== rank - first || sorted.some((a, i) => a !== first + i)) return undefined;
  return first;
}

function axisOf(m: Match): number | string {
  const shape = shapeOf(m.value("x"));
  const dtype = dtypeOf(m.value("x"));
  if (!shape) return "the rank of its input is unknown";
  if (dtype !== "float32" && dtype !== "float64") return "it is neither float32 nor float64";
  const axis = firstAxis(m, "mean", shape.length);
  if (axis === undefined || axis !== firstAxis(m, "variance", shape.length)) return "mean and variance are not of the same last axes";
  const row = shape.slice(axis);
  for (const name of ["gamma", "beta"]) {
    const own = knownShape(m.value(name));
    if (!own || own.length !== row.length || own.some((d, i) => d !== row[i])) return `${name} does not have the shape of a row`;
  }
  if (m.constant("epsilon")?.size !== 1) return "epsilon is not one number";
  return sameTypes(m.value("x"), m.root.output) ? axis : "a parameter may change the shape of the result";
}

/** (x − mean) / √(variance + ε), with the square and the quotient as exporters write them. */
function normalized(op: PatternOps, v: PatternVariables, square: "Pow" | "Mul", quotient: "Div" | "Mul") {
  const centred = () => op.Sub(v("x"), op.ReduceMean(v("x"), v("axes").constant()).single().as("mean")).as("centred");
  const squared = square === "Pow" ? op.Pow(centred(), 2) : op.Mul(centred(), centred());
  const variance = op.ReduceMean(squared.single(), v("axes2").constant()).single().as("variance");
  const deviation = op.Sqrt(op.Add(variance, v("epsilon").constant()).single()).single();
  return quotient === "Div" ? op.Div(centred(), deviation).single() : op.Mul(centred(), op.Reciprocal(deviation).single()).single();
}

/**
 * Writes layer normalisation as one operator.
 *
 *     d = x − ReduceMean(x);  d / Sqrt(ReduceMean(d²) + ε) · γ + β ─ y
 *     LayerNormalization(x, γ, β; axis, ε) ─ y
 *
 * Cases: 1. d² as Pow or as a product  2. the quotient as Div or by Reciprocal  3. one last axis, or several.
 * Legal when mean and variance are taken over the same axes from one to the last, γ and β have the shape of these, and nobody else reads the
 * values between (d itself stays where somebody does). Only for ONNX Runtime, because it raises the opset to 17. Accuracy: approximate.
 */
export const fuseLayerNorm = defineRule({
  name: "fuse-layer-norm",
  about: "writes layer normalisation made of primitive operators as LayerNormalization",
  accuracy: "approximate",
  targets: ["onnxruntime"],
  pattern: (["Pow", "Mul"] as const).flatMap((square) =>
    (["Div", "Mul"] as const).map(
      (quotient) => (op: PatternOps, v: PatternVariables) =>
        op.Add(op.Mul(normalized(op, v, square, quotient), v("gamma")).single(), v("beta")),
    ),
  ),
  replacement(op, m) {
    const axis = axisOf(m);
    if (typeof axis === "string") return axis;
    const rank = shapeOf(m.value("x"))?.length ?? 0;
    return op.LayerNormalization(m.value("x"), m.value("gamma"), m.value("beta"), {
      axis: axis - rank,
      epsilon: m.constant("epsilon")?.toNumbers()[0] as number,
    });
  },
});
