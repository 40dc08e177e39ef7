// Models without control flow that depends on data: recorded and read from source they are one graph.
import assert from "node:assert/strict";
import { cat, nn, script, type Tensor, trace } from "../../src/index.ts";
import type { ModelObject } from "../../src/trace/model.ts";
import { graphDifference } from "../support/graph-difference.ts";
import { smallZoo } from "../support/small-zoo.ts";

/** The first difference between what tracing and scripting make of a model, before and after the engine's own passes. */
async function difference(model: ModelObject): Promise<readonly (string | undefined)[]> {
  const [traced, scripted] = [await trace(model), await script(model)];
  await Promise.all([traced.close(), scripted.close()]);
  return [graphDifference(traced.graph, scripted.graph), graphDifference(traced.loweredGraph, scripted.loweredGraph)];
}

describe("a model of the zoo", () => {
  for (const [name, make] of Object.entries(smallZoo))
    it(`has the same optimised graph read from source as recorded: ${name}`, async () => {
      assert.deepEqual(await difference(make().eval() as nn.Module & ModelObject), [undefined, undefined]);
    }).timeout(120_000);
});

describe("the comparison of two graphs", () => {
  const x = "float32[n=2, 3]";
  const graphOf = async (forward: (x: Tensor) => Tensor) => {
    const compiled = await script(forward, { inputs: { x }, engine: "interpreter" });
    await compiled.close();
    return compiled.graph;
  };
  const [scaled, other] = [new nn.Linear(3, 3), new nn.Linear(3, 3)];

  it("does not mind the order of nodes", async () => {
    const first = await graphOf((x) => {
      const [a, b] = [x.exp(), x.tanh()];
      return cat([a, b]);
    });
    const second = await graphOf((x) => {
      const [b, a] = [x.tanh(), x.exp()];
      return cat([a, b]);
    });
    assert.equal(graphDifference(first, second), undefined);
  });

  it("sees other operators, attributes, wiring, constants and weights", async () => {
    const base = await graphOf((x) => cat([x.exp(), scaled.forward(x).add(2)], 1));
    const others = [
      (x: Tensor) => cat([x.sin(), scaled.forward(x).add(2)], 1),
      (x: Tensor) => cat([x.exp(), scaled.forward(x).add(2)], 0),
      (x: Tensor) => cat([scaled.forward(x).add(2), x.exp()], 1),
      (x: Tensor) => cat([x.exp(), scaled.forward(x).add(3)], 1),
      (x: Tensor) => cat([x.exp(), other.forward(x).add(2)], 1),
    ];
    for (const forward of others) assert.ok(graphDifference(base, await graphOf(forward)), String(forward));
  });
});
