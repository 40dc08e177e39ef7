// The passes on graphs of every element type, with sequences, optionals and sub-graphs: what is left computes the same bits.
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Graph } from "../../src/ir/graph.ts";
import { cloneGraph } from "../../src/ir/traverse.ts";
import { verifyGraph } from "../../src/ir/verify.ts";
import { asStorage, runGraph } from "../../src/ops/run-graph.ts";
import { runPasses } from "../../src/passes/manager.ts";
import { portablePasses } from "../../src/passes/pipelines.ts";
import type { Storage } from "../../src/tensor/storage.ts";
import { typedGraph } from "../support/typed-graph.ts";

const compute = (graph: Graph, inputs: readonly Storage[]) =>
  runGraph(graph, inputs)
    .map(asStorage)
    .map((s) => ({ dtype: s.dtype, shape: [...s.shape], elements: s.dense() }));

describe("the portable passes on random well-typed graphs", function () {
  this.timeout(60_000);

  it("keep what is computed, bit for bit, and the names of the interface", () => {
    let rewrites = 0;
    fc.assert(
      fc.property(fc.nat(1e9), (seed) => {
        const { graph, inputs } = typedGraph(seed);
        const optimised = cloneGraph(graph).graph;
        rewrites += runPasses(optimised, portablePasses, {}).journal.length;
        verifyGraph(optimised);
        assert.deepEqual(optimised.outputNames, graph.outputNames);
        assert.deepEqual(compute(optimised, inputs), compute(graph, inputs));
      }),
      { numRuns: 100 },
    );
    assert.ok(rewrites > 100, `${rewrites} rewrites`);
  });
});
