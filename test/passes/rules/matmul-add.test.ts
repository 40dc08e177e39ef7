// MatMul and Add as Gemm, and transpositions around a Gemm.
import assert from "node:assert/strict";
import fc from "fast-check";
import { symbol } from "../../../src/ir/dim.ts";
import { Graph, type Value } from "../../../src/ir/graph.ts";
import { tensorType } from "../../../src/ir/type.ts";
import { registry } from "../../../src/ops/registry.ts";
import { gemmAdd, gemmTranspose, matmulAdd, transposeGemm } from "../../../src/passes/rules/matmul-add.ts";
import { checkPasses, Dice, operators, refuses } from "../../support/check-rule.ts";

const text = (nodes: string, c = "float[3] c") => `main (float[n,2] x, float[2,3] w, ${c}) => (float[n,3] y) { ${nodes} }`;

describe("matmul-add and gemm-add", () => {
  it("make one Gemm of a product and a bias, constant or not, on either side", () => {
    assert.deepEqual(operators(checkPasses(text("p = MatMul (x, w) y = Add (c, p)"), matmulAdd, { fires: 1 })), ["Gemm"]);
    assert.deepEqual(operators(checkPasses(text("p = Gemm <alpha = 2.0> (x, w) y = Sum (c, p)"), gemmAdd, { fires: 1 })), ["Gemm"]);
  });

  it("say no to batches, integers, a bias that broadcasts the product, and a second reader", () => {
    const add = "p = MatMul (x, w) y = Add (p, c)";
    refuses(text(add).replace("float[n,2] x", "float[b,n,2] x").replace("float[n,3] y", "float[b,n,3] y"), matmulAdd, /two matrices/);
    refuses(text(add).replaceAll("float", "int32"), matmulAdd, /not common/);
    refuses(text(add, "float[7,n,3] c").replace("float[n,3] y", "float[7,n,3] y"), matmulAdd, /rank 2 or less/);
    refuses(
      text(add, "float[5,3] c").replaceAll("float[n,", "float[1,").replace("float[1,3] y", "float[5,3] y"),
      matmulAdd,
      /change the shape/,
    );
    refuses(text(add).replace("(p, c)", "(c, p)").replace("float[n,3] y", "float[n,3] y, float[n,3] p"), matmulAdd, /2 readers/);
    refuses(text("p = Gemm (x, w, c) y = Add (p, c)"), gemmAdd, /wants it left out|inputs|given/);
  });
});

describe("gemm-transpose and transpose-gemm", () => {
  it("take the transposition into an attribute", () => {
    const graph = checkPasses(`main (float[2,4] x, float[2,3] w) => (float[4,3] y) { t = Transpose (x) y = Gemm (t, w) }`, gemmTranspose, {
      fires: 1,
    });
    assert.equal(graph.firstNode?.attributes.transA, 1);
    const twice = checkPasses(
      `main (float[2,3] x) => (float[3,3] y) { t = Transpose (x) u = Gemm <transB = 1> (t, t) y = Exp (u) }`,
      gemmTranspose,
      { fires: 2 },
    );
    assert.deepEqual(twice.firstNode?.attributes, { transA: 1 });
  });

  it("exchange the factors of a transposed product", () => {
    assert.deepEqual(
      operators(
        checkPasses(`main (float[2,4] x, float[4,3] w) => (float[3,2] y) { p = Gemm (x, w) y = Transpose (p) }`, transposeGemm, {
          fires: 1,
        }),
      ),
      ["Gemm"],
    );
  });

  it("say no to the identity, to a C, and to a second reader", () => {
    refuses(
      `main (float[2,4] x, float[4,3] w) => (float[2,3] y) { t = Transpose <perm = [0, 1]> (x) y = Gemm (t, w) }`,
      gemmTranspose,
      /exchange/,
    );
    refuses(
      `main (float[2,4] x, float[4,3] w, float[3] c) => (float[3,2] y) { p = Gemm (x, w, c) y = Transpose (p) }`,
      transposeGemm,
      /left out/,
    );
    refuses(
      `main (float[2,4] x, float[4,3] w) => (float[3,2] y, float[2,3] p) { p = Gemm (x, w) y = Transpose (p) }`,
      transposeGemm,
      /2 readers/,
    );
  });
});

describe("all rules that make Gemms", () => {
  it("compute the same for random products, biases and transpositions", () => {
    fc.assert(
      fc.property(fc.nat(1e6), (seed) => {
        const dice = new Dice(seed);
        const graph = new Graph(registry);
        const dtype = dice.pick(["float32", "float64", "float16"] as const);
        const [rows, inner, columns] = [dice.int(1, 4), dice.int(1, 4), dice.int(1, 4)];
        const m = dice.flip() ? symbol("m") : rows;
        const input = (name: string, shape: readonly (number | typeof m)[], flipped: boolean): Value => {
          const x = graph.addInput(name, tensorType(dtype, flipped ? [...shape].reverse() : shape));
          return flipped ? graph.add("Transpose", [x]).output : x;
        };
        const gemm = dice.flip();
        const [transA, transB] = gemm ? [dice.int(0, 1), dice.int(0, 1)] : [0, 0];
        const a = input("a", transA ? [inner, m] : [m, inner], dice.flip());
        const b = input("b", transB ? [columns, inner] : [inner, columns], dice.flip());
        let y = graph.add(
          gemm ? "Gemm" : "MatMul",
          [a, b],
          gemm ? { transA, transB, alpha: dice.number(), beta: dice.number() } : {},
        ).output;
        if (dice.flip())
          y = graph.add(dice.pick(["Add", "Sum"]), [
            graph.addInput("c", tensorType(dtype, dice.pick([[], [columns], [1, columns], [m, 1], [m, columns]]))),
            y,
          ]).output;
        if (dice.flip()) y = graph.add("Transpose", [y]).output;
        graph.setOutputs([y]);
        checkPasses(graph, [matmulAdd, gemmAdd, gemmTranspose, transposeGemm], { seed, sizes: { m: rows } });
      }),
      { numRuns: 200 },
    );
  });
});
