// Constants per channel behind and in front of convolutions.
import assert from "node:assert/strict";
import fc from "fast-check";
import { Graph } from "../../../src/ir/graph.ts";
import { registry } from "../../../src/ops/registry.ts";
import { foldAddConv, foldMulConv } from "../../../src/passes/rules/fold-affine-conv.ts";
import { foldConvAdd, foldConvMul } from "../../../src/passes/rules/fold-conv-affine.ts";
import { checkPasses, Dice, operators, refuses } from "../../support/check-rule.ts";
import { aroundChannels, convolution } from "../../support/random-layers.ts";

const text = (nodes: string) => `main (float[1,2,3] x) => (float[1,2,3] y)
<float[2,2,1] w = {1, 2, 3, 4}, float[2] c = {10, 20}, float[2,1] k = {2, -4}> { ${nodes} }`;
const weights = (graph: Graph) => graph.firstNode?.inputs.slice(1).map((v) => v?.storage?.toNumbers());

describe("fold-conv-mul and fold-conv-add", () => {
  it("scale filters and bias, or move the bias", () => {
    assert.deepEqual(weights(checkPasses(text("p = Conv (x, w, c) y = Mul (k, p)"), foldConvMul, { fires: 1 })), [
      [2, 4, -12, -16],
      [20, -80],
    ]);
    assert.deepEqual(weights(checkPasses(text("p = Conv (x, w) y = Sub (p, k)"), foldConvAdd, { fires: 1 })), [
      [1, 2, 3, 4],
      [-2, 4],
    ]);
  });

  it("say no to k / y, k − y, a zero divisor, a constant per column, and a second reader", () => {
    refuses(text("p = Conv (x, w, c) y = Div (k, p)"), foldConvMul, /constant/);
    refuses(text("p = Conv (x, w, c) y = Sub (k, p)"), foldConvAdd, /constant/);
    refuses(text("p = Conv (x, w, c) y = Div (p, k)").replace("{2, -4}", "{2, 0}"), foldConvMul, /one finite number per output channel/);
    refuses(
      text("p = Conv (x, w, c) y = Mul (p, k)").replace("float[2,1] k = {2, -4}", "float[3] k = {1, 2, 3}"),
      foldConvMul,
      /per output channel/,
    );
    refuses(
      text("p = Conv (x, w, c) y = Mul (p, k)")
        .replace("float[2,1] k = {2, -4}", "float[1,1,2,1] k = {2, -4}")
        .replace("[1,2,3] y", "[1,1,2,3] y"),
      foldConvMul,
      /per output channel/,
    );
    refuses(text("p = Conv (x, w, c) y = Div (p, k)").replace("[1,2,3] y", "[1,2,3] y, float[1,2,3] p"), foldConvMul, /2 readers/);
  });
});

describe("fold-mul-conv and fold-add-conv", () => {
  it("scale the weight by input channel, or send the addend through it", () => {
    assert.deepEqual(weights(checkPasses(text("n = Mul (x, k) y = Conv (n, w, c)"), foldMulConv, { fires: 1 })), [
      [2, -8, 6, -16],
      [10, 20],
    ]);
    assert.deepEqual(weights(checkPasses(text("n = Sub (x, k) y = Conv (n, w, c)"), foldAddConv, { fires: 1 })), [
      [1, 2, 3, 4],
      [10 - 2 + 8, 20 - 6 + 16],
    ]);
  });

  it("fold the whole normalisation of an input: (x · s − m) → Conv", () => {
    const graph = checkPasses(text("n = Mul (x, k) s = Sub (n, k) y = Conv (s, w)"), [foldMulConv, foldAddConv], { fires: 2 });
    assert.deepEqual(operators(graph), ["Conv"]);
  });

  it("fold a factor, but no addend, where the convolution pads", () => {
    const padded = (op: string) => text(`n = ${op} (x, k) y = Conv <pads = [1, 0]> (n, w, c)`).replace("float[1,2,3] y", "float[1,2,4] y");
    checkPasses(padded("Mul"), foldMulConv, { fires: 1 });
    refuses(padded("Add"), foldAddConv, /pads/);
  });

  it("say no to a second reader, a constant per column, one that broadcasts x, and a bias that is computed", () => {
    refuses(text("n = Mul (x, k) y = Conv (n, w, c)").replace("[1,2,3] y", "[1,2,3] y, float[1,2,3] n"), foldMulConv, /2 readers/);
    refuses(
      text("n = Mul (x, k) y = Conv (n, w, c)").replace("float[2,1] k = {2, -4}", "float[3] k = {1, 2, 3}"),
      foldMulConv,
      /per input channel/,
    );
    refuses(text("n = Mul (x, k) y = Conv (n, w, c)").replace("float[1,2,3] x", "float[1,1,3] x"), foldMulConv, /shape of x/);
    refuses(text("n = Add (x, k) d = Exp (c) y = Conv (n, w, d)"), foldAddConv, /not constant/);
    refuses(text("n = Div (x, k) y = Conv (n, w, c)").replace("{2, -4}", "{2, 0}"), foldMulConv, /finite/);
  });
});

describe("all rules on constants around convolutions", () => {
  it("compute the same for random convolutions and constants", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const graph = new Graph(registry);
        const transposed = dice.int(0, 3) === 0;
        const dtype = dice.pick(["float32", "float64"] as const);
        const before = (x: Parameters<typeof aroundChannels>[2], channels: number) =>
          dice.flip() ? x : aroundChannels(graph, dice, aroundChannels(graph, dice, x, channels), channels);
        const { value, channels } = convolution(graph, dice, { transposed, dtype, valid: dice.flip(), before });
        graph.setOutputs([dice.flip() ? value : aroundChannels(graph, dice, aroundChannels(graph, dice, value, channels), channels)]);
        checkPasses(graph, [foldConvMul, foldConvAdd, foldMulConv, foldAddConv], { seed });
      }),
      { numRuns: 200 },
    );
  });
});
