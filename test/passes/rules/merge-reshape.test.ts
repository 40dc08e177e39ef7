// Reshape, Flatten, Squeeze and Unsqueeze in a row become one Reshape.
import assert from "node:assert/strict";
import fc from "fast-check";
import { symbol } from "../../../src/ir/dim.ts";
import { Graph, type Value } from "../../../src/ir/graph.ts";
import { tensorType } from "../../../src/ir/type.ts";
import { registry } from "../../../src/ops/registry.ts";
import { int64List } from "../../../src/ops/shape.ts";
import { reshapeTarget } from "../../../src/passes/reshape-target.ts";
import { mergeReshape } from "../../../src/passes/rules/merge-reshape.ts";
import { noOp } from "../../../src/passes/rules/no-op.ts";
import { checkPasses, Dice, operators, refuses } from "../../support/check-rule.ts";

const chain = `main (float[batch,2,6] x) => (float[batch,3,4] y) <int64[3] t = {0, 3, 4}>
{ f = Flatten (x)
  y = Reshape (f, t) }`;

describe("merge-reshape", () => {
  it("writes Flatten and Reshape as one Reshape with 0 for the batch", () => {
    const graph = checkPasses(chain, mergeReshape, { fires: 1 });
    assert.deepEqual(operators(graph), ["Reshape"]);
    assert.deepEqual(graph.firstNode?.inputs[1]?.storage?.toNumbers(), [0, 3, 4]);
  });

  it("removes a Squeeze of an Unsqueeze together with no-op", () => {
    const text = `main (float[batch,4] x) => (float[batch,4] y) <int64[1] a = {1}>
    { n = Neg (x)
      u = Unsqueeze (n, a)
      s = Squeeze (u, a)
      y = Neg (s) }`;
    assert.deepEqual(operators(checkPasses(text, [mergeReshape, noOp])), ["Neg", "Neg"]);
  });

  it("leaves the inner one where somebody else reads it", () => {
    const graph = checkPasses(chain.replace("=> (", "=> (float[batch,12] f, "), mergeReshape, { fires: 1 });
    assert.deepEqual(operators(graph), ["Flatten", "Reshape"]);
  });

  it("says no where two symbols move, where the rank is unknown, and where a caller may replace a target", () => {
    refuses(
      `main (float[a,b] x) => (float[b,a] y) { f = Flatten <axis = 0> (x) s = Shape <start = 1, end = 2> (x) t = Shape <end = 1> (x) c = Concat <axis = 0> (s, t) y = Reshape (f, c) }`,
      mergeReshape,
      /no constant target/,
    );
    refuses(chain.replace("<int64[3] t = {0, 3, 4}>", "").replace("x)", "x, int64[3] t = {0, 3, 4})"), mergeReshape, /default/);
  });

  it("keeps every bit for random chains, with and without symbols", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const graph = new Graph(registry);
        const shape = Array.from({ length: dice.int(1, 4) }, () => dice.pick([1, 2, 3, 4]));
        let value: Value = graph.addInput(
          "x",
          tensorType(
            "int32",
            shape.map((d, i) => (i === 0 && dice.flip() ? symbol("n") : d)),
          ),
        );
        for (let i = dice.int(2, 4); i > 0; i--) value = reshapedOnce(graph, value, dice);
        graph.setOutputs([value]);
        checkPasses(graph, [mergeReshape, noOp], { seed });
      }),
      { numRuns: 150 },
    );
  });
});

/** Adds one operator of the family at random. */
function reshapedOnce(graph: Graph, value: Value, dice: Dice): Value {
  const shape = value.tensorType.shape ?? [];
  const list = (values: number[]) => graph.addInitializer(int64List(values));
  const ones = shape.flatMap((d, i) => (d === 1 ? [i] : []));
  if (dice.flip() && ones.length > 0) return graph.add("Squeeze", [value, list([dice.pick(ones)])]).output;
  if (dice.flip()) return graph.add("Unsqueeze", [value, list([dice.int(0, shape.length)])]).output;
  if (dice.flip()) return graph.add("Flatten", [value], { axis: dice.int(0, shape.length) }).output;
  const target = dice.pick([[-1], [1, -1], [-1, 1], shape.length > 0 ? [0, -1] : [-1]]);
  return graph.add("Reshape", [value, list(target)]).output;
}

describe("reshapeTarget", () => {
  const [a, b] = [symbol("a"), symbol("b")];

  it("copies sizes that stay with 0 and takes -1 for one that moves", () => {
    assert.deepEqual(reshapeTarget([a, b, 4], [a, b, 2, 2]), [0, 0, 2, 2]);
    assert.deepEqual(reshapeTarget([a, 4], [4, a]), [4, -1]);
    assert.deepEqual(reshapeTarget([0, 4], [0, 2]), [0, 2]);
  });

  it("gives nothing for two that move, or for a 0 that is not x's", () => {
    assert.equal(reshapeTarget([a, b], [b, a]), undefined);
    assert.equal(reshapeTarget([4, 0], [0, 4]), undefined);
    assert.equal(reshapeTarget([0, a], [a, 0]), undefined);
  });
});
