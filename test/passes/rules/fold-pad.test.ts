// Padding in front of convolutions and pools.
import assert from "node:assert/strict";
import fc from "fast-check";
import { Graph, type Value } from "../../../src/ir/graph.ts";
import { tensorType } from "../../../src/ir/type.ts";
import { registry } from "../../../src/ops/registry.ts";
import { int64List } from "../../../src/ops/shape.ts";
import { foldPadConv, foldPadPool } from "../../../src/passes/rules/fold-pad.ts";
import { Storage } from "../../../src/tensor/storage.ts";
import { checkPasses, Dice, operators, refuses } from "../../support/check-rule.ts";
import { convolution } from "../../support/random-layers.ts";

const text = (node: string, constants = "int64[6] p = {0, 0, 1, 0, 0, 2}", pad = "Pad (r, p)") => `main (float[1,1,4] x) => (y)
<float[1,1,2] w = {1, 2}, ${constants}> { r = Relu (x) q = ${pad} y = ${node} }`;

describe("fold-pad-conv", () => {
  it("adds the amounts to the pads", () => {
    const graph = checkPasses(text("Conv <pads = [1, 1]> (q, w)"), foldPadConv, { fires: 1 });
    assert.deepEqual(graph.lastNode?.attributes.pads, [2, 3]);
  });

  it("reads named axes", () => {
    const graph = checkPasses(
      text("Conv (q, w)", "int64[2] p = {1, 2}, float z = {0}, int64[1] a = {-1}", "Pad (r, p, z, a)"),
      foldPadConv,
      { fires: 1 },
    );
    assert.deepEqual(graph.lastNode?.attributes.pads, [1, 2]);
  });

  it("says no to another value, mode, axis, a crop, computed amounts, SAME padding and a second reader", () => {
    refuses(text("Conv (q, w)", "int64[6] p = {0, 0, 1, 0, 0, 2}, float v = {1}", "Pad (r, p, v)"), foldPadConv, /zeros/);
    refuses(text("Conv (q, w)", undefined, 'Pad <mode = "edge"> (r, p)'), foldPadConv, /elements of x/);
    refuses(text("Conv (q, w)", "int64[6] p = {1, 0, 1, 0, 0, 2}"), foldPadConv, /images or channels/);
    refuses(text("Conv (q, w)", "int64[6] p = {0, 0, -1, 0, 0, 2}"), foldPadConv, /crops/);
    refuses(text("Conv (q, w)", "int64[1] d = {1}").replace("x)", "x, int64[6] p)"), foldPadConv, /not constant/);
    refuses(text('Conv <auto_pad = "SAME_UPPER"> (q, w)'), foldPadConv, /own padding/);
    refuses(text("Conv (q, w)").replace("(y)", "(y, q)"), foldPadConv, /2 readers/);
  });

  it("computes the same for random pads and convolutions", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const graph = new Graph(registry);
        const { value } = convolution(graph, dice, { before: (x) => padded(graph, dice, x) });
        graph.setOutputs([value]);
        checkPasses(graph, foldPadConv, { seed });
      }),
      { numRuns: 100 },
    );
  });
});

/** A Pad of the spatial axes, written with or without axes; now and then of others, or with another value. */
function padded(graph: Graph, dice: Dice, x: Value): Value {
  const { shape = [], dtype } = x.tensorType;
  const spatial = Array.from({ length: shape.length - 2 }, (_, i) => i + 2);
  const named = dice.flip();
  const axes = named ? spatial : shape.map((_, i) => i);
  const amounts = [...axes, ...axes].map((a) => (a < 2 ? 0 : dice.int(0, 2)));
  // A crop that leaves the size what it was.
  if (dice.int(0, 9) === 0) {
    amounts[axes.length - 1] = 1;
    amounts[amounts.length - 1] = -1;
  }
  const value = dice.pick([undefined, undefined, 0, 0, 1, Number.NEGATIVE_INFINITY]);
  return graph.add("Pad", [
    x,
    graph.addInitializer(int64List(amounts)),
    value === undefined ? undefined : graph.addInitializer(Storage.from(dtype, [value], [])),
    named ? graph.addInitializer(int64List(axes)) : undefined,
  ]).output;
}

describe("fold-pad-pool", () => {
  it("counts the padding in the mean", () => {
    const graph = checkPasses(text("AveragePool <kernel_shape = [3]> (q)"), foldPadPool, { fires: 1 });
    assert.deepEqual(graph.lastNode?.attributes, { kernel_shape: [3], pads: [1, 2], count_include_pad: 1 });
  });

  it("lets a MaxPool pad behind a Relu, and where −∞ is padded", () => {
    assert.deepEqual(operators(checkPasses(text("MaxPool <kernel_shape = [3]> (q)"), foldPadPool, { fires: 1 })), ["Relu", "MaxPool"]);
    const infinite = text("MaxPool <kernel_shape = [3]> (q)", "int64[6] p = {0, 0, 1, 0, 0, 2}, float v = {-inf}", "Pad (r, p, v)").replace(
      "Relu",
      "Neg",
    );
    checkPasses(infinite, foldPadPool, { fires: 1 });
  });

  it("says no where padding means something else", () => {
    refuses(text("MaxPool <kernel_shape = [3]> (q)").replace("Relu", "Neg"), foldPadPool, /may be negative/);
    refuses(text("MaxPool <kernel_shape = [2]> (q)"), foldPadPool, /padding alone/);
    refuses(text("MaxPool <kernel_shape = [3], dilations = [2]> (q)"), foldPadPool, /gaps/);
    refuses(text("MaxPool <kernel_shape = [3], ceil_mode = 1, strides = [2]> (q)"), foldPadPool, /rounds up/);
    refuses(
      text("AveragePool <kernel_shape = [3], pads = [1, 0]> (q)", "int64[6] p = {0, 0, 0, 0, 0, 1}"),
      foldPadPool,
      /leaves its own padding out/,
    );
    refuses(
      text("AveragePool <kernel_shape = [3]> (q)", "int64[6] p = {0, 0, 1, 0, 0, 1}, float v = {1}", "Pad (r, p, v)"),
      foldPadPool,
      /zeros/,
    );
    refuses(
      `main (float[1,1,4] x) => (y, i) <int64[6] p = {0, 0, 1, 0, 0, 1}> { r = Relu (x) q = Pad (r, p) y, i = MaxPool <kernel_shape = [3]> (q) }`,
      foldPadPool,
      /another output/,
    );
  });

  it("computes the same for random pads and pools", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const graph = new Graph(registry);
        const axes = dice.int(1, 2);
        const each = (low: number, high: number) => Array.from({ length: axes }, () => dice.int(low, high));
        const x = graph.addInput("x", tensorType("float32", [1, 2, ...each(4, 6)]));
        const kernel = each(1, 3);
        const own = dice.flip() ? {} : { pads: [...kernel, ...kernel].map((k) => dice.int(0, k - 1)) };
        const y = graph.add(
          dice.pick(["MaxPool", "AveragePool"]),
          [padded(graph, dice, graph.add(dice.pick(["Relu", "Neg", "Exp"]), [x]).output)],
          {
            kernel_shape: kernel,
            ...own,
            ...(dice.flip() && { strides: each(1, 2) }),
            ...(dice.int(0, 3) === 0 && { ceil_mode: 1 }),
          },
        );
        graph.setOutputs([y.output]);
        checkPasses(graph, foldPadPool, { seed });
      }),
      { numRuns: 200 },
    );
  });
});
