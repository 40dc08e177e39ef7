// A failed check finds the rewrite that broke the graph, and can write it down alone.
import assert from "node:assert/strict";
import { bisectPasses, describeBisect, notEquivalent } from "../../src/equivalence/bisect.ts";
import { compare } from "../../src/equivalence/compare.ts";
import { writeReproduction } from "../../src/equivalence/reproduction.ts";
import { EquivalenceError } from "../../src/errors/error.ts";
import type { Graph } from "../../src/ir/graph.ts";
import { parseGraph } from "../../src/ir/parse.ts";
import { readGraph } from "../../src/onnx/read-file.ts";
import { registry } from "../../src/ops/registry.ts";
import { asStorage, runGraph } from "../../src/ops/run-graph.ts";
import { noOp } from "../../src/passes/rules/no-op.ts";
import { Generator } from "../../src/tensor/random.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { readSafetensors } from "../../src/weights/safetensors.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { reluDropped, wrongBatchNormFold } from "../support/wrong-rules.ts";

const graph = () =>
  parseGraph(
    `main (float[1,2,4,4] x) => (float[1,2,4,4] y)
<
  float[2,2,1,1] w = {1.0, 2.0, -1.0, 0.5}, float[2] g = {2.0, -1.5}, float[2] b = {0.25, -0.5}, float[2] m = {0.1, 0.2}, float[2] v = {4.0, 0.3}
>
{
  i = Identity (x)
  c = Conv (i, w)
  n = BatchNormalization (c, g, b, m, v)  # float[1,2,4,4] | layer1.bn (model.ts:4:4)
  j = Identity (n)
  s = Add (j, x)
  y = Relu (s)  # float[1,2,4,4] | layer1.relu (model.ts:5:4)
}`,
    registry,
  );

const inputs = [Storage.of("float32", new Generator(1).fillNormal(new Float32Array(32)), [1, 2, 4, 4])];
const results = (g: Graph) => [asStorage(runGraph(g, inputs)[0])];
const check = async (g: Graph) => compare(results(graph()), results(g), { rtol: 1e-4 });
const negatedBeta = wrongBatchNormFold("fold-with-negated-beta", { epsilon: true, negated: 1 });

describe("bisecting a failed check", () => {
  it("names the first wrong step, its pass and rule, its node, and the error before and after", async () => {
    const found = await bisectPasses(graph(), [noOp, negatedBeta], check);
    assert.ok(found);
    assert.equal(found.step.pass, "fold-with-negated-beta");
    assert.equal(found.step.op, "BatchNormalization");
    assert.equal(found.step.number, 3);
    assert.equal(found.errorBefore, 0);
    assert.ok(found.errorAfter > 0.1);
    const [first = "", second = ""] = describeBisect(found);
    assert.match(
      first,
      /step: 3, pass fold-with-negated-beta, rule fold-with-negated-beta, at BatchNormalization from layer1\.bn \(model\.ts:4:4\)/,
    );
    assert.match(second, /error before it 0\.00e\+0, after it \d\.\d\de-1/);
  });

  it("finds the first of two wrong rules", async () => {
    const found = await bisectPasses(graph(), [noOp, reluDropped, negatedBeta], check);
    assert.equal(found?.step.rule, "relu-dropped");
  });

  it("finds nothing where all steps are right, or where the graph was wrong before them", async () => {
    assert.equal(await bisectPasses(graph(), [noOp], check), undefined);
    const wrong = async (g: Graph) => compare([Storage.from("float32", new Array(32).fill(1), [1, 2, 4, 4])], results(g));
    assert.equal(await bisectPasses(graph(), [noOp], wrong), undefined);
  });

  it("passes over rules that are switched off", async () => {
    assert.equal(await bisectPasses(graph(), [noOp, negatedBeta], check, { disable: ["fold-with-negated-beta"] }), undefined);
  });

  it("makes an error that says how to go on", async () => {
    const found = await bisectPasses(graph(), [noOp, negatedBeta], check);
    const error = notEquivalent("the portable graph", "y: error", found);
    assert.match(error.message, /disable: \["fold-with-negated-beta"\]/);
  });
});

describe("the reproduction of a wrong rewrite", () => {
  const inFolder = temporaryFolder();

  it("is the replaced nodes and their replacement as two models, with the tensors on which they differ", async () => {
    const path = inFolder("wrong.onnx");
    const found = await bisectPasses(graph(), [noOp, negatedBeta], check, { reproduction: path, inputs });
    const files = found?.reproduction;
    assert.ok(files);
    assert.equal(files.model, path);
    const [before, after] = [await readGraph(files.model, registry), await readGraph(files.replacement, registry)];
    assert.deepEqual(
      [...before.nodes()].map((n) => n.op),
      ["Conv", "BatchNormalization"],
    );
    assert.deepEqual(
      [...after.nodes()].map((n) => n.op),
      ["Conv"],
    );
    const { tensors } = await readSafetensors(files.tensors);
    for (const [side, g] of [
      ["expected", before],
      ["actual", after],
    ] as const) {
      const given = g.inputs.map((v) => tensors.get(v.name ?? "") as Storage);
      const [y] = runGraph(g, given);
      assert.deepEqual(asStorage(y).toNumbers(), tensors.get(`${side}.output_0`)?.toNumbers(), side);
    }
    assert.deepEqual(tensors.get("input_0")?.toNumbers(), inputs[0]?.toNumbers());
    assert.equal(compare([tensors.get("expected.output_0") as Storage], [tensors.get("actual.output_0") as Storage]).ok, false);
    const error = notEquivalent("the portable graph", "y: error", found);
    assert.ok(error instanceof EquivalenceError);
    assert.deepEqual(error.reproduction, files);
    assert.ok(error.message.includes(path));
  });

  it("without a step is that of the first rewrite that does not hold its claim", async () => {
    const files = await writeReproduction(graph(), {
      path: inFolder("claim.onnx"),
      passes: [noOp, reluDropped],
      options: {},
      inputs,
    });
    assert.ok(files);
    assert.deepEqual(
      [...(await readGraph(files.model, registry)).nodes()].map((n) => n.op),
      ["Add", "Relu"],
    );
  });
});
