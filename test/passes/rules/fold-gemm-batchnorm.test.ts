// BatchNormalization behind a Gemm or MatMul.
import assert from "node:assert/strict";
import fc from "fast-check";
import { symbol } from "../../../src/ir/dim.ts";
import { Graph } from "../../../src/ir/graph.ts";
import { tensorType } from "../../../src/ir/type.ts";
import { registry } from "../../../src/ops/registry.ts";
import { foldGemmBatchNorm } from "../../../src/passes/rules/fold-gemm-batchnorm.ts";
import { checkPasses, Dice, operators, refuses } from "../../support/check-rule.ts";
import { batchNorm, product } from "../../support/random-layers.ts";

// s = 2 / √(4 + 0) = 1 and 6 / 2 = 3; t = β − μ·s = 1 − 3 = −2 and 0 − 3·3 = −9.
const text = (product = "Gemm <beta = 0.5, epsilon = 0> (x, w, c)") => `main (float[1,2] x) => (float[1,2] y)
< float[2,2] w = {1, 2, 3, 4}, float[2] c = {10, 20}, float[2] g = {2, 6}, float[2] b = {1, 0}, float[2] m = {3, 3}, float[2] v = {4, 4} >
{ p = ${product.replace(", epsilon = 0", "")}
  y = BatchNormalization <epsilon = 0.0> (p, g, b, m, v) }`;

describe("fold-gemm-batchnorm", () => {
  it("scales the columns of B and moves beta · C", () => {
    const graph = checkPasses(text(), foldGemmBatchNorm, { fires: 1 });
    const [gemm] = graph.nodes();
    assert.deepEqual(
      gemm?.inputs.slice(1).map((v) => v?.storage?.toNumbers()),
      [
        [1, 6, 3, 12],
        [0.5 * 10 * 1 - 2, 0.5 * 20 * 3 - 9],
      ],
    );
    assert.equal(gemm?.attributes.beta, undefined);
  });

  it("makes a Gemm of a MatMul", () => {
    const graph = checkPasses(text("MatMul (x, w)"), foldGemmBatchNorm, { fires: 1 });
    assert.deepEqual(operators(graph), ["Gemm"]);
    assert.deepEqual(graph.firstNode?.inputs[2]?.storage?.toNumbers(), [-2, -9]);
  });

  it("says no to a second reader, a graph output, training, and what is not constant or finite", () => {
    const no = (change: (t: string) => string, reason: RegExp) => refuses(change(text()), foldGemmBatchNorm, reason);
    no((t) => t.replace("(float[1,2] y)", "(float[1,2] y, float[1,2] p)"), /2 readers \(one is a graph output\)/);
    no((t) => t.replace("y = Batch", "z = Exp (p) y = Batch").replace("(float[1,2] y)", "(float[1,2] y, float[1,2] z)"), /2 readers/);
    no((t) => t.replace("<epsilon = 0.0>", "<epsilon = 0.0, training_mode = 1>"), /training_mode = 1/);
    no((t) => t.replace("float[2,2] w = {1, 2, 3, 4}, ", "").replace("x)", "x, float[2,2] w)"), /not constant/);
    no((t) => t.replace("float[2] c = {10, 20}, ", "").replace("x)", "x, float[2] c)"), /C is not constant/);
    no((t) => t.replace("float[2,2] w = {1, 2, 3, 4}, ", "").replace("x)", "x, float[2,2] w = {1, 2, 3, 4})"), /not constant/);
    no((t) => t.replace("g = {2, 6}", "g = {2, nan}"), /not finite/);
    no((t) => t.replace("v = {4, 4}", "v = {4, 0}"), /not finite/);
    no((t) => t.replace("v = {4, 4}", "v = {4, -1}"), /not finite/);
  });

  it("says no to a C that would grow, and to a product of higher rank", () => {
    refuses(
      text().replace("float[2] c = {10, 20}", "float[3,1] c = {1, 2, 3}").replaceAll("float[1,2]", "float[3,2]"),
      foldGemmBatchNorm,
      /would grow/,
    );
    refuses(text("MatMul (x, w)").replaceAll("float[1,2]", "float[1,2,2]"), foldGemmBatchNorm, /two matrices/);
  });

  it("shares a weight safely: the other layer keeps the old one", () => {
    const both = text().replace("(float[1,2] y)", "(float[1,2] y, float[1,2] z)").replace("p = Gemm", "z = MatMul (x, w) p = Gemm");
    checkPasses(both, foldGemmBatchNorm, { fires: 1 });
  });

  it("computes the same for random shapes, attributes and C", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const graph = new Graph(registry);
        const [rows, inputs] = [dice.int(1, 3), dice.int(1, 4)];
        const dtype = dice.pick(["float32", "float32", "float64", "float16"] as const);
        const x = graph.addInput("x", tensorType(dtype, [dice.flip() ? rows : symbol("batch"), inputs]));
        const { value, outputs } = product(graph, dice, x, rows, inputs);
        graph.setOutputs([batchNorm(graph, dice, value, outputs)]);
        checkPasses(graph, foldGemmBatchNorm, { seed, sizes: { batch: rows } });
      }),
      { numRuns: 150 },
    );
  });
});
