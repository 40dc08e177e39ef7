// For ONNX Runtime: the sums in front of Gelu and LayerNormalization as part of its fused operators. Asked for by name: see transformerFusions.
import type { Value } from "../../ir/graph.ts";
import { attributeOf, type Match } from "../match.ts";
import type { PatternOps, PatternVariables } from "../pattern.ts";
import { defineRule } from "../rewriter.ts";
import { dtypeOf, sameTypes, shapeOf } from "../value-facts.ts";

/** Why `bias` is not one number per last index of `x`, or true. */
function isBias(m: Match, x: string, bias: string): true | string {
  const shape = shapeOf(m.value(x));
  const own = shapeOf(m.value(bias));
  if (dtypeOf(m.value(x)) !== "float32") return "it is not float32";
  if (!shape || shape.length < 1 || own?.length !== 1 || typeof own[0] !== "number" || own[0] !== shape[shape.length - 1])
    return "the addend is not one number per last index";
  return true;
}

/**
 * Takes the bias in front of Gelu into it.
 *
 *     x ─ Add(b) ─ com.microsoft.Gelu ─ y        x ─ Add(b) ─ com.microsoft.FastGelu ─ y
 *     com.microsoft.BiasGelu(x, b) ─ y           com.microsoft.FastGelu(x, b) ─ y
 *
 * Cases: 1. by the error function  2. by the tanh formula  3. ONNX's own Gelu, of either kind.
 * Legal when b has the length of the last axis of x and nobody else reads the sum. Accuracy: ulp.
 */
export const fuseBiasGelu = defineRule({
  name: "fuse-bias-gelu",
  about: "takes the bias in front of Gelu into ONNX Runtime's BiasGelu or FastGelu",
  accuracy: "ulp",
  targets: ["onnxruntime"],
  pattern: (op, v) => op.oneOf(["Gelu", "com.microsoft.Gelu", "com.microsoft.FastGelu"], op.Add(v("x"), v("b")).single()),
  check: (m) => (isBias(m, "x", "b") === true || isBias(m, "b", "x") === true ? true : isBias(m, "x", "b")),
  replacement(op, m) {
    const [x, b] = isBias(m, "x", "b") === true ? ["x", "b"] : ["b", "x"];
    const byTanh = m.root.op === "com.microsoft.FastGelu" || attributeOf(m.root, "approximate") === "tanh";
    const name = byTanh ? "com.microsoft.FastGelu" : "com.microsoft.BiasGelu";
    return op.call(name, [m.value(x as string), m.value(b as string)])[0] as Value;
  },
});

const normed = (op: PatternOps, v: PatternVariables, x: Parameters<PatternOps["LayerNormalization"]>[0]) =>
  op.LayerNormalization(x, v("gamma"), v("beta").optional());

/**
 * Takes the residual sum in front of a LayerNormalization into it.
 *
 *     x ─ Add(skip) ─ LayerNormalization(γ, β) ─ y
 *     com.microsoft.SkipLayerNormalization(x, skip, γ, β) ─ y
 *
 * Cases: 1. the sum of two  2. a bias, one number per last index, on one of them.
 * Legal when both have the same shape of rank 2 or 3, the last axis alone is normalised, γ and β have its length, all is float32, and nobody
 * else reads the sum. Accuracy: ulp.
 */
export const fuseSkipLayerNorm = defineRule({
  name: "fuse-skip-layer-norm",
  about: "takes the residual sum in front of a LayerNormalization into ONNX Runtime's SkipLayerNormalization",
  accuracy: "ulp",
  targets: ["onnxruntime"],
  pattern: [
    (op, v) => normed(op, v, op.Add(op.Add(v("x"), v("bias")).single().as("biased"), v("skip")).single()),
    (op, v) => normed(op, v, op.Add(v("x"), v("skip")).single().as("biased")),
  ],
  check: verdict,
  replacement(op, m) {
    const { x, bias } = addends(m);
    const inputs = [m.value(x), m.value("skip"), m.value("gamma"), m.optional("beta"), bias === undefined ? undefined : m.value(bias)];
    return op.call("com.microsoft.SkipLayerNormalization", inputs, { epsilon: Number(attributeOf(m.root, "epsilon")) })[0] as Value;
  },
});

/** The match's values by what they are. In the form with a bias, the sum of x and skip is not the one called biased. */
function addends(m: Match): { readonly x: string; readonly bias: string | undefined } {
  if (m.root.inputs[0] === m.value("biased")) return { x: "x", bias: undefined };
  return shapeOf(m.value("x"))?.length === 1 ? { x: "bias", bias: "x" } : { x: "x", bias: "bias" };
}

function verdict(m: Match): true | string {
  const { x, bias } = addends(m);
  const shape = shapeOf(m.value(x));
  const axis = Number(attributeOf(m.root, "axis"));
  if (!shape || (shape.length !== 2 && shape.length !== 3)) return "the rank is not 2 or 3";
  if (axis !== -1 && axis !== shape.length - 1) return "it normalises more than the last axis";
  if (!sameTypes(m.value(x), m.value("skip"))) return "the two addends are not known to have the same shape";
  for (const name of ["gamma", ...(m.optional("beta") ? ["beta"] : []), ...(bias ? [bias] : [])]) {
    const fits = isBias(m, x, name);
    if (fits !== true) return fits === "it is not float32" ? fits : `${name === bias ? "the bias" : name} is not one number per last index`;
  }
  return true;
}
