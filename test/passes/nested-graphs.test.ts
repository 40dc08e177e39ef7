// The passes inside of branches and bodies of loops: every kind of rewrite happens there as it does outside.
import assert from "node:assert/strict";
import { optimize } from "../../src/passes/optimize.ts";
import type { Target } from "../../src/passes/pass.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { graphFrom, operators, sameResults } from "../support/check-rule.ts";

const int64 = (value: number) => Storage.from("int64", [value], []);
const bool = (value: boolean) => Storage.from("bool", [value], []);

/** `nodes` compute y from s (and others from outside); in a branch of an If in a Loop. */
const nested = (type: string, nodes: string, constants: string) => `main (int64 m, bool c, float${type} x) => (float${type} out)
{ out = Loop (m, "", x) <body = b (int64 i, bool on, float${type} s) => (bool on, float${type} t)
    { t = If (c) <then_branch = g () => (float${type} y) <${constants}> { ${nodes} }, else_branch = h () => (float${type} e) { e = Abs (s) }> }> }`;

const convolution =
  "float[2,2,1,1] W = {1, 2, 3, 4}, float[2] g = {1, 2}, float[2] o = {3, 4}, float[2] mean = {1, -1}, float[2] variance = {1, 4}";

interface Case {
  readonly type: string;
  readonly nodes: string;
  readonly constants: string;
  readonly target?: Target;
  /** The operators of the branch afterwards. */
  readonly becomes: readonly string[];
}

const cases: Readonly<Record<string, Case>> = {
  "a BatchNormalization is folded into its convolution": {
    type: "[1,2,3,3]",
    nodes: "v = Conv (s, W) y = BatchNormalization (v, g, o, mean, variance)",
    constants: convolution,
    becomes: ["Conv"],
  },
  "a convolution is fused with its activation": {
    type: "[1,2,3,3]",
    nodes: "v = Conv (s, W) y = Relu (v)",
    constants: convolution,
    target: "onnxruntime",
    becomes: ["com.microsoft.FusedConv"],
  },
  "a composed Gelu is fused": {
    type: "[2,3]",
    nodes: "a = Div (s, r) e = Erf (a) p = Add (e, one) q = Mul (s, p) y = Mul (q, half)",
    constants: "float r = {1.4142135}, float one = {1}, float half = {0.5}",
    target: "onnxruntime",
    becomes: ["com.microsoft.Gelu"],
  },
  "shape arithmetic with known sizes is computed": {
    type: "[2,3]",
    nodes: "z = Shape (s) r = Reshape (s, z) y = Neg (r)",
    constants: "float one = {1}",
    becomes: ["Neg"],
  },
  "equal computations are made once, and unread ones not at all": {
    type: "[2,3]",
    nodes: "a = Exp (s) b = Exp (s) d = Tan (s) y = Add (a, b)",
    constants: "float one = {1}",
    becomes: ["Exp", "Add"],
  },
  "an If with a constant condition gives way to its branch": {
    type: "[2,3]",
    nodes: "y = If (yes) <then_branch = k () => (float[2,3] p) { p = Neg (s) }, else_branch = l () => (float[2,3] q) { q = Exp (s) }>",
    constants: "bool yes = {1}",
    becomes: ["Neg"],
  },
};

describe("passes in nested graphs", () => {
  for (const [what, { type, nodes, constants, target = "portable", becomes }] of Object.entries(cases))
    it(`${what}, in a branch in a loop`, () => {
      const before = graphFrom(nested(type, nodes, constants));
      const { graph } = optimize(before, { target, verify: true });
      assert.deepEqual(operators(graph), ["Loop", "If", ...becomes, "Abs"]);
      for (const [m, c] of [
        [2, true],
        [1, false],
        [0, true],
      ] as const)
        sameResults(before, graph, "approximate", { feeds: [int64(m), bool(c)] });
    });
});
