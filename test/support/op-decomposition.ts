// Runs an operator and its decomposition on the same inputs, for tests that the two agree.

import { symbol } from "../../src/ir/dim.ts";
import { Graph } from "../../src/ir/graph.ts";
import type { Attributes } from "../../src/ir/schema.ts";
import { tensorType } from "../../src/ir/type.ts";
import { registry } from "../../src/ops/registry.ts";
import { runGraph } from "../../src/ops/run-graph.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { run } from "./run-op.ts";

/** The outputs of `op` by its kernel and by its decomposition, whose graph was built for symbolic sizes. */
export function bothWays(
  op: string,
  inputs: readonly (Storage | undefined)[],
  attributes: Attributes = {},
  outputCount = 1,
): { kernel: Storage[]; decomposed: Storage[] } {
  const graph = new Graph(registry);
  const values = inputs.map(
    (x, i) =>
      x &&
      graph.addInput(
        `x${i}`,
        tensorType(
          x.dtype,
          // The first input's first axis stays open; the others must be known to the decompositions that need them.
          x.shape.map((d, axis) => (i === 0 && axis === 0 ? symbol("batch") : d)),
        ),
      ),
  );
  const node = graph.add(op, values, attributes, { outputCount });
  const decompose = registry.get(op)?.decompose;
  if (!decompose) throw new Error(`${op} has no decomposition`);
  graph.setOutputs(decompose(graph, node.inputs, node.attributes, node.outputs));
  const given = inputs.filter((x) => x !== undefined);
  const decomposed = runGraph(graph, given).map((v) => {
    if (v instanceof Storage) return v;
    throw new Error("a sequence");
  });
  return { kernel: run(op, inputs, attributes, outputCount), decomposed };
}
