// Constants per column around products.
import assert from "node:assert/strict";
import fc from "fast-check";
import { symbol } from "../../../src/ir/dim.ts";
import { Graph, type Value } from "../../../src/ir/graph.ts";
import { tensorType } from "../../../src/ir/type.ts";
import { registry } from "../../../src/ops/registry.ts";
import { foldGemmAffine, foldMatMulMul, foldMulMatMul } from "../../../src/passes/rules/fold-gemm-affine.ts";
import { checkPasses, Dice, operators, refuses } from "../../support/check-rule.ts";
import { parameter, product, withConstant } from "../../support/random-layers.ts";

const constants = "float[2,2] w = {1, 2, 3, 4}, float[2] c = {10, 20}, float[2] k = {2, -4}";
const text = (nodes: string, type = "float[1,2]") => `main (${type} x) => (${type} y) <${constants}> { ${nodes} }`;
const numbers = (graph: Graph) => graph.firstNode?.inputs.slice(1).map((v) => v?.storage?.toNumbers());

describe("fold-gemm-affine", () => {
  it("folds a factor into B and beta · C", () => {
    const graph = checkPasses(text("p = Gemm <beta = 3.0> (x, w, c) y = Mul (p, k)"), foldGemmAffine, { fires: 1 });
    assert.deepEqual(numbers(graph), [
      [2, -8, 6, -16],
      [60, -240],
    ]);
  });

  it("folds an addend into C alone, and keeps the weight itself", () => {
    const graph = checkPasses(text("p = Gemm <beta = 3.0> (x, w, c) y = Sub (p, k)"), foldGemmAffine, { fires: 1 });
    assert.deepEqual(numbers(graph), [
      [1, 2, 3, 4],
      [28, 64],
    ]);
    assert.equal(graph.initializers.size, 2);
  });

  it("says no to k − y, to k / y, to a constant per row, a zero divisor, a second reader and integers", () => {
    refuses(text("p = Gemm (x, w, c) y = Sub (k, p)"), foldGemmAffine, /constant/);
    refuses(text("p = Gemm (x, w, c) y = Div (k, p)"), foldGemmAffine, /constant/);
    refuses(text("p = Gemm (x, w, c) y = Div (p, k)").replace("{2, -4}", "{2, 0}"), foldGemmAffine, /finite number per column/);
    refuses(text("p = Gemm (x, w, c) y = Mul (p, k)", "float[2,2]").replace("float[2] k", "float[2,1] k"), foldGemmAffine, /per column/);
    refuses(text("p = Gemm (x, w, c) y = Sub (p, k)").replace("float[1,2] y", "float[1,2] y, float[1,2] p"), foldGemmAffine, /2 readers/);
    refuses(text("p = Gemm (x, w, c) y = Mul (p, k)").replaceAll("float", "int32"), foldGemmAffine, /integers/);
    refuses(
      text("p = Gemm (x, w, c) y = Mul (p, k)")
        .replace("float[2] k = {2, -4}", "float[1,1,2] k = {2, -4}")
        .replace("float[1,2] y", "float[1,1,2] y"),
      foldGemmAffine,
      /shape/,
    );
  });
});

describe("fold-matmul-mul and fold-mul-matmul", () => {
  it("scale columns behind and rows in front", () => {
    assert.deepEqual(numbers(checkPasses(text("p = MatMul (x, w) y = Mul (k, p)"), foldMatMulMul, { fires: 1 })), [[2, -8, 6, -16]]);
    assert.deepEqual(numbers(checkPasses(text("s = Div (x, k) y = MatMul (s, w)"), foldMulMatMul, { fires: 1 })), [[0.5, 1, -0.75, -1]]);
    assert.deepEqual(numbers(checkPasses(text("s = Mul (x, k) y = Gemm <transB = 1> (s, w)"), foldMulMatMul, { fires: 1 })), [
      [2, -8, 6, -16],
    ]);
  });

  it("say no where the shapes, readers or dtypes do not fit", () => {
    refuses(text("p = MatMul (x, w) y = Mul (p, x)"), foldMatMulMul, /not constant/);
    refuses(text("s = Mul (x, k) y = Gemm <transA = 1> (s, w)", "float[2,2]"), foldMulMatMul, /per column of x/);
    refuses(text("s = Mul (x, k) y = MatMul (s, w)").replace("float[1,2] y", "float[1,2] y, float[1,2] s"), foldMulMatMul, /2 readers/);
    refuses(text("s = Mul (x, k) y = MatMul (s, w)").replaceAll("float", "int32"), foldMulMatMul, /integers/);
    refuses(
      text("s = Mul (x, k) y = MatMul (s, w)").replace("float[1,2] x", "float[1,1] x").replace("{1, 2", "{1, 2"),
      foldMulMatMul,
      /shape of x/,
    );
  });
});

describe("all rules on constants around products", () => {
  it("compute the same for random operators, shapes, attributes and constants", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const graph = new Graph(registry);
        const dtype = dice.pick(["float32", "float64"] as const);
        const [rows, inputs] = [dice.int(1, 3), dice.int(1, 4)];
        const around = (x: Value, columns: number) => {
          const shape = dice.pick([[], [1], [columns], [1, columns], [rows, 1], [1, 1]]);
          const k = parameter(graph, dice, shape, { dtype, positive: true });
          return withConstant(graph, dice, x, k);
        };
        const x = graph.addInput("x", tensorType(dtype, [dice.flip() ? rows : symbol("batch"), inputs]));
        const made = product(graph, dice, dice.flip() ? around(x, inputs) : x, rows, inputs);
        graph.setOutputs([around(around(made.value, made.outputs), made.outputs)]);
        checkPasses(graph, [foldGemmAffine, foldMatMulMul, foldMulMatMul], { seed, sizes: { batch: rows } });
      }),
      { numRuns: 200 },
    );
  });

  it("compute the same for batches of matrices", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const graph = new Graph(registry);
        const x = graph.addInput("x", tensorType("float32", [...dice.pick([[], [2], [3, 2]]), 2, 3]));
        const w = parameter(graph, dice, [...dice.pick([[], [2], [1]]), 3, 4]);
        const scaled = graph.add("Mul", [x, parameter(graph, dice, dice.pick([[], [3], [1, 3]]))]).output;
        const y = graph.add("MatMul", [scaled, w]).output;
        graph.setOutputs([graph.add("Div", [y, parameter(graph, dice, dice.pick([[4], [1], [2, 1], [1, 4]]), { positive: true })]).output]);
        checkPasses(graph, [foldMatMulMul, foldMulMatMul], { seed });
      }),
      { numRuns: 80 },
    );
  });

  it("leave operators when they have fired", () => {
    const graph = checkPasses(text("s = Mul (x, k) p = MatMul (s, w) y = Mul (p, k)"), [foldMatMulMul, foldMulMatMul], { fires: 2 });
    assert.deepEqual(operators(graph), ["MatMul"]);
  });
});
