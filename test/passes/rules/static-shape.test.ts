// Shape arithmetic in front of Reshape and Expand goes where the types know its result.
import assert from "node:assert/strict";
import fc from "fast-check";
import { symbol } from "../../../src/ir/dim.ts";
import { Graph, type Value } from "../../../src/ir/graph.ts";
import { tensorType } from "../../../src/ir/type.ts";
import { registry } from "../../../src/ops/registry.ts";
import { int64List } from "../../../src/ops/shape.ts";
import { deadCode } from "../../../src/passes/rules/dead-code.ts";
import { staticExpand, staticReshape } from "../../../src/passes/rules/static-shape.ts";
import { checkPasses, Dice, operators, refuses } from "../../support/check-rule.ts";

const classic = `main (float[batch,2,6] x) => (float[batch,12] y) <int64[1] zero = {0}, int64[1] twelve = {12}>
{ s = Shape (x)
  b = Gather (s, zero)
  t = Concat <axis = 0> (b, twelve)
  y = Reshape (x, t) }`;

describe("static-reshape", () => {
  it("turns Shape, Gather, Concat into the target (0, 12)", () => {
    const graph = checkPasses(classic, [staticReshape, deadCode]);
    assert.deepEqual(operators(graph), ["Reshape"]);
    assert.deepEqual(graph.firstNode?.inputs[1]?.storage?.toNumbers(), [0, 12]);
  });

  it("leaves a constant target, one with two moving symbols, and one that a caller gives", () => {
    refuses(
      `main (float[batch,2] x) => (float[batch,2,1] y) <int64[3] t = {0, 2, 1}> { y = Reshape (x, t) }`,
      staticReshape,
      /constant already/,
    );
    refuses(`main (float[a,b] x, int64[2] t) => (float[c,d] y) { y = Reshape (x, t) }`, staticReshape, /no constant target/);
    refuses(`main (float[2,3] x, int64[2] t = {3, 2}) => (float[3,2] y) { y = Reshape (x, t) }`, staticReshape, /default/);
  });

  it("keeps every bit for random permutations, products and constants of sizes", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const graph = new Graph(registry);
        const x = graph.addInput("x", tensorType("int32", [symbol("a"), dice.flip() ? symbol("b") : 3, 4]));
        const shape = graph.add("Shape", [x]).output;
        const size = (i: number) => graph.add("Gather", [shape, graph.addInitializer(int64List([i]))]).output;
        const minus = () => graph.addInitializer(int64List([-1]));
        const parts: Value[] = dice.pick([
          () => [size(0), minus()],
          () => [size(1), size(0), size(2)],
          () => [size(0), graph.add("Mul", [size(1), size(2)]).output],
          () => [size(0), size(1), graph.addInitializer(int64List([2, 2]))],
          () => [graph.add("Mul", [size(0), size(1)]).output, size(2)],
          () => [minus(), size(2)],
        ])();
        const y = graph.add("Reshape", [x, graph.add("Concat", parts, { axis: 0 }).output]);
        graph.setOutputs([y.output]);
        for (const a of [1, 2, 5]) checkPasses(graph, [staticReshape, deadCode], { seed, sizes: { a, b: dice.int(1, 4) } });
      }),
      { numRuns: 60 },
    );
  });
});

describe("static-expand", () => {
  it("takes 1 for the sizes that x has already", () => {
    const text = `main (float[batch,1] x) => (float[batch,3] y) <int64[1] three = {3}>
    { b = Shape <end = 1> (x)
      t = Concat <axis = 0> (b, three)
      y = Expand (x, t) }`;
    const graph = checkPasses(text, [staticExpand, deadCode]);
    assert.deepEqual(graph.firstNode?.inputs[1]?.storage?.toNumbers(), [1, 3]);
    assert.deepEqual(operators(graph), ["Expand"]);
  });

  it("leaves a size that comes from another tensor", () => {
    refuses(`main (float[1] x, float[n] z) => (float[n] y) { s = Shape (z) y = Expand (x, s) }`, staticExpand, /neither x's nor/);
  });
});
