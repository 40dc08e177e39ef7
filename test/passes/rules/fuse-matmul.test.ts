// Products with transpositions, factors and activations around them, for ONNX Runtime.
import assert from "node:assert/strict";
import fc from "fast-check";
import { Graph, type Value } from "../../../src/ir/graph.ts";
import { tensorType } from "../../../src/ir/type.ts";
import { registry } from "../../../src/ops/registry.ts";
import { fuseGemmActivation } from "../../../src/passes/rules/fuse-gemm.ts";
import { fuseMatMulScale, fuseMatMulTranspose } from "../../../src/passes/rules/fuse-matmul.ts";
import { checkPasses, Dice, drawFeeds, operators, refuses } from "../../support/check-rule.ts";
import { agreesOnOnnxruntime, onnxruntime } from "../../support/on-onnxruntime.ts";
import { parameter, product } from "../../support/random-layers.ts";

const target = { target: "onnxruntime" } as const;
const text = (nodes: string, dtype = "float") =>
  `main (${dtype}[2,3,4] a, ${dtype}[2,5,4] b) => (y) <${dtype} k = {4}, ${dtype}[2,1,1] l = {1, 2}> { ${nodes} }`;
const attention = text("t = Transpose <perm = [0, 2, 1]> (b) p = MatMul (a, t) y = Div (p, k)");

describe("fuse-matmul-transpose and fuse-matmul-scale", () => {
  it("make one FusedMatMul of the scores of attention", () => {
    const graph = checkPasses(attention, [fuseMatMulTranspose, fuseMatMulScale], { ...target, fires: 2 });
    assert.deepEqual(operators(graph), ["com.microsoft.FusedMatMul"]);
    assert.deepEqual(graph.firstNode?.attributes, { alpha: 0.25, transB: 1 });
  });

  it("take factors in front of either side together", () => {
    const graph = checkPasses(
      text("t = Transpose <perm = [0, 2, 1]> (b) m = Mul (a, k) n = Div (t, k) p = MatMul (m, n) y = Mul (p, k)"),
      [fuseMatMulTranspose, fuseMatMulScale],
      target,
    );
    assert.deepEqual(graph.firstNode?.attributes, { alpha: 4, transB: 1 });
  });

  it("undo a transposition that comes twice", () => {
    const twice = text("t = Transpose <perm = [0, 2, 1]> (b) u = Transpose <perm = [0, 2, 1]> (t) p = MatMul (u, v) y = Exp (p)").replace(
      "[2,3,4] a",
      "[2,3,4] a, float[2,4,3] v",
    );
    const graph = checkPasses(twice, fuseMatMulTranspose, { ...target, fires: 2 });
    assert.deepEqual(graph.firstNode?.attributes, {});
  });

  it("say no to other permutations, integers, factors per matrix, and values that are read elsewhere", () => {
    refuses(
      text("t = Transpose <perm = [2, 1, 0]> (b) y = MatMul (a, t)").replace("[2,5,4] b", "[4,5,2] b").replace("[2,3,4] a", "[2,3,5] a"),
      fuseMatMulTranspose,
      /more than exchange/,
    );
    refuses(text("t = Transpose <perm = [0, 2, 1]> (b) y = MatMul (a, t)", "int32"), fuseMatMulTranspose, /neither float32/);
    refuses(text("t = Transpose <perm = [0, 2, 1]> (b) p = MatMul (a, t) y = Div (p, l)"), fuseMatMulScale, /one finite number/);
    refuses(
      text("t = Transpose <perm = [0, 2, 1]> (b) p = MatMul (a, t) y = Mul (k, p) z = Exp (p)").replace("(y)", "(y, z)"),
      fuseMatMulScale,
      /2 readers/,
    );
    refuses(
      text("t = Transpose <perm = [0, 2, 1]> (b) p = MatMul (a, t) y = Div (p, k)").replace("k = {4}", "k = {0}"),
      fuseMatMulScale,
      /one finite number/,
    );
  });

  it("compute the same for random ranks, permutations and factors", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const graph = new Graph(registry);
        const dtype = dice.pick(["float32", "float64"] as const);
        const batch = dice.pick([[], [2], [2, 3]]);
        const [m, k, n] = [dice.int(1, 4), dice.int(1, 4), dice.int(1, 4)];
        const swapped = batch.length + 2;
        const perm = Array.from({ length: swapped }, (_, i) => (i < swapped - 2 ? i : 2 * swapped - 3 - i));
        const scaled = (v: Value) =>
          dice.flip()
            ? v
            : graph.add(dice.pick(["Mul", "Div"]), [v, parameter(graph, dice, dice.pick([[], [1], [1, 1]]), { dtype, positive: true })])
                .output;
        const operand = (name: string, rows: number, columns: number) => {
          if (dice.flip()) return scaled(graph.addInput(name, tensorType(dtype, [...batch, rows, columns])));
          return scaled(
            graph.add("Transpose", [scaled(graph.addInput(name, tensorType(dtype, [...batch, columns, rows])))], { perm }).output,
          );
        };
        const y = graph.add("MatMul", [operand("a", m, k), operand("b", k, n)]).output;
        graph.setOutputs([scaled(y)]);
        checkPasses(graph, [fuseMatMulTranspose, fuseMatMulScale], { ...target, seed });
      }),
      { numRuns: 150 },
    );
  });
});

describe("fuse-gemm-activation", () => {
  const gemm = (activation: string, dtype = "float") =>
    `main (${dtype}[2,3] a, ${dtype}[4,3] b, ${dtype}[4] c) => (y) { p = Gemm <alpha = 0.5, transB = 1> (a, b, c) y = ${activation} (p) }`;

  it("takes the activation with its numbers", () => {
    const graph = checkPasses(gemm("HardSigmoid <alpha = 0.3, beta = 0.4>"), fuseGemmActivation, { ...target, fires: 1 });
    assert.deepEqual(graph.firstNode?.attributes, {
      alpha: 0.5,
      transB: 1,
      activation: "HardSigmoid",
      activation_alpha: graph.firstNode?.attributes.activation_alpha,
      activation_beta: graph.firstNode?.attributes.activation_beta,
    });
    assert.ok(Math.abs(Number(graph.firstNode?.attributes.activation_alpha) - 0.3) < 1e-6);
  });

  it("says no to doubles, a second reader, and activations without a kernel", () => {
    refuses(gemm("Relu", "double"), fuseGemmActivation, /not float32/);
    refuses(gemm("Relu").replace("(y)", "(y, p)"), fuseGemmActivation, /2 readers/);
    checkPasses(gemm("Clip"), fuseGemmActivation, { ...target, fires: 0 });
  });

  it("computes the same for random products and activations", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const graph = new Graph(registry);
        const x = graph.addInput("x", tensorType("float32", [2, 3]));
        const { value } = product(graph, dice, x, 2, 3);
        const op = dice.pick(["Relu", "Sigmoid", "Tanh", "LeakyRelu", "HardSigmoid", "Elu"]);
        graph.setOutputs([graph.add(op, [value], op === "LeakyRelu" ? { alpha: 0.3 } : {}).output]);
        checkPasses(graph, fuseGemmActivation, { ...target, seed });
      }),
      { numRuns: 80 },
    );
  });
});

describe("the fused products", () => {
  it("run on ONNX Runtime with the same result", async function () {
    const runtime = await onnxruntime();
    if (!runtime) this.skip();
    for (const source of [attention, attention.replace("p = MatMul (a, t)", "m = Div (a, k) p = MatMul (m, t)")]) {
      const graph = checkPasses(source, [fuseMatMulTranspose, fuseMatMulScale], target);
      await agreesOnOnnxruntime(runtime, graph, drawFeeds(graph));
    }
    for (const activation of ["Relu", "Sigmoid", "Tanh", "LeakyRelu <alpha = 0.2>", "HardSigmoid <alpha = 0.3, beta = 0.4>"]) {
      const graph = checkPasses(
        `main (float[2,3] a, float[3,4] b, float[4] c) => (y) { p = Gemm (a, b, c) y = ${activation} (p) }`,
        fuseGemmActivation,
        target,
      );
      await agreesOnOnnxruntime(runtime, graph, drawFeeds(graph));
    }
  });
});
