// Translation validation: rules with one small mistake are caught at the first rewrite, and named.
import assert from "node:assert/strict";
import { EquivalenceError } from "../../../src/errors/error.ts";
import { parseGraph } from "../../../src/ir/parse.ts";
import { printGraph } from "../../../src/ir/print.ts";
import { registry } from "../../../src/ops/registry.ts";
import { runPasses } from "../../../src/passes/manager.ts";
import type { Rule } from "../../../src/passes/rewriter.ts";
import { foldConvBatchNorm } from "../../../src/passes/rules/fold-conv-batchnorm.ts";
import { Generator } from "../../../src/tensor/random.ts";
import { Storage } from "../../../src/tensor/storage.ts";
import { gemmAddIgnoringBeta, reluDropped, transposesInWrongOrder, wrongBatchNormFold } from "../../support/wrong-rules.ts";

const convBatchNorm = `main (float[1,2,6,6] x) => (float[1,2,4,4] y)
<
  float[2,2,3,3] w = {1.0,2.0,-1.0,0.5,0.1,0.2,0.3,-0.7,0.9, 1.1,-2.0,1.0,0.5,0.6,-0.2,0.3,0.4,0.8, 0.2,0.3,-0.4,0.5,0.6,0.7,-0.8,0.9,1.0, -1.0,0.2,0.3,0.4,-0.5,0.6,0.7,0.8,-0.9},
  float[2] g = {2.0, -1.5}, float[2] b = {0.25, -0.001}, float[2] m = {0.1, 0.2}, float[2] v = {1.0, 0.8}
>
{
  c = Conv (x, w)  # float[1,2,4,4] | layer1.conv (model.ts:3:4)
  y = BatchNormalization (c, g, b, m, v)  # float[1,2,4,4] | layer1.bn (model.ts:4:4)
}`;

/** The error of running one rule over a graph, which must stay as it was. */
function caught(text: string, rule: Rule): EquivalenceError {
  const graph = parseGraph(text, registry);
  const before = printGraph(graph, { weights: true });
  try {
    runPasses(graph, [rule]);
  } catch (error) {
    assert.ok(error instanceof EquivalenceError, String(error));
    assert.equal(error.code, "RewriteNotEquivalent");
    assert.equal(printGraph(graph, { weights: true }), before, "the graph was changed");
    return error;
  }
  assert.fail(`${rule.name} was not caught`);
}

describe("the validation of rewrites", () => {
  it("accepts the right fold of a BatchNormalization", () => {
    const report = runPasses(parseGraph(convBatchNorm, registry), [foldConvBatchNorm]);
    assert.deepEqual(report.validation, { validated: 1, skipped: {} });
    assert.match(String(report), /validated 1 of 1 rewrites/);
  });

  it("accepts a rule that a user wrote without a mistake", () => {
    const right = wrongBatchNormFold("right", { epsilon: true, negated: -1 });
    assert.equal(runPasses(parseGraph(convBatchNorm, registry), [right]).validation?.validated, 1);
  });

  it("catches a fold without ε, and names rule, node, source line, error and limit", () => {
    const error = caught(convBatchNorm, wrongBatchNormFold("fold-without-epsilon", { epsilon: false, negated: -1 }));
    assert.match(
      error.summary,
      /rule fold-without-epsilon does not keep what BatchNormalization computes, from layer1\.bn \(model\.ts:4:4\)/,
    );
    assert.match(error.summary, /error \d\.\d+e-\d+, limit \d\.\d+e-\d+/);
    assert.match(error.hint, /disable: \["fold-without-epsilon"\]/);
  });

  it("catches the β of one channel with the wrong sign, though it is only 0.001", () => {
    caught(convBatchNorm, wrongBatchNormFold("fold-with-negated-beta", { epsilon: true, negated: 1 }));
  });

  it("catches a mistake in the last of 64 channels on a shape that has to be shrunk", () => {
    const text = `main (float[batch,64,56,56] x, float[64,64,3,3] w0) => (float[batch,64,56,56] y)
<float[64] s = {${Array.from({ length: 64 }, (_, i) => 1 + i / 64).join()}}, float[64] z = {${new Array(64).fill("0.5").join()}}>
{
  w = Identity (w0)
  c = Conv <pads = [1,1,1,1]> (x, w)
  y = BatchNormalization (c, s, z, z, s)
}`;
    // The weight becomes a constant, as a traced one is.
    const graph = parseGraph(text, registry);
    const weight = graph.addInitializer(seededWeight([64, 64, 3, 3]));
    for (const node of graph.nodes()) if (node.op === "Conv") node.setInput(1, weight);
    assert.throws(() => runPasses(graph, [wrongBatchNormFold("last-beta", { epsilon: true, negated: 63 })]), {
      code: "RewriteNotEquivalent",
    });
    const report = runPasses(graph, [foldConvBatchNorm]);
    assert.deepEqual(report.validation, { validated: 1, skipped: {} });
  });

  it("catches a Gemm fold that ignores beta", () => {
    const text = (beta: string) => `main (float[3,2] a) => (float[3,2] y)
<float[2,2] b = {1.0, 2.0, 3.0, 4.0}, float[2] c = {0.5, -1.0}, float[2] k = {0.25, 2.0}>
{
  g = Gemm <beta = ${beta}> (a, b, c)
  y = Add (g, k)
}`;
    caught(text("0.5"), gemmAddIgnoringBeta);
    assert.equal(runPasses(parseGraph(text("1.0"), registry), [gemmAddIgnoringBeta]).validation?.validated, 1);
  });

  it("catches a wrong permutation, even where all sizes are equal", () => {
    const text = (first: string, second: string) => `main (float[3,3,3] x) => (float[3,3,3] y)
{
  t = Transpose <perm = [${first}]> (x)
  y = Transpose <perm = [${second}]> (t)
}`;
    caught(text("1,2,0", "0,2,1"), transposesInWrongOrder);
    // Powers of one permutation may be joined in any order.
    assert.equal(runPasses(parseGraph(text("1,2,0", "1,2,0"), registry), [transposesInWrongOrder]).validation?.validated, 1);
  });

  it("catches a dropped activation", () => {
    caught(
      `main (float[2,3] a, float[2,3] b) => (float[2,3] y)
{
  s = Add (a, b)
  y = Relu (s)
}`,
      reluDropped,
    );
  });

  it("can be switched off", () => {
    const wrong = wrongBatchNormFold("fold-without-epsilon", { epsilon: false, negated: -1 });
    const report = runPasses(parseGraph(convBatchNorm, registry), [wrong], { validate: false });
    assert.equal(report.journal.length, 1);
    assert.equal(report.validation, undefined);
  });
});

function seededWeight(shape: readonly number[]) {
  const n = shape.reduce((a, b) => a * b, 1);
  return Storage.of("float32", new Generator(3).fillNormal(new Float32Array(n), 0, 0.05), shape);
}
