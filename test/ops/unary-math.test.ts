import assert from "node:assert/strict";
import { Storage } from "../../src/tensor/storage.ts";
import { f32, graphOf, i64, infer, result, run, sym } from "../support/run-op.ts";

const values = (op: string, x: readonly number[], attributes = {}) => result(op, [f32([x.length], x)], attributes).values;

describe("functions of one tensor", () => {
  const cases: readonly [op: string, x: number, y: number][] = [
    ["Acos", 0.5, Math.PI / 3],
    ["Acosh", Math.cosh(1), 1],
    ["Asin", 0.5, Math.PI / 6],
    ["Asinh", Math.sinh(1), 1],
    ["Atan", 1, Math.PI / 4],
    ["Atanh", 0.5, Math.log(3) / 2],
    ["Cos", Math.PI, -1],
    ["Cosh", 1, (Math.E + 1 / Math.E) / 2],
    ["Erf", 0.5, 0.5204998778130465],
    ["Exp", 1, Math.E],
    ["Log", Math.E, 1],
    ["Sin", Math.PI / 2, 1],
    ["Sinh", 1, (Math.E - 1 / Math.E) / 2],
    ["Sqrt", 2, Math.SQRT2],
    ["Tan", Math.PI / 4, 1],
    ["Tanh", 0.5, (Math.E - 1) / (Math.E + 1)],
    ["Reciprocal", 4, 0.25],
  ];
  for (const [op, x, y] of cases) {
    it(`${op}(${Number(x.toFixed(3))}) is ${Number(y.toFixed(6))}, in every float dtype`, () => {
      for (const [dtype, tolerance] of [
        ["float64", 1e-12],
        ["float32", 1e-6],
        ["float16", 2e-3],
        ["bfloat16", 2e-2],
      ] as const) {
        const { values: got } = result(op, [Storage.from(dtype, [x], [1])]);
        assert.ok(Math.abs((got[0] as number) - y) <= tolerance * Math.max(1, Math.abs(y)) * 2, `${dtype}: ${got[0]}`);
      }
    });
  }

  it("Round takes halves to the even neighbour", () => {
    assert.deepEqual(values("Round", [0.5, 1.5, 2.5, -0.5, -1.5, 0.4, -0.6, 2 ** 23 + 1]), [0, 2, 2, -0, -2, 0, -1, 2 ** 23 + 1]);
  });

  it("Floor, Ceil, Abs, Neg and Sign", () => {
    assert.deepEqual(values("Floor", [1.5, -1.5]), [1, -2]);
    assert.deepEqual(values("Ceil", [1.5, -1.5]), [2, -1]);
    assert.deepEqual(values("Abs", [-2, 2, Number.NEGATIVE_INFINITY]), [2, 2, Number.POSITIVE_INFINITY]);
    assert.deepEqual(values("Neg", [1, -2]), [-1, 2]);
    assert.deepEqual(values("Sign", [-3, 0, 5, Number.NaN]), [-1, 0, 1, Number.NaN]);
    assert.deepEqual([...(run("Abs", [i64([-5, 7])])[0] as Storage).dense()], [5n, 7n]);
    assert.deepEqual([...(run("Neg", [Storage.from("int8", [-128, 1], [2])])[0] as Storage).dense()], [-128, -1]);
  });

  it("IsNaN and IsInf answer with booleans", () => {
    const x = [1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    assert.deepEqual(values("IsNaN", x), [0, 1, 0, 0]);
    assert.deepEqual(values("IsInf", x), [0, 0, 1, 1]);
    assert.deepEqual(values("IsInf", x, { detect_negative: 0 }), [0, 0, 1, 0]);
    assert.equal((run("IsNaN", [Storage.from("float16", [Number.NaN], [1])])[0] as Storage).dtype, "bool");
  });

  it("Identity is its input, without a copy, and passes sizes on", () => {
    const x = Storage.from("string", ["a"], [1]);
    assert.equal(run("Identity", [x])[0], x);
    const { graph, values: v } = graphOf([sym("n", 3)]);
    const dims = graph.add("Identity", [graph.add("Shape", [v[0]]).output]).output.dims;
    assert.deepEqual(dims?.map(String), ["n", "3"]);
    assert.deepEqual(infer("Identity", [sym("n", 3)]), ["float[n,3]"]);
  });
});
