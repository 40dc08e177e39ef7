import assert from "node:assert/strict";
import { erf } from "../../src/kernels/erf.ts";
import type { Storage } from "../../src/tensor/storage.ts";
import { bothWays } from "../support/op-decomposition.ts";
import { f32, i64, infer, result, run, sym } from "../support/run-op.ts";

const values = (op: string, x: readonly number[], attributes = {}) => result(op, [f32([x.length], x)], attributes).values;
const near = (actual: readonly number[], expected: readonly number[], tolerance = 1e-6) =>
  actual.forEach((a, i) => void assert.ok(Math.abs(a - (expected[i] as number)) <= tolerance, `${actual} against ${expected}`));

describe("activations", () => {
  it("Relu, LeakyRelu, ThresholdedRelu and PRelu cut or scale what is negative", () => {
    assert.deepEqual(values("Relu", [-1, 0, 2, Number.NaN]), [0, 0, 2, Number.NaN]);
    assert.deepEqual(values("LeakyRelu", [-2, 3], { alpha: 0.5 }), [-1, 3]);
    assert.deepEqual(values("ThresholdedRelu", [1, 1.5, -3]), [0, 1.5, 0]);
    assert.deepEqual(result("PRelu", [f32([1, 2, 2], [-1, 2, -3, 4]), f32([2, 1], [0.5, 10])]).values, [-0.5, 2, -30, 4]);
    assert.deepEqual([...(run("Relu", [i64([-5, 5])])[0] as Storage).dense()], [0n, 5n]);
  });

  it("Elu, Selu and Celu bend below zero", () => {
    near(values("Elu", [-1, 1], { alpha: 2 }), [2 * (Math.exp(-1) - 1), 1]);
    near(values("Selu", [-1, 1]), [1.0507009873554805 * 1.6732632423543772 * (Math.exp(-1) - 1), 1.0507009873554805]);
    near(values("Celu", [-1, 1], { alpha: 2 }), [2 * (Math.exp(-0.5) - 1), 1]);
  });

  it("Sigmoid and Softplus neither overflow nor lose small results", () => {
    near(values("Sigmoid", [0, 1000, -1000]), [0.5, 1, 0]);
    assert.equal(values("Sigmoid", [-80])[0], Math.fround(Math.exp(-80)));
    near(values("Softplus", [0, 1000, -1000]), [Math.LN2, 1000, 0]);
  });

  it("HardSigmoid, HardSwish, Mish, Swish, Softsign and Shrink follow their formulas", () => {
    near(values("HardSigmoid", [-10, 0, 1, 10]), [0, 0.5, 0.7, 1]);
    near(values("HardSwish", [-4, 1.5, 4]), [0, 1.5 * 0.75, 4]);
    near(values("Mish", [1]), [Math.tanh(Math.log(1 + Math.E))]);
    near(values("Swish", [2], { alpha: 0.5 }), [2 / (1 + Math.exp(-1))]);
    near(values("Softsign", [-3, 1]), [-0.75, 0.5]);
    assert.deepEqual(values("Shrink", [-2, 0.2, 2], { lambd: 1.5, bias: 1.5 }), [-0.5, 0, 0.5]);
  });

  it("Gelu has an exact and a tanh form", () => {
    near(values("Gelu", [-1, 0, 1, 3]), [-0.15865525, 0, 0.84134475, 2.99595031]);
    near(values("Gelu", [1], { approximate: "tanh" }), [0.84119199]);
  });

  it("keeps shapes with symbolic sizes", () => {
    assert.deepEqual(infer("Gelu", [sym("batch", "seq", 768)]), ["float[batch,seq,768]"]);
    assert.deepEqual(infer("PRelu", [sym("n", 3, "h"), sym(3, 1)]), ["float[n,3,h]"]);
  });

  it("decompositions compute what the kernels compute", () => {
    const x = f32([4], [-3, -0.5, 0.25, 3]);
    for (const [op, attributes] of [
      ["Gelu", {}],
      ["Gelu", { approximate: "tanh" }],
      ["HardSwish", {}],
      ["Mish", {}],
      ["Swish", {}],
      ["Swish", { alpha: 0.5 }],
    ] as const) {
      const { kernel, decomposed } = bothWays(op, [x], attributes);
      near((decomposed[0] as Storage).toNumbers(), (kernel[0] as Storage).toNumbers());
    }
  });
});

describe("erf", () => {
  it("agrees with its alternating series where that is accurate", () => {
    for (let i = 1; i <= 200; i++) {
      const x = i / 100;
      let sum = 0;
      for (let n = 0, term = x; n < 60; n++, term *= (-x * x) / n) sum += term / (2 * n + 1);
      const expected = (2 / Math.sqrt(Math.PI)) * sum;
      assert.ok(Math.abs(erf(x) - expected) <= 4e-15 * expected, `erf(${x})`);
    }
  });

  it("has the published values, is odd, and ends at 1", () => {
    assert.ok(Math.abs(erf(3) - 0.9999779095030014) < 1e-15);
    assert.equal(erf(-1), -erf(1));
    assert.deepEqual([erf(0), erf(7), erf(Number.NEGATIVE_INFINITY), erf(Number.NaN)], [0, 1, -1, Number.NaN]);
    assert.equal(erf(1e-300), 1e-300 * (2 / Math.sqrt(Math.PI)));
  });
});
