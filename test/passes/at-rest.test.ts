// Real models, traced: the pipelines come to rest, leave what they promise, and a second run changes nothing.
import assert from "node:assert/strict";
import { randn } from "../../src/index.ts";
import * as models from "../../src/models/index.ts";
import { runPasses } from "../../src/passes/manager.ts";
import { onnxruntimePasses, portablePasses, transformerFusions } from "../../src/passes/pipelines.ts";
import { traceGraph } from "../../src/trace/trace-graph.ts";
import { operators } from "../support/check-rule.ts";

const sources = {
  resnet18: () => models.resnet18({ seed: 0 }),
  mobilenetV2: () => models.mobilenetV2({ seed: 0 }),
  vitB16: () => models.vitB16({ seed: 0 }),
};

describe("the pipelines on traced models", function () {
  this.timeout(120_000);
  for (const [name, make] of Object.entries(sources))
    it(`${name}: come to rest without BatchNormalization, Identity and Dropout`, () => {
      const { graph } = traceGraph(make().eval(), randn([1, 3, 224, 224], { seed: 1 }));
      runPasses(graph, portablePasses, { verify: true });
      for (const op of ["BatchNormalization", "Identity", "Dropout"]) assert.ok(!operators(graph).includes(op), op);
      assert.equal(runPasses(graph, portablePasses).journal.length, 0);
      const lowering = [...onnxruntimePasses, ...transformerFusions];
      runPasses(graph, lowering, { target: "onnxruntime", verify: true });
      assert.equal(runPasses(graph, [...portablePasses, ...lowering], { target: "onnxruntime" }).journal.length, 0);
      // No activation or residual sum is left behind a convolution that could take it.
      for (const node of graph.nodes())
        if (["Relu", "Clip", "Add"].includes(node.op))
          for (const v of node.inputs) assert.ok(v?.producer?.op !== "Conv" || v.users.size > 1, `${node.op} behind Conv\n${graph}`);
    });
});
