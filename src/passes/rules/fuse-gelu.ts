// For ONNX Runtime: the forms in which exporters write Gelu as one of its operators com.microsoft.Gelu, FastGelu and QuickGelu.
import type { Value } from "../../ir/graph.ts";
import type { Match } from "../match.ts";
import type { PatternOps, PatternValue, PatternVariables } from "../pattern.ts";
import { defineRule } from "../rewriter.ts";
import { dtypeOf, sameTypes } from "../value-facts.ts";

type Write = (op: PatternOps, v: PatternVariables) => PatternValue;

/** ½ · x · (1 + f), with the factors in the orders that exporters write. */
const halved = (f: Write): Write[] => {
  const plusOne: Write = (op, v) => op.Add(f(op, v).single(), 1).single();
  return [
    (op, v) => op.Mul(op.Mul(v("x"), plusOne(op, v)).single(), 0.5),
    (op, v) => op.Mul(v("x"), op.Mul(plusOne(op, v), 0.5).single()),
    (op, v) => op.Mul(op.Mul(v("x"), 0.5).single(), plusOne(op, v)),
  ];
};

function check(m: Match): true | string {
  if (dtypeOf(m.value("x")) !== "float32") return "it is not float32";
  return sameTypes(m.value("x"), m.root.output) || "a constant may change the shape of the result";
}

/** √2 as TensorFlow's BERT writes it. */
const shortRoot = 141421 / 100000;

/**
 * Writes Gelu by the error function as one operator.
 *
 *     ½ · x · (1 + Erf(x / √2)) ─ y
 *     com.microsoft.Gelu(x) ─ y
 *
 * Cases: 1. x / √2 or x · √½, √2 in full or as 1.41421  2. the factors ½ and x in any order and nesting.
 * Legal when nobody else reads the values between. Accuracy: approximate.
 */
export const fuseGelu = defineRule({
  name: "fuse-gelu",
  about: "writes ½ · x · (1 + Erf(x / √2)) as ONNX Runtime's Gelu",
  accuracy: "approximate",
  targets: ["onnxruntime"],
  pattern: [
    ...halved((op, v) => op.Erf(op.Div(v("x"), Math.SQRT2).single())),
    ...halved((op, v) => op.Erf(op.Mul(v("x"), Math.SQRT1_2).single())),
    ...halved((op, v) => op.Erf(op.Div(v("x"), shortRoot).single())),
  ],
  check,
  replacement: (op, m) => op.call("com.microsoft.Gelu", [m.value("x")])[0] as Value,
});

const rootOfTwoOverPi = Math.sqrt(2 / Math.PI);
const cubes: readonly Write[] = [
  (op, v) => op.Pow(v("x"), 3).single(),
  (op, v) => op.Mul(op.Mul(v("x"), v("x")).single(), v("x")).single(),
];

/** √(2/π) · (x + 0.044715 · x³) */
const tanhArguments: readonly Write[] = [
  ...cubes.map(
    (cube): Write =>
      (op, v) =>
        op.Mul(op.Add(v("x"), op.Mul(cube(op, v), 0.044715).single()).single(), rootOfTwoOverPi),
  ),
  // … and as √(2/π) · x · (1 + 0.044715 · x · x)
  (op, v) =>
    op.Mul(op.Mul(v("x"), rootOfTwoOverPi).single(), op.Add(op.Mul(op.Mul(v("x"), 0.044715).single(), v("x")).single(), 1).single()),
  (op, v) =>
    op.Mul(op.Mul(v("x"), rootOfTwoOverPi).single(), op.Add(op.Mul(op.Mul(v("x"), v("x")).single(), 0.044715).single(), 1).single()),
];

/**
 * Writes Gelu by the tanh formula as one operator.
 *
 *     ½ · x · (1 + Tanh(√(2/π) · (x + 0.044715 · x³))) ─ y
 *     com.microsoft.FastGelu(x) ─ y
 *
 * Cases: 1. x³ as Pow or as two products  2. √(2/π) · x · (1 + 0.044715 · x²)  3. the factors ½ and x in any order and nesting.
 * Legal when nobody else reads the values between. Accuracy: approximate.
 */
export const fuseFastGelu = defineRule({
  name: "fuse-fast-gelu",
  about: "writes Gelu by the tanh formula as ONNX Runtime's FastGelu",
  accuracy: "approximate",
  targets: ["onnxruntime"],
  pattern: tanhArguments.flatMap((argument) => halved((op, v) => op.Tanh(argument(op, v).single()))),
  check,
  replacement: (op, m) => op.call("com.microsoft.FastGelu", [m.value("x")])[0] as Value,
});

/**
 * Writes x · Sigmoid(k · x) as one operator: QuickGelu with k = 1.702, SiLU with k = 1.
 *
 *     x · Sigmoid(k · x) ─ y
 *     com.microsoft.QuickGelu(x; alpha = k) ─ y
 *
 * Cases: 1. a factor on either side  2. none.
 * Legal when nobody else reads the values between, and k is one number. Accuracy: approximate.
 */
export const fuseQuickGelu = defineRule({
  name: "fuse-quick-gelu",
  about: "writes x · Sigmoid(k · x) as ONNX Runtime's QuickGelu",
  accuracy: "approximate",
  targets: ["onnxruntime"],
  pattern: [
    (op, v) =>
      op.Mul(
        v("x"),
        op
          .Sigmoid(op.Mul(v("x"), v("k").constant()).single())
          .single()
          .as("gate"),
      ),
    (op, v) => op.Mul(v("x"), op.Sigmoid(v("x")).single().as("gate")),
  ],
  check(m) {
    const fits = check(m);
    if (fits !== true) return fits;
    return factorOf(m) !== undefined || "the factor is not one finite number";
  },
  replacement: (op, m) => op.call("com.microsoft.QuickGelu", [m.value("x")], { alpha: Math.fround(factorOf(m) as number) })[0] as Value,
});

/** The factor inside the Sigmoid; 1 where there is none. */
function factorOf(m: Match): number | undefined {
  const inner = m.node("gate").inputs[0]?.producer;
  if (m.node("gate").inputs[0] === m.value("x") || inner?.op !== "Mul") return 1;
  const k = m.constant("k");
  const value = k?.size === 1 ? k.toNumbers()[0] : undefined;
  return Number.isFinite(value) ? value : undefined;
}
