import assert from "node:assert/strict";
import { parseGraph } from "../../../src/ir/parse.ts";
import { registry } from "../../../src/ops/registry.ts";
import { describeGraph } from "../../../src/serve/worker/describe-graph.ts";

const described = (text: string) => describeGraph(parseGraph(text, registry), "interpreter");

describe("a graph as data for the pages", () => {
  it("has types, attributes, modules and source lines of its nodes", () => {
    const { graph, values } = described(`main (float[batch,4] x) => (float[batch,4] y)
{
  y = LeakyRelu <alpha = 0.25> (x)  # float[batch,4] | block.0.act (model.ts:12:8)
}`);
    const [node] = graph.nodes;
    assert.deepEqual(node?.scope, ["block", "0", "act"]);
    assert.deepEqual(node?.sources, ["model.ts:12:8"]);
    assert.deepEqual(node?.attributes, [["alpha", "0.25"]]);
    assert.deepEqual(
      graph.inputs.map((i) => values[i]),
      [{ name: "x", type: "float[batch,4]" }],
    );
  });

  it("counts operators, bodies included, and the constants", () => {
    const { operators, parameters, bytes, graph, values } = described(`main (bool c, float[2] x) => (float[2] y)
<
  float[2] w = {1.0, 2.0}
>
{
  y = If <then_branch = a () => (float[2] p) { p = Add (x, w) }, else_branch = b () => (float[2] q) { q = Mul (x, w) }> (c)
}`);
    assert.deepEqual(operators, [
      ["Add", 1],
      ["If", 1],
      ["Mul", 1],
    ]);
    assert.equal(parameters, 2);
    assert.equal(bytes, 8);
    const [, body] = graph.nodes[0]?.bodies?.[0] ?? [];
    const [, w] = body?.nodes[0]?.inputs ?? [];
    assert.deepEqual(values[w ?? -1], { name: "w", type: "float[2]", constant: "[1, 2]" });
  });

  it("leaves the elements of large constants out, and tells only so many modules apart", () => {
    const numbers = Array.from({ length: 17 }, (_, i) => `${i}.0`).join(", ");
    const scope = Array.from({ length: 100 }, (_, i) => `m${i}`).join(".");
    const { graph, values, parameters } = described(`main (float[17] x) => (float[17] y)
<
  float[17] w = {${numbers}}
>
{
  y = Add (x, w)  # float[17] | ${scope} (model.ts:1:1)
}`);
    assert.equal(values.find((v) => v.name === "w")?.constant, "");
    assert.equal(parameters, 17);
    assert.equal(graph.nodes[0]?.scope.length, 24);
    assert.equal(graph.nodes[0]?.scope.join("."), scope);
  });
});
