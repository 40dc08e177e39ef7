// Two products with constants in a row.
import assert from "node:assert/strict";
import fc from "fast-check";
import { Graph } from "../../../src/ir/graph.ts";
import { tensorType } from "../../../src/ir/type.ts";
import { registry } from "../../../src/ops/registry.ts";
import { foldGemmGemm } from "../../../src/passes/rules/fold-gemm-gemm.ts";
import { checkPasses, Dice, operators, refuses } from "../../support/check-rule.ts";
import { product } from "../../support/random-layers.ts";

const text = `main (float[1,2] x) => (float[1,2] y)
< float[2,2] v = {1, 2, 3, 4}, float[2] c = {1, -1}, float[2,2] w = {1, 0, 0, 2}, float[2] d = {5, 6} >
{ p = Gemm <alpha = 2.0, beta = 3.0> (x, v, c)
  y = Gemm <alpha = 0.5, beta = -1.0> (p, w, d) }`;

describe("fold-gemm-gemm", () => {
  it("multiplies the matrices and sends C of the first through the second", () => {
    const graph = checkPasses(text, foldGemmGemm, { fires: 1 });
    assert.deepEqual(
      graph.firstNode?.inputs.slice(1).map((v) => v?.storage?.toNumbers()),
      [
        [1, 4, 3, 8],
        [0.5 * 3 * 1 - 5, 0.5 * 3 * -2 - 6],
      ],
    );
  });

  it("keeps a MatMul a MatMul", () => {
    const both = text.replace(/Gemm <[^>]*> \((\w), (\w), \w\)/g, "MatMul ($1, $2)");
    assert.deepEqual(operators(checkPasses(both, foldGemmGemm, { fires: 1 })), ["MatMul"]);
  });

  it("says no to a bottleneck, a second reader, a transposed result, integers and a matrix C in the first", () => {
    refuses(
      `main (float[1,9] x) => (float[1,9] y) <float[9,1] v = {1,2,3,4,5,6,7,8,9}, float[1,9] w = {1,2,3,4,5,6,7,8,9}> { p = MatMul (x, v) y = MatMul (p, w) }`,
      foldGemmGemm,
      /larger than the two/,
    );
    refuses(text.replace("float[1,2] y)", "float[1,2] y, float[1,2] p)"), foldGemmGemm, /2 readers/);
    refuses(
      text.replace("beta = -1.0", "beta = -1.0, transA = 1").replace("[1,2] x", "[2,2] x").replace("[1,2] y", "[2,2] y"),
      foldGemmGemm,
      /transposed/,
    );
    refuses(text.replaceAll("float", "int32").replace("0.5", "2.0"), foldGemmGemm, /integers/);
    refuses(
      text.replace("float[2] c = {1, -1}", "float[2,2] c = {1, 2, 3, 4}").replaceAll("[1,2]", "[2,2]"),
      foldGemmGemm,
      /one constant per column/,
    );
    refuses(text.replace("v = {1, 2, 3, 4}", "v = {1e30, 2, 3, 4}").replace("w = {1,", "w = {1e30,"), foldGemmGemm, /not finite/);
  });

  it("computes the same for random products", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const graph = new Graph(registry);
        const [rows, inputs] = [dice.int(1, 3), dice.int(1, 4)];
        const x = graph.addInput("x", tensorType(dice.pick(["float32", "float64"] as const), [rows, inputs]));
        const first = product(graph, dice, x, rows, inputs);
        const second = product(graph, dice, first.value, rows, first.outputs);
        graph.setOutputs([product(graph, dice, second.value, rows, second.outputs).value]);
        checkPasses(graph, foldGemmGemm, { seed });
      }),
      { numRuns: 150 },
    );
  });
});
