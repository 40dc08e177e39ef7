// The rules around convolutions: what they make of small graphs, and that results stay.
import assert from "node:assert/strict";
import { parseGraph } from "../../src/ir/parse.ts";
import { printGraph } from "../../src/ir/print.ts";
import { cloneGraph } from "../../src/ir/traverse.ts";
import { verifyGraph } from "../../src/ir/verify.ts";
import { registry } from "../../src/ops/registry.ts";
import { asStorage, runGraph } from "../../src/ops/run-graph.ts";
import { runPasses } from "../../src/passes/manager.ts";
import { onnxruntimePasses, portablePasses } from "../../src/passes/pipelines.ts";
import { Generator } from "../../src/tensor/random.ts";
import { Storage } from "../../src/tensor/storage.ts";

const residual = `main (float[1,2,4,4] x) => (float[1,2,4,4] y)
<
  float[2,2,1,1] w = {1.0, 2.0, -1.0, 0.5}, float[2] g = {2.0, -1.5}, float[2] b = {0.25, -0.5}, float[2] m = {0.1, 0.2}, float[2] v = {4.0, 0.3}
>
{
  i = Identity (x)
  c = Conv (i, w)  # float[1,2,4,4] | layer1.conv (model.ts:3:4)
  n = BatchNormalization (c, g, b, m, v)  # float[1,2,4,4] | layer1.bn (model.ts:4:4)
  s = Add (n, x)
  y = Relu (s)
}`;

describe("rules around convolutions", () => {
  const operators = (graph: ReturnType<typeof parseGraph>) => [...graph.nodes()].map((n) => n.op);
  const input = () => Storage.of("float32", new Generator(1).fillNormal(new Float32Array(32)), [1, 2, 4, 4]);

  it("fold batch norm, drop Identity, and fuse residual and activation, with the same result", () => {
    const before = parseGraph(residual, registry);
    const { graph } = cloneGraph(before);
    runPasses(graph, portablePasses, { verify: true });
    assert.deepEqual(operators(graph), ["Conv", "Add", "Relu"]);
    runPasses(graph, onnxruntimePasses, { target: "onnxruntime", verify: true });
    assert.deepEqual(operators(graph), ["com.microsoft.FusedConv"]);
    const [want, got] = [before, graph].map((g) => asStorage(runGraph(g, [input()])[0]).toNumbers()) as [number[], number[]];
    want.forEach((a, i) => {
      assert.ok(Math.abs(a - (got[i] as number)) <= 1e-5 * Math.max(1, Math.abs(a)), `element ${i}: ${a} against ${got[i]}`);
    });
  });

  it("keep the origins of what they fold, and change nothing in a second run", () => {
    const graph = parseGraph(residual, registry);
    runPasses(graph, portablePasses, { verify: true });
    const scopes = [...graph.nodes()].flatMap((n) => n.provenance.map((o) => o.scope));
    assert.ok(scopes.includes("layer1.conv") && scopes.includes("layer1.bn"));
    const text = printGraph(graph, { weights: true });
    const second = runPasses(graph, portablePasses, { verify: true });
    assert.equal(second.journal.length, 0);
    assert.equal(printGraph(graph, { weights: true }), text);
  });

  it("leave a convolution alone whose result somebody else reads", () => {
    const graph = parseGraph(residual.replace("=> (float[1,2,4,4] y)", "=> (float[1,2,4,4] y, float[1,2,4,4] c)"), registry);
    runPasses(graph, portablePasses, { verify: true });
    assert.deepEqual(operators(graph), ["Conv", "Mul", "Add", "Add", "Relu"]);
  });
});

describe("graph text", () => {
  it("is read back as the same graph", () => {
    const graph = parseGraph(residual, registry);
    const text = printGraph(graph, { weights: true });
    const again = parseGraph(text, registry);
    verifyGraph(again);
    assert.equal(printGraph(again, { weights: true }), text);
  });
});
