import assert from "node:assert/strict";
import fc from "fast-check";
import { IngotError } from "../../src/errors/error.ts";
import type { DType } from "../../src/tensor/dtype.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { describeAgreement } from "../support/onnxruntime-agreement.ts";
import { f32, infer, result, sym } from "../support/run-op.ts";

const of = (dtype: DType, shape: readonly number[], ...values: number[]) => Storage.from(dtype, values, shape);
const bytes = (dtype: "int8" | "uint8", shape: readonly number[], seed: number) => {
  const count = shape.reduce((a, b) => a * b, 1);
  return Storage.from(
    dtype,
    Array.from({ length: count }, (_, i) => (((i + seed) * 7919) % 256) - (dtype === "int8" ? 128 : 0)),
    shape,
  );
};

describe("integer products", () => {
  it("ConvInteger sums exactly what lies above the zero points, zero points around it", () => {
    const x = of("uint8", [1, 1, 3], 5, 6, 7);
    const w = of("int8", [1, 1, 2], 1, -1);
    assert.deepEqual(result("ConvInteger", [x, w, of("uint8", [], 5)], { pads: [1, 1] }), { shape: [1, 1, 4], values: [0, -1, -1, 2] });
    const two = of("int8", [2, 1, 1], 3, 3);
    assert.deepEqual(result("ConvInteger", [x, two, undefined, of("int8", [2], 1, 2)]).values, [10, 12, 14, 5, 6, 7]);
  });

  it("ConvInteger is exact beyond what float32 holds", () => {
    const n = 1100;
    const x = of("uint8", [1, n, 1], ...new Array<number>(n).fill(255));
    const w = of("uint8", [1, n, 1], ...new Array<number>(n).fill(255).with(0, 254));
    assert.deepEqual(result("ConvInteger", [x, w]).values, [n * 255 * 255 - 255]);
  });

  it("MatMulInteger takes a zero point per row and per column", () => {
    const [a, b] = [of("uint8", [2, 2], 1, 2, 3, 4), of("int8", [2, 2], 1, 0, 0, 1)];
    assert.deepEqual(result("MatMulInteger", [a, b, of("uint8", [2], 1, 2)]).values, [0, 1, 1, 2]);
    assert.deepEqual(result("MatMulInteger", [a, b, undefined, of("int8", [2], 0, 1)]).values, [1, -1, 3, -3]);
  });

  it("QLinearConv scales, rounds halves to even, adds the zero point and ends at the range", () => {
    const quantized = (x: number, scale: number) =>
      result("QLinearConv", [
        ...[of("uint8", [1, 1, 1], x), f32([], [scale]), of("uint8", [], 10)],
        ...[of("int8", [1, 1, 1], 1), f32([], [1]), of("int8", [], 0)],
        ...[f32([], [1]), of("uint8", [], 1), of("int32", [1], 2)],
      ]).values[0];
    assert.equal(quantized(11, 0.5), 3);
    assert.equal(quantized(13, 0.5), 3);
    assert.equal(quantized(15, 0.5), 5);
    assert.equal(quantized(255, 100), 255);
    assert.equal(quantized(0, 1), 0);
  });

  it("QLinearMatMul computes with a scale per row and per column, and with 8-bit floats", () => {
    const identity = of("int8", [2, 2], 1, 0, 0, 1);
    const a = of("int8", [2, 2], 2, 4, 6, 8);
    const zero = of("int8", [1], 0);
    const scaled = (aScale: Storage, bScale: Storage) =>
      result("QLinearMatMul", [a, aScale, zero, identity, bScale, zero, f32([1], [1]), zero]).values;
    assert.deepEqual(scaled(f32([2], [1, 0.5]), f32([1], [1])), [2, 4, 3, 4]);
    assert.deepEqual(scaled(f32([1], [1]), f32([2], [1, 10])), [2, 40, 6, 80]);
    const f8 = (...values: number[]) => of("float8e4m3fn", [1, values.length], ...values);
    const none = of("float8e4m3fn", [], 0);
    const one = f32([], [1]);
    const column = f8(1, 0.5).reshape([2, 1]);
    assert.deepEqual(result("QLinearMatMul", [f8(3, 0.5), one, none, column, one, none, one, none]).values, [3.25]);
  });

  it("know their types for symbolic sizes and say which parameter does not fit", () => {
    const u8 = (...shape: (number | string)[]) => ({ dtype: "uint8" as const, shape });
    assert.deepEqual(infer("ConvInteger", [u8("n", 3, "h"), u8(4, 3, 3)], { pads: [1, 1] }), ["int32[n,4,h]"]);
    const conv = (scale: number) => [
      u8("n", 3, "h"),
      sym(),
      u8(),
      u8(4, 3, 1),
      sym(scale),
      u8(),
      sym(),
      { dtype: "int8" as const, shape: [] },
    ];
    assert.deepEqual(infer("QLinearConv", conv(4)), ["int8[n,4,h]"]);
    assert.throws(
      () => infer("QLinearConv", conv(3)),
      (e) => e instanceof IngotError && e.code === "ShapeMismatch" && /w_scale/.test(e.message),
    );
    assert.deepEqual(infer("QLinearMatMul", [u8("b", "m", 8), sym(), u8(), u8(8, 5), sym(), u8(), sym(), u8()]), ["uint8[b,m,5]"]);
  });

  it("MatMulInteger agrees with sums of plain products", () => {
    fc.assert(
      fc.property(fc.nat(999), fc.constantFrom("int8", "uint8"), fc.constantFrom("int8", "uint8"), (seed, ta, tb) => {
        const [a, b] = [bytes(ta, [3, 5], seed), bytes(tb, [5, 2], seed + 50)];
        const [x, y] = [a.toNumbers(), b.toNumbers()];
        const expected = Array.from({ length: 6 }, (_, at) => {
          const [i, j] = [Math.floor(at / 2), at % 2];
          return [0, 1, 2, 3, 4].reduce((sum, k) => sum + (x[i * 5 + k] as number) * (y[k * 2 + j] as number), 0);
        });
        assert.deepEqual(result("MatMulInteger", [a, b]).values, expected);
      }),
    );
  });
});

const per = (...values: number[]) => f32([values.length], values);
describeAgreement("integer products agree with ONNX Runtime", {
  convolutions: () => [
    [
      "ConvInteger",
      [bytes("uint8", [1, 2, 5, 6], 1), bytes("uint8", [3, 2, 2, 3], 2), of("uint8", [], 7)],
      { strides: [2, 1], pads: [1, 0, 0, 1] },
    ],
    [
      "QLinearConv",
      [
        ...[bytes("uint8", [1, 4, 5, 6], 3), f32([], [0.02]), of("uint8", [], 128)],
        ...[bytes("int8", [6, 2, 3, 3], 4), per(0.01, 0.02, 0.03, 0.01, 0.02, 0.05), of("int8", [6], 0, 0, 0, 0, 0, 0)],
        ...[f32([], [0.7]), of("uint8", [], 100), of("int32", [6], 5, -600, 70, 8, -9, 1000)],
      ],
      { group: 2, pads: [1, 1, 1, 1] },
    ],
  ],
  "matrix products": () => [
    ["MatMulInteger", [bytes("uint8", [3, 7], 5), bytes("int8", [7, 4], 6), of("uint8", [], 3), of("int8", [4], 1, 2, 3, 4)]],
    [
      "QLinearMatMul",
      [
        ...[bytes("uint8", [2, 3, 7], 7), f32([], [0.05]), of("uint8", [], 120)],
        ...[bytes("int8", [7, 4], 8), per(0.01, 0.02, 0.03, 0.04), of("int8", [4], 1, 2, 3, 4)],
        ...[f32([], [1.5]), of("uint8", [], 90)],
      ],
    ],
  ],
});
