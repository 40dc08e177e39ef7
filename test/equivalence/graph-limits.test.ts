// The default limit of a graph: from its longest sum, and from how many sums follow each other.
import assert from "node:assert/strict";
import { defaultLimit } from "../../src/equivalence/compare.ts";
import { accumulationOf, outputLimits } from "../../src/equivalence/graph-limits.ts";
import { parseGraph } from "../../src/ir/parse.ts";
import { registry } from "../../src/ops/registry.ts";

const graph = (text: string) => parseGraph(text, registry);

describe("the limit of a graph", () => {
  it("counts the multiply-adds of a product, and products behind each other", () => {
    const g = graph(`main (float[3,16] x, float[16,8] a, float[8,4] b) => (float[3,4] z)
{
  y = MatMul (x, a)
  r = Relu (y)
  z = MatMul (r, b)
}`);
    assert.deepEqual(accumulationOf(g), { longest: 16, depth: 2 });
    assert.deepEqual(outputLimits(g), [defaultLimit("float32", 16, 2)]);
  });

  it("counts the window of a convolution and the elements of a reduction", () => {
    const conv = graph(`main (float[1,4,8,8] x, float[2,4,3,3] w) => (float[1,2,6,6] y)
{
  y = Conv (x, w)
}`);
    assert.equal(accumulationOf(conv).longest, 36);
    const sum = graph(`main (float[5,32] x) => (float[5] y)
<int64[1] axes = {1}>
{
  y = ReduceSum <keepdims = 0> (x, axes)
}`);
    assert.equal(accumulationOf(sum).longest, 32);
  });

  it("gives no room where nothing is summed, nor to integers", () => {
    const g = graph(`main (float[2] x, int64[2] i) => (float[2] y, int64[2] j)
{
  y = Relu (x)
  j = Add (i, i)
}`);
    assert.deepEqual(outputLimits(g), [defaultLimit("float32"), 0]);
  });
});
