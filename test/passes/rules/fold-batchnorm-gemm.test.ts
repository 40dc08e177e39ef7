// BatchNormalization in front of a Gemm or MatMul.
import assert from "node:assert/strict";
import fc from "fast-check";
import { symbol } from "../../../src/ir/dim.ts";
import { Graph } from "../../../src/ir/graph.ts";
import { tensorType } from "../../../src/ir/type.ts";
import { registry } from "../../../src/ops/registry.ts";
import { foldBatchNormGemm } from "../../../src/passes/rules/fold-batchnorm-gemm.ts";
import { checkPasses, Dice, operators, refuses } from "../../support/check-rule.ts";
import { batchNorm, product } from "../../support/random-layers.ts";

// s = (1, 3), t = (−2, −9): see fold-gemm-batchnorm.
const text = (product = "Gemm <alpha = 2.0, beta = 0.5> (n, w, c)") => `main (float[2,2] x) => (float[2,2] y)
< float[2,2] w = {1, 2, 3, 4}, float[2] c = {10, 20}, float[2] g = {2, 6}, float[2] b = {1, 0}, float[2] m = {3, 3}, float[2] v = {4, 4} >
{ n = BatchNormalization <epsilon = 0.0> (x, g, b, m, v)
  y = ${product} }`;

describe("fold-batchnorm-gemm", () => {
  it("scales the rows of B and adds alpha · t · B to beta · C", () => {
    const graph = checkPasses(text(), foldBatchNormGemm, { fires: 1 });
    const [gemm] = graph.nodes();
    assert.deepEqual(
      gemm?.inputs.slice(1).map((v) => v?.storage?.toNumbers()),
      [
        [1, 2, 9, 12],
        [5 + 2 * (-2 * 1 - 9 * 3), 10 + 2 * (-2 * 2 - 9 * 4)],
      ],
    );
    assert.equal(gemm?.attributes.alpha, 2);
  });

  it("makes a Gemm of a MatMul", () => {
    assert.deepEqual(operators(checkPasses(text("MatMul (n, w)"), foldBatchNormGemm, { fires: 1 })), ["Gemm"]);
  });

  it("says no to transA, a second reader, training, a batch of matrices, and what is not constant or finite", () => {
    refuses(text("Gemm <transA = 1> (n, w, c)"), foldBatchNormGemm, /transposed/);
    refuses(text().replace("(float[2,2] y)", "(float[2,2] y, float[2,2] n)"), foldBatchNormGemm, /2 readers/);
    refuses(text().replace("<epsilon = 0.0>", "<epsilon = 0.0, training_mode = 1>"), foldBatchNormGemm, /training_mode/);
    refuses(
      text("MatMul (n, w)").replaceAll("float[2,2] x", "float[3,2,2] x").replace("float[2,2] y", "float[3,2,2] y"),
      foldBatchNormGemm,
      /two matrices/,
    );
    refuses(text().replace("float[2] c = {10, 20}, ", "").replace("x)", "x, float[2] c)"), foldBatchNormGemm, /C is not constant/);
    refuses(text().replace("v = {4, 4}", "v = {4, 0}"), foldBatchNormGemm, /not finite/);
  });

  it("computes the same for random shapes, attributes and C", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const graph = new Graph(registry);
        const [rows, inputs] = [dice.int(1, 3), dice.int(1, 4)];
        const dtype = dice.pick(["float32", "float64"] as const);
        const x = graph.addInput("x", tensorType(dtype, [dice.flip() ? rows : symbol("batch"), inputs]));
        graph.setOutputs([product(graph, dice, batchNorm(graph, dice, x, inputs), rows, inputs).value]);
        checkPasses(graph, foldBatchNormGemm, { seed, sizes: { batch: rows } });
      }),
      { numRuns: 150 },
    );
  });
});
