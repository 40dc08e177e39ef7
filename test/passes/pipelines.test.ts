// All rules together on random networks: they come to rest, keep what is computed, and the portable passes keep to standard operators.
import assert from "node:assert/strict";
import fc from "fast-check";
import { symbol } from "../../src/ir/dim.ts";
import { Graph, type Value } from "../../src/ir/graph.ts";
import { cloneGraph } from "../../src/ir/traverse.ts";
import { tensorType } from "../../src/ir/type.ts";
import { registry } from "../../src/ops/registry.ts";
import { int64List } from "../../src/ops/shape.ts";
import { runPasses } from "../../src/passes/manager.ts";
import { onnxruntimePasses, portablePasses, transformerFusions } from "../../src/passes/pipelines.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { checkPasses, Dice, operators } from "../support/check-rule.ts";
import { aroundChannels, batchNorm, parameter, withConstant } from "../support/random-layers.ts";

type Step = (g: Graph, x: Value, dice: Dice) => Value;

const sizes = (x: Value) => (x.tensorType.shape ?? []).map((d) => (typeof d === "number" ? d : 2));
const list = (g: Graph, values: readonly number[]) => g.addInitializer(int64List(values));
const scalar = (g: Graph, value: number) => g.addInitializer(Storage.from("float32", [value], []));
/** The permutation that exchanges the last two axes. */
const swap = (rank: number) => Array.from({ length: rank }, (_, i) => (i < rank - 2 ? i : 2 * rank - 3 - i));

/** Steps for any rank: each gives a tensor of the same rank. */
const anywhere: readonly Step[] = [
  (g, x) => g.add("Identity", [x]).output,
  (g, x, dice) => g.add(dice.pick(["Relu", "Neg", "Sigmoid", "Tanh", "Abs"]), [x]).output,
  (g, x, dice) =>
    g.add("Clip", [
      x,
      dice.flip() ? scalar(g, dice.pick([-1, 0, Number.NEGATIVE_INFINITY])) : undefined,
      dice.flip() ? scalar(g, 2) : undefined,
    ]).output,
  (g, x, dice) => withConstant(g, dice, x, scalar(g, dice.pick([0, 1, 0.5, 2]) || 1)),
  (g, x, dice) => g.add(dice.pick(["Add", "Sub"]), [x, scalar(g, dice.pick([0, -0, 1]))]).output,
  (g, x) => g.add("Cast", [g.add("Cast", [x], { to: 11 }).output], { to: 1 }).output,
  (g, x) => g.add("Transpose", [g.add("Transpose", [x], { perm: swap(sizes(x).length) }).output], { perm: swap(sizes(x).length) }).output,
  (g, x) => g.add("Squeeze", [g.add("Unsqueeze", [x, list(g, [1])]).output, list(g, [1])]).output,
  (g, x) => g.add("Reshape", [x, g.add("Shape", [x]).output]).output,
  (g, x, dice) => g.add("Concat", g.add("Split", [x], { axis: dice.int(0, 1), num_outputs: 1 }).outputs, { axis: 1 }).output,
  (g, x) => g.add("Slice", [x, list(g, [0]), list(g, [2 ** 40]), list(g, [1])]).output,
  (g, x, dice) => g.add("Add", dice.flip() ? [x, g.add("Exp", [g.add("Neg", [g.add("Abs", [x]).output]).output]).output] : [x, x]).output,
  (g, x) => g.add("Where", [g.addInitializer(Storage.from("bool", [true], [])), x, g.add("Neg", [x]).output]).output,
];

/** Steps for images. */
const images: readonly Step[] = [
  (g, x, dice) => {
    const channels = dice.int(1, 3);
    const kernel = dice.pick([1, 1, 3]);
    const w = parameter(g, dice, [channels, sizes(x)[1] as number, kernel, kernel]);
    const b = dice.flip() ? parameter(g, dice, [channels]) : undefined;
    return g.add("Conv", [x, w, b], kernel === 3 ? { pads: [1, 1, 1, 1] } : {}).output;
  },
  (g, x, dice) => batchNorm(g, dice, x, sizes(x)[1] as number),
  (g, x, dice) => aroundChannels(g, dice, x, sizes(x)[1] as number),
  (g, x, dice) => g.add("Pad", [x, list(g, [0, 0, dice.int(0, 1), 1, 0, 0, 0, dice.int(0, 1)])]).output,
  (g, x, dice) =>
    g.add(dice.pick(["MaxPool", "AveragePool"]), [x], { kernel_shape: [2, 2], ...(dice.flip() && { pads: [1, 1, 0, 0] }) }).output,
];

/** Steps for matrices. */
const matrices: readonly Step[] = [
  (g, x, dice) => g.add("MatMul", [x, parameter(g, dice, [sizes(x)[1] as number, dice.int(1, 4)])]).output,
  (g, x, dice) => {
    const outputs = dice.int(1, 4);
    const b = parameter(g, dice, [outputs, sizes(x)[1] as number]);
    const c = dice.flip() ? parameter(g, dice, dice.pick([[], [outputs], [1, outputs]])) : undefined;
    return g.add("Gemm", [x, b, c], { transB: 1, alpha: dice.pick([1, 0.5]), beta: dice.pick([0, 1, 2]) }).output;
  },
  (g, x, dice) => batchNorm(g, dice, x, sizes(x)[1] as number),
  (g, x, dice) => withConstant(g, dice, x, parameter(g, dice, dice.pick([[], [sizes(x)[1] as number]]), { positive: true })),
  (g, x, dice) => g.add("Softmax", [x], { axis: dice.int(-1, 1) }).output,
];

function network(dice: Dice): Graph {
  const graph = new Graph(registry);
  const shape = [dice.flip() ? symbol("batch") : 2, dice.int(1, 3), 4, 4];
  let x = graph.addInput("x", tensorType("float32", shape));
  const seen: Value[] = [];
  const walk = (steps: readonly Step[], count: number) => {
    for (let i = 0; i < count; i++) {
      x = dice.pick(dice.int(0, 2) === 0 ? anywhere : steps)(graph, x, dice);
      seen.push(x);
    }
  };
  walk(images, dice.int(0, 6));
  if (sizes(x)[2] === 0 || sizes(x)[3] === 0 || sizes(x).length !== 4) return graph;
  x = graph.add("Flatten", [graph.add("GlobalAveragePool", [x]).output]).output;
  walk(matrices, dice.int(0, 6));
  // Now and then somebody else reads a value between.
  const more = dice.int(0, 2) === 0 && seen.length > 0 ? [dice.pick(seen)] : [];
  graph.setOutputs([x, ...more], ["y", ...more.map((_, i) => `z${i}`)]);
  return graph;
}

describe("the pipelines on random networks", function () {
  this.timeout(120_000);
  it("come to rest and compute the same", () => {
    const fired = new Set<string>();
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const graph = network(new Dice(seed));
        if (graph.outputs.length === 0) return;
        const portable = checkPasses(graph, portablePasses, { seed, sizes: { batch: 2 }, accuracy: "approximate" });
        assert.ok(
          operators(portable).every((op) => !op.includes(".")),
          String(portable),
        );
        checkPasses(portable, [...onnxruntimePasses, ...transformerFusions], {
          seed,
          sizes: { batch: 3 },
          target: "onnxruntime",
          accuracy: "approximate",
        });
        for (const step of runPasses(cloneGraph(graph).graph, portablePasses).journal) fired.add(step.rule);
      }),
      { numRuns: 150 },
    );
    assert.ok(fired.size > 20, `only these rules fired: ${[...fired].join(", ")}`);
  });
});
