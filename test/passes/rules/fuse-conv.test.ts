// Convolutions with the residual sum and the activation behind them, for ONNX Runtime.
import assert from "node:assert/strict";
import fc from "fast-check";
import { Graph } from "../../../src/ir/graph.ts";
import { tensorType } from "../../../src/ir/type.ts";
import { registry } from "../../../src/ops/registry.ts";
import { fuseConvActivation, fuseConvAdd, fuseConvAddActivation } from "../../../src/passes/rules/fuse-conv.ts";
import { Storage } from "../../../src/tensor/storage.ts";
import { checkPasses, Dice, operators, refuses } from "../../support/check-rule.ts";
import { convolution } from "../../support/random-layers.ts";

const all = [fuseConvAddActivation, fuseConvActivation, fuseConvAdd];
const text = (nodes: string, more = "") => `main (float[1,1,3] x, float[1,2,3] z) => (float[1,2,3] y${more})
<float[2,1,1] w = {1, -2}, float lo = {-1}, float hi = {2}> { c = Conv (x, w) ${nodes} }`;
const target = { target: "onnxruntime" } as const;

describe("the rules that make FusedConv", () => {
  it("take the activation with its numbers", () => {
    const activation = (node: string) => checkPasses(text(`y = ${node}`), all, { ...target, fires: 1 }).firstNode?.attributes;
    assert.deepEqual(activation("Relu (c)"), { activation: "Relu" });
    assert.deepEqual(activation("LeakyRelu <alpha = 0.25> (c)"), { activation: "LeakyRelu", activation_params: [0.25] });
    assert.deepEqual(activation("HardSigmoid <alpha = 0.5, beta = 0.25> (c)"), {
      activation: "HardSigmoid",
      activation_params: [0.5, 0.25],
    });
    assert.deepEqual(activation("Clip (c, lo, hi)"), { activation: "Clip", activation_params: [-1, 2] });
  });

  it("take the residual sum, with and without activation, from either side", () => {
    for (const nodes of ["s = Add (z, c) y = Relu (s)", "s = Add (c, z) y = Tanh (s)", "y = Add (z, c)", "y = Add (c, z)"])
      assert.deepEqual(operators(checkPasses(text(nodes), all, { ...target, fires: 1 })), ["com.microsoft.FusedConv"]);
  });

  it("take one of two convolutions that are added, or the same residual twice", () => {
    checkPasses(text("d = Conv (x, w) s = Add (c, d) y = Relu (s)"), all, { ...target, fires: 1 });
    checkPasses(text("d = Conv (x, w) s = Add (c, z) t = Add (d, z) y = Mul (s, t)"), all, { ...target, fires: 2 });
  });

  it("say no to a residual that broadcasts, to doubles, to a second reader and to bounds that are computed", () => {
    refuses(
      text("y = Add (c, b)").replace("float lo", "float[2,1] b = {1, 2}, float lo"),
      fuseConvAdd,
      /shape of the convolution's result/,
    );
    refuses(text("y = Add (c, z)").replaceAll("float", "double"), fuseConvAdd, /not float32/);
    refuses(text("y = Relu (c)", ", float[1,2,3] c"), fuseConvActivation, /2 readers/);
    refuses(text("s = Add (z, c) y = Relu (s)", ", float[1,2,3] s"), fuseConvAddActivation, /2 readers/);
    refuses(text("l = ReduceMax <keepdims = 0> (z) y = Clip (c, l)"), fuseConvActivation, /not constant/);
    refuses(text("y = Elu (c) e = Relu (z)"), fuseConvActivation, /graph input/);
    refuses(text("y = Add (c, c)"), fuseConvAdd, /2 readers/);
  });

  it("compute the same for random convolutions, residuals and activations", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const graph = new Graph(registry);
        const { value } = convolution(graph, dice, { dtype: dice.int(0, 5) === 0 ? "float64" : "float32" });
        const { dtype, shape } = value.tensorType;
        let y = value;
        if (dice.flip()) {
          const z = graph.addInput("z", tensorType(dtype, dice.int(0, 4) === 0 ? [1] : shape));
          y = graph.add("Add", dice.flip() ? [y, z] : [z, y]).output;
        }
        const bound = () => (dice.flip() ? graph.addInitializer(Storage.from(dtype, [dice.number()], [])) : undefined);
        const op = dice.pick(["Relu", "Sigmoid", "Tanh", "LeakyRelu", "HardSigmoid", "Clip", "Elu", undefined]);
        const attributes = op === "LeakyRelu" || op === "HardSigmoid" ? { alpha: 0.3 } : {};
        if (op) y = graph.add(op, op === "Clip" ? [y, bound(), bound()] : [y], attributes).output;
        graph.setOutputs([y]);
        checkPasses(graph, all, { ...target, seed });
      }),
      { numRuns: 120 },
    );
  });
});
