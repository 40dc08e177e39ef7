// Slices of slices, slices of concatenations, and parts that are put together again.
import assert from "node:assert/strict";
import fc from "fast-check";
import { symbol } from "../../../src/ir/dim.ts";
import { Graph, type Value } from "../../../src/ir/graph.ts";
import { tensorType } from "../../../src/ir/type.ts";
import { registry } from "../../../src/ops/registry.ts";
import { int64List } from "../../../src/ops/shape.ts";
import { mergeSlice, reassemble, sliceOfConcat } from "../../../src/passes/rules/merge-slice.ts";
import { checkPasses, Dice, operators, refuses } from "../../support/check-rule.ts";

const far = 2 ** 60;

/** `value[start:end:step]` along `axis`. */
function cut(graph: Graph, value: Value, axis: number, start: number, end: number, step = 1): Value {
  const list = (v: number) => graph.addInitializer(int64List([v]));
  return graph.add("Slice", [value, list(start), list(end), list(axis), ...(step === 1 ? [] : [list(step)])]).output;
}

function graphOf(build: (graph: Graph, x: Value) => readonly Value[], shape: readonly (number | string)[] = [10, 4]): Graph {
  const graph = new Graph(registry);
  const x = graph.addInput(
    "x",
    tensorType(
      "int32",
      shape.map((d) => (typeof d === "string" ? symbol(d) : d)),
    ),
  );
  graph.setOutputs(build(graph, graph.add("Neg", [x]).output));
  return graph;
}

const out = (graph: Graph, value: Value) => graph.add("Neg", [value]).output;

describe("merge-slice", () => {
  it("adds the starts of two slices of one axis", () => {
    const graph = checkPasses(
      graphOf((g, x) => [cut(g, cut(g, x, 0, 2, 8), 0, 1, 3)]),
      mergeSlice,
      { fires: 1 },
    );
    const slice = graph.lastNode;
    assert.deepEqual(
      slice?.inputs.slice(1).map((v) => v?.storage?.toNumbers()),
      [[3], [5], [0]],
    );
  });

  it("joins slices of different axes, with symbols and steps", () => {
    const graph = checkPasses(
      graphOf((g, x) => [cut(g, cut(g, x, 0, 1, far), 1, -1, -far, -1)], ["n", 4]),
      mergeSlice,
      { fires: 1 },
    );
    assert.deepEqual(operators(graph), ["Neg", "Slice"]);
  });

  it("says no where the axis has an unknown size, where steps meet, and where bounds are computed", () => {
    refuses(
      graphOf((g, x) => [cut(g, cut(g, x, 0, 1, far), 0, 1, far)], ["n", 4]),
      mergeSlice,
      /unknown size/,
    );
    refuses(
      graphOf((g, x) => [cut(g, cut(g, x, 0, 0, 10, 2), 0, 1, far)]),
      mergeSlice,
      /steps/,
    );
    refuses(`main (float[9] x, int64[1] a, int64[1] b) => (y) { s = Slice (x, a, b) y = Slice (s, a, b) }`, mergeSlice, /not constant/);
  });

  it("keeps every element for random bounds", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const bound = () => dice.pick([dice.int(-12, 12), dice.int(-4, 4), far, -far]);
        const graph = graphOf(
          (g, x) => {
            let value = x;
            for (let i = dice.int(2, 4); i > 0; i--)
              value = cut(g, value, dice.int(-2, 1), bound(), bound(), dice.pick([1, 1, 1, 2, -1, -3]));
            return [value];
          },
          [dice.int(1, 9), 5],
        );
        checkPasses(graph, mergeSlice, { seed });
      }),
      { numRuns: 200 },
    );
  });
});

describe("slice-of-concat", () => {
  const parts = (g: Graph, x: Value) => [cut(g, x, 0, 0, 2), g.add("Abs", [x]).output, cut(g, x, 0, 5, 6)];

  it("takes the input that is cut out", () => {
    const graph = graphOf((g, x) => [out(g, cut(g, g.add("Concat", parts(g, x), { axis: 0 }).output, 0, 2, 12))]);
    assert.deepEqual(operators(checkPasses(graph, sliceOfConcat, { fires: 1 })), ["Neg", "Abs", "Neg"]);
  });

  it("says no to a part of an input, to another axis, and to inputs of unknown size", () => {
    const sliced = (axis: number, start: number, end: number) =>
      graphOf((g, x) => [cut(g, g.add("Concat", parts(g, x), { axis: 0 }).output, axis, start, end)]);
    refuses(sliced(0, 2, 11), sliceOfConcat, /exactly one input/);
    refuses(sliced(1, 0, 2), sliceOfConcat, /exactly one input/);
    refuses(
      graphOf((g, x) => [cut(g, g.add("Concat", [x, x], { axis: 0 }).output, 0, 0, 1)], ["n", 4]),
      sliceOfConcat,
      /exactly one input/,
    );
  });
});

describe("reassemble", () => {
  it("takes the tensor for its slices in order, and for all outputs of a Split", () => {
    const slices = graphOf((g, x) => [
      out(g, g.add("Concat", [cut(g, x, 0, 0, 3), cut(g, x, 0, 3, -1), cut(g, x, 0, -1, far)], { axis: 0 }).output),
    ]);
    assert.deepEqual(operators(checkPasses(slices, reassemble, { fires: 1 })), ["Neg", "Neg"]);
    const split = graphOf(
      (g, x) => [
        out(g, g.add("Concat", g.add("Split", [x], { axis: -1, num_outputs: 2 }, { outputCount: 2 }).outputs, { axis: 1 }).output),
      ],
      ["n", 4],
    );
    assert.deepEqual(operators(checkPasses(split, reassemble, { fires: 1 })), ["Neg", "Neg"]);
  });

  it("says no to another order, a gap, another axis, and parts of two tensors", () => {
    const of = (build: (g: Graph, x: Value) => readonly Value[], axis = 0, shape = [4, 4]) =>
      graphOf((g, x) => [g.add("Concat", build(g, x), { axis }).output], shape);
    const no = /not all parts/;
    refuses(
      of((g, x) => [cut(g, x, 0, 2, 4), cut(g, x, 0, 0, 2)]),
      reassemble,
      no,
    );
    refuses(
      of((g, x) => [cut(g, x, 0, 0, 2), cut(g, x, 0, 1, 3)]),
      reassemble,
      no,
    );
    refuses(
      of((g, x) => [cut(g, x, 0, 0, 2), cut(g, x, 0, 2, 4)], 1),
      reassemble,
      no,
    );
    refuses(
      of((g, x) => [cut(g, x, 0, 0, 2), cut(g, g.add("Abs", [x]).output, 0, 2, 4)]),
      reassemble,
      no,
    );
    const outputs = (g: Graph, x: Value) => g.add("Split", [x], { num_outputs: 2 }, { outputCount: 2 }).outputs;
    refuses(
      of((g, x) => [...outputs(g, x)].reverse()),
      reassemble,
      no,
    );
  });

  it("keeps every element for random cuts", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const graph = graphOf(
          (g, x) => {
            const at = dice.int(0, 6);
            const ranges = dice.pick([
              [
                [0, at],
                [at, 6],
              ],
              [
                [0, at],
                [at, at + 1],
                [at + 1, 99],
              ],
              [
                [at, 6],
                [0, at],
              ],
            ]);
            return [
              g.add(
                "Concat",
                ranges.map(([a, b]) => cut(g, x, 0, a as number, b as number)),
                { axis: 0 },
              ).output,
            ];
          },
          [6, 2],
        );
        checkPasses(graph, [reassemble, mergeSlice, sliceOfConcat], { seed });
      }),
      { numRuns: 100 },
    );
  });
});
