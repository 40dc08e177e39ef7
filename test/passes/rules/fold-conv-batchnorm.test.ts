// BatchNormalization behind and in front of a convolution, and where nothing absorbs it.
import assert from "node:assert/strict";
import fc from "fast-check";
import { Graph } from "../../../src/ir/graph.ts";
import { tensorType } from "../../../src/ir/type.ts";
import { registry } from "../../../src/ops/registry.ts";
import { decomposeBatchNorm } from "../../../src/passes/rules/decompose-batchnorm.ts";
import { foldBatchNormConv } from "../../../src/passes/rules/fold-batchnorm-conv.ts";
import { foldConvBatchNorm } from "../../../src/passes/rules/fold-conv-batchnorm.ts";
import { checkPasses, Dice, operators, refuses } from "../../support/check-rule.ts";
import { batchNorm, convolution } from "../../support/random-layers.ts";

// s = 2 / √4 = 1 and 6 / √4 = 3; t = β − μ·s = −2 and −9.
const parameters = "float[2] g = {2, 6}, float[2] b = {1, 0}, float[2] m = {3, 3}, float[2] v = {4, 4}";
const norm = (x: string) => `BatchNormalization <epsilon = 0.0> (${x}, g, b, m, v)`;
const behind = `main (float[1,1,3] x) => (float[1,2,3] y) <float[2,1,1] w = {1, 2}, float[2] c = {10, 20}, ${parameters}>
{ p = Conv (x, w, c) y = ${norm("p")} }`;
const before = `main (float[1,2,3] x) => (float[1,1,3] y) <float[1,2,1] w = {1, 2}, float[1] c = {10}, ${parameters}>
{ n = ${norm("x")} y = Conv (n, w, c) }`;
const weights = (graph: Graph) => graph.firstNode?.inputs.slice(1).map((v) => v?.storage?.toNumbers());

describe("fold-conv-batchnorm", () => {
  it("scales the filters and moves the bias", () => {
    assert.deepEqual(weights(checkPasses(behind, foldConvBatchNorm, { fires: 1 })), [
      [1, 6],
      [8, 51],
    ]);
  });

  it("gives a convolution without bias one, named after the weight", () => {
    const graph = checkPasses(behind.replace("(x, w, c)", "(x, conv_weight)").replace("] w =", "] conv_weight ="), foldConvBatchNorm, {
      fires: 1,
    });
    assert.deepEqual(weights(graph)?.[1], [-2, -9]);
    assert.equal(graph.firstNode?.inputs[2]?.name, "conv_bias");
  });

  it("says no to a second reader, a graph output, training, and what is not constant or finite", () => {
    const no = (text: string, reason: RegExp) => refuses(text, foldConvBatchNorm, reason);
    no(behind.replace("(float[1,2,3] y)", "(float[1,2,3] y, float[1,2,3] p)"), /graph output/);
    no(behind.replace("y = B", "z = Exp (p) y = B").replace("(float[1,2,3] y)", "(float[1,2,3] y, float[1,2,3] z)"), /2 readers/);
    no(behind.replace("<epsilon = 0.0>", "<training_mode = 1>"), /training_mode = 1/);
    no(behind.replace("float[2,1,1] w = {1, 2}, ", "").replace("x)", "x, float[2,1,1] w = {1, 2})"), /not constant/);
    no(behind.replace("float[2] c = {10, 20}, ", "").replace("x)", "x, float[2] c)"), /not constant/);
    no(behind.replace("float[2] g = {2, 6}, ", "").replace("x)", "x, float[2] g)"), /not constant/);
    no(behind.replace("v = {4, 4}", "v = {4, 0}"), /not finite/);
    no(behind.replace("m = {3, 3}", "m = {3, nan}"), /not finite/);
    no(behind.replace("Conv (x, w, c)", "Relu (q)").replace("{ p", "{ q = Conv (x, w, c) p"), /comes from Relu/);
  });

  it("leaves convolutions that share the weight or the input as they are", () => {
    const shared = behind
      .replace("(float[1,2,3] y)", "(float[1,2,3] y, float[1,2,3] z)")
      .replace("p = Conv", "z = Conv (x, w, c) p = Conv");
    checkPasses(shared, foldConvBatchNorm, { fires: 1 });
    const twice = behind
      .replace("(float[1,2,3] y)", "(float[1,2,3] y, float[1,2,3] z)")
      .replace("p = Conv", `q = Conv (x, w) z = ${norm("q")} p = Conv`);
    checkPasses(twice, foldConvBatchNorm, { fires: 2 });
  });

  it("folds inside of a branch with constants from outside, and leaves those of the other branch", () => {
    const branches = `main (bool k, float[1,1,3] x) => (float[1,2,3] y) <float[2,1,1] w = {1, 2}, float[2] c = {10, 20}, ${parameters}>
    { y = If (k) <then_branch = t () => (float[1,2,3] n) { p = Conv (x, w, c) n = ${norm("p")} },
                  else_branch = e () => (float[1,2,3] p) { p = Conv (x, w, c) }> }`;
    for (const seed of [1, 2, 3, 4])
      assert.deepEqual(operators(checkPasses(branches, foldConvBatchNorm, { fires: 1, seed })), ["If", "Conv", "Conv"]);
  });

  it("computes the same for random convolutions, transposed ones too", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const graph = new Graph(registry);
        const dtype = dice.pick(["float32", "float32", "float64", "float16"] as const);
        const { value, channels } = convolution(graph, dice, { transposed: dice.flip(), dtype });
        graph.setOutputs([batchNorm(graph, dice, value, channels)]);
        checkPasses(graph, foldConvBatchNorm, { seed, fires: 1 });
      }),
      { numRuns: 100 },
    );
  });
});

describe("fold-batchnorm-conv", () => {
  it("scales the weight by input channel and sends the shift through it", () => {
    assert.deepEqual(weights(checkPasses(before, foldBatchNormConv, { fires: 1 })), [[1, 6], [10 - 2 - 18]]);
  });

  it("says no to padding, a second reader, training and parameters that are not finite", () => {
    refuses(before.replace("Conv (", "Conv <pads = [1, 0]> (").replace("[1,1,3] y", "[1,1,4] y"), foldBatchNormConv, /pads/);
    refuses(before.replace("Conv (", 'Conv <auto_pad = "SAME_UPPER"> ('), foldBatchNormConv, /pads/);
    refuses(before.replace("(float[1,1,3] y)", "(float[1,1,3] y, float[1,2,3] n)"), foldBatchNormConv, /2 readers/);
    refuses(before.replace("<epsilon = 0.0>", "<training_mode = 1>"), foldBatchNormConv, /training_mode/);
    refuses(before.replace("v = {4, 4}", "v = {4, 0}"), foldBatchNormConv, /not finite/);
  });

  it("computes the same for random unpadded convolutions", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const graph = new Graph(registry);
        const dtype = dice.pick(["float32", "float64"] as const);
        const { value } = convolution(graph, dice, { dtype, valid: true, before: (x, channels) => batchNorm(graph, dice, x, channels) });
        graph.setOutputs([value]);
        checkPasses(graph, foldBatchNormConv, { seed, fires: 1 });
      }),
      { numRuns: 100 },
    );
  });
});

describe("decompose-batchnorm", () => {
  it("writes Mul and Add with constants of shape [C, 1]", () => {
    const graph = checkPasses(`main (float[1,2,3] x) => (float[1,2,3] y) <${parameters}> { y = ${norm("x")} }`, decomposeBatchNorm, {
      fires: 1,
    });
    assert.deepEqual(operators(graph), ["Mul", "Add"]);
    assert.deepEqual(
      [...graph.nodes()].map((n) => [n.inputs[1]?.storage?.shape, n.inputs[1]?.storage?.toNumbers()]),
      [
        [
          [2, 1],
          [1, 3],
        ],
        [
          [2, 1],
          [-2, -9],
        ],
      ],
    );
  });

  it("says no to an unknown rank, training, and parameters that are not constant or finite", () => {
    const text = `main (float[1,2,3] x) => (float[1,2,3] y) <${parameters}> { y = ${norm("x")} }`;
    refuses(text.replaceAll("[1,2,3]", "[]"), decomposeBatchNorm, /rank/);
    refuses(text.replace("<epsilon = 0.0>", "<training_mode = 1>"), decomposeBatchNorm, /training_mode/);
    refuses(text.replace("float[2] g = {2, 6}, ", "").replace("x)", "x, float[2] g = {2, 6})"), decomposeBatchNorm, /not constant/);
    refuses(text.replace("v = {4, 4}", "v = {0, 4}"), decomposeBatchNorm, /not finite/);
  });

  it("computes the same for random ranks and dtypes", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const graph = new Graph(registry);
        const channels = dice.int(1, 4);
        const x = graph.addInput(
          "x",
          tensorType(dice.pick(["float32", "float64", "float16"] as const), [2, channels, ...dice.pick([[], [3], [2, 2]])]),
        );
        graph.setOutputs([batchNorm(graph, dice, x, channels)]);
        checkPasses(graph, decomposeBatchNorm, { seed, fires: 1 });
      }),
      { numRuns: 60 },
    );
  });
});
