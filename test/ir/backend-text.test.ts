// ONNX's backend suite through our text: every model printed whole and read back prints and computes the same, bit for bit.
import assert from "node:assert/strict";
import type { Graph } from "../../src/ir/graph.ts";
import { parseGraph } from "../../src/ir/parse.ts";
import { printGraph } from "../../src/ir/print.ts";
import { verifyGraph } from "../../src/ir/verify.ts";
import { registry } from "../../src/ops/registry.ts";
import { runGraph } from "../../src/ops/run-graph.ts";
import { contentsOf, type RuntimeValue } from "../../src/ops/runtime-value.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { importBackendCase, inputsOfBackendCase, readBackendCases, testDataFolder } from "../support/backend-cases.ts";

const bits = (v: RuntimeValue): unknown =>
  v instanceof Storage ? { dtype: v.dtype, shape: [...v.shape], data: v.dense() } : contentsOf(v).map(bits);

function throughText(graph: Graph, name: string): Graph {
  const text = printGraph(graph, { weights: true });
  const read = parseGraph(text, registry);
  assert.equal(printGraph(read, { weights: true }), text, name);
  verifyGraph(read);
  return read;
}

/** Outputs that are drawn at random. */
const random = /^test_(bernoulli|training_dropout)/;

describe("ONNX's backend suite, printed and read back", function () {
  this.timeout(120_000);
  let folder: string | undefined;
  before(function () {
    folder = testDataFolder();
    if (!folder) this.skip();
  });

  for (const [kind, atLeast] of [
    ["node", 1214],
    ["simple", 21],
    ["pytorch-operator", 28],
    ["pytorch-converted", 58],
  ] as const)
    it(`${kind}: prints and computes the same`, () => {
      let checked = 0;
      for (const entry of readBackendCases(folder as string, kind)) {
        const graph = importBackendCase(entry);
        if (!graph) continue;
        const read = throughText(graph, entry.name);
        checked++;
        const inputs = inputsOfBackendCase(graph, entry);
        if (!inputs || random.test(entry.name)) continue;
        assert.deepEqual(runGraph(read, inputs).map(bits), runGraph(graph, inputs).map(bits), entry.name);
      }
      assert.ok(checked >= atLeast, `${checked} models`);
    });
});
