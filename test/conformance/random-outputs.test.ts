import assert from "node:assert/strict";
import { drawsRandomNumbers } from "../../src/conformance/random-outputs.ts";
import { parseGraph } from "../../src/ir/parse.ts";
import { registry } from "../../src/ops/registry.ts";
import { Storage } from "../../src/tensor/storage.ts";

const graph = (text: string) => parseGraph(text, registry);
const one = Storage.from("float32", [1], [1]);
const flag = (on: boolean) => Storage.from("bool", [on], []);
const ratio = (r: number) => Storage.from("float32", [r], []);

describe("drawing random numbers", () => {
  it("is what the random operators do, in the branches of an If too", () => {
    assert.ok(drawsRandomNumbers(graph("g (float[1] x) => (float[1] y) { y = Bernoulli(x) }"), [one]));
    assert.ok(!drawsRandomNumbers(graph("g (float[1] x) => (float[1] y) { y = Relu(x) }"), [one]));
    const branches = graph(`g (bool c, float[1] x) => (float[1] y) {
      y = If <then_branch = a () => (float[1] p) { p = Relu(x) }, else_branch = b () => (float[1] q) { q = RandomNormalLike(x) }> (c)
    }`);
    assert.ok(drawsRandomNumbers(branches, [flag(true), one]));
  });

  it("is what a Dropout does when it trains with a ratio, and not otherwise", () => {
    assert.ok(!drawsRandomNumbers(graph("g (float[1] x) => (float[1] y) { y = Dropout(x) }"), [one]));
    const dropout = graph("g (float[1] x, float r, bool t) => (float[1] y) { y = Dropout(x, r, t) }");
    assert.ok(drawsRandomNumbers(dropout, [one, ratio(0.5), flag(true)]));
    assert.ok(!drawsRandomNumbers(dropout, [one, ratio(0.5), flag(false)]));
    assert.ok(!drawsRandomNumbers(dropout, [one, ratio(0), flag(true)]));
  });
});
