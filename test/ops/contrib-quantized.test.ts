// Operators of com.microsoft over quantised tensors and weights: against ONNX Runtime, and against their decompositions.
import assert from "node:assert/strict";
import { IngotError } from "../../src/errors/error.ts";
import type { DType } from "../../src/tensor/dtype.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { type Case, describeAgreement } from "../support/onnxruntime-agreement.ts";
import { bothWays } from "../support/op-decomposition.ts";
import { largestDifference, randomTensors } from "../support/random-storage.ts";
import { f32, infer, result, sym } from "../support/run-op.ts";

const random = randomTensors(97);
const ms = (op: string) => `com.microsoft.${op}`;
const of = (dtype: DType, shape: readonly number[], ...values: number[]) => Storage.from(dtype, values, shape);
/** Bytes over their whole range. */
const bytes = (dtype: "uint8" | "int8", shape: readonly number[]) =>
  Storage.from(
    dtype,
    random(shape, "float64")
      .toNumbers()
      .map((v) => Math.floor(128 * v) + (dtype === "uint8" ? 128 : 0)),
    shape,
  );
const u8 = (value: number) => of("uint8", [], value);
const i8 = (value: number) => of("int8", [], value);
const scale = (value: number) => f32([], [value]);

// Scales whose quotients are no simple fractions: a result halfway between two steps depends on the last bit of the order of operations.
const elementwise = (): Case[] => [
  [
    ms("QLinearAdd"),
    [bytes("uint8", [2, 3, 4]), scale(0.02131), u8(128), bytes("uint8", [3, 1]), scale(0.05173), u8(100), scale(0.06319), u8(120)],
  ],
  [ms("QLinearAdd"), [bytes("int8", [40]), scale(0.02131), i8(3), bytes("int8", [40]), scale(0.03137), i8(-4), scale(0.04297), i8(5)]],
  [
    ms("QLinearMul"),
    [bytes("uint8", [2, 3, 4]), scale(0.02131), u8(128), bytes("uint8", [4]), scale(0.05173), u8(100), scale(0.09713), u8(120)],
  ],
  [ms("QLinearSigmoid"), [bytes("uint8", [50]), scale(0.05173), u8(120), scale(1 / 256), u8(0)]],
  [ms("QLinearLeakyRelu"), [bytes("int8", [50]), scale(0.05173), i8(10), scale(0.04297), i8(-20)], { alpha: 0.2 }],
  [ms("QLinearSoftmax"), [bytes("uint8", [3, 7]), scale(0.03137), u8(120), scale(1 / 256), u8(0)], { opset: 13, axis: -1 }],
];
const pools = (): Case[] => [
  [ms("QLinearGlobalAveragePool"), [bytes("uint8", [2, 3, 4, 5]), scale(0.02131), u8(128), scale(0.01543), u8(100)]],
  [ms("QLinearGlobalAveragePool"), [bytes("uint8", [2, 4, 5, 3]), scale(0.02131), u8(128), scale(0.01543), u8(100)], { channels_last: 1 }],
  [
    ms("QLinearAveragePool"),
    [bytes("uint8", [1, 2, 6, 6]), scale(0.02131), u8(128), scale(0.01543), u8(100)],
    { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 0, 0] },
  ],
];
const joins = (): Case[] => [
  [
    ms("QLinearConcat"),
    [scale(0.03137), u8(110), bytes("uint8", [2, 3]), scale(0.02131), u8(128), bytes("uint8", [2, 4]), scale(0.04297), u8(90)],
    { axis: 1 },
  ],
  [
    ms("QLinearWhere"),
    [
      of("bool", [3], 1, 0, 1),
      bytes("uint8", [2, 3]),
      scale(0.02131),
      u8(128),
      bytes("uint8", [2, 3]),
      scale(0.04297),
      u8(90),
      scale(0.03137),
      u8(110),
    ],
  ],
];
const products = (): Case[] => [
  [ms("DynamicQuantizeMatMul"), [random([3, 8]), bytes("int8", [8, 5]), scale(0.02131), undefined, random([5])]],
  [ms("DynamicQuantizeMatMul"), [random([2, 3, 8]), bytes("uint8", [8, 2]), f32([2], [0.02, 0.03]), of("uint8", [2], 120, 130)]],
  [ms("MatMulIntegerToFloat"), [bytes("uint8", [3, 8]), bytes("int8", [8, 5]), scale(0.1), scale(0.02131), u8(120), i8(3), random([5])]],
  [ms("MatMulNBits"), [random([3, 32]), bytes("uint8", [5, 2, 8]), random([10])], { K: 32, N: 5, bits: 4, block_size: 16 }],
  [
    ms("MatMulNBits"),
    [random([2, 3, 40]), bytes("uint8", [5, 3, 8]), random([15]), bytes("uint8", [10])],
    { K: 40, N: 5, bits: 4, block_size: 16 },
  ],
  [
    ms("MatMulNBits"),
    [random([3, 32]), bytes("uint8", [5, 1, 32]), random([5]), bytes("uint8", [5])],
    { K: 32, N: 5, bits: 8, block_size: 32 },
  ],
];

const families = { elementwise, pools, joins, products };
describeAgreement("quantised operators of com.microsoft agree with ONNX Runtime", families);

describe("quantised operators of com.microsoft", () => {
  for (const [family, list] of Object.entries(families))
    it(`${family}: are their decompositions`, () => {
      for (const [name, inputs, attributes = {}, outputCount = 1] of list()) {
        const { kernel, decomposed } = bothWays(name, inputs, attributes, outputCount);
        kernel.forEach((own, i) => {
          assert.ok(largestDifference((decomposed[i] as Storage).toNumbers(), own.toNumbers()) < 1e-5, name);
        });
      }
    });

  it("take the dtype of their operand where there is no zero point", () => {
    const y = result(ms("QLinearAdd"), [of("int8", [1], -3), scale(1), undefined, of("int8", [1], -4), scale(1), undefined, scale(1)]);
    assert.deepEqual(y.values, [-7]);
  });

  it("softmax of an old opset runs over all axes from the given one on", () => {
    const x = of("uint8", [1, 2, 2], 0, 0, 0, 0);
    const softmax = (opset: number) =>
      result(ms("QLinearSoftmax"), [x, scale(1), undefined, scale(0.25), u8(0)], { opset, axis: 1 }).values;
    assert.deepEqual(softmax(12), [1, 1, 1, 1]);
    assert.deepEqual(softmax(13), [2, 2, 2, 2]);
  });

  it("MatMulNBits: codes of 2 and 4 bits from the lowest on, blocks by g_idx", () => {
    const a = f32([1, 16], [1, ...new Array<number>(15).fill(0)]);
    const row = (first: number, count: number) => of("uint8", [1, 1, count], first, ...new Array<number>(count - 1).fill(0));
    const nbits = { K: 16, N: 1, block_size: 16 };
    assert.deepEqual(result(ms("MatMulNBits"), [a, row(0x2f, 8), f32([1], [0.5])], { ...nbits, bits: 4 }).values, [3.5]);
    assert.deepEqual(result(ms("MatMulNBits"), [a, row(0b11100100, 4), f32([1], [0.5])], { ...nbits, bits: 2 }).values, [-1]);
    const second = f32([1, 32], [0, 1, ...new Array<number>(30).fill(0)]);
    const b = of("uint8", [1, 2, 8], 0xf0, ...new Array<number>(15).fill(0));
    const groups = of("int32", [32], ...Array.from({ length: 32 }, (_, i) => i % 2));
    const wide = { K: 32, N: 1, block_size: 16, bits: 4 };
    assert.deepEqual(result(ms("MatMulNBits"), [second, b, f32([2], [1, 10])], wide).values, [7]);
    assert.deepEqual(result(ms("MatMulNBits"), [second, b, f32([2], [1, 10]), undefined, groups], wide).values, [70]);
  });

  it("know their types for symbolic sizes and say what does not fit", () => {
    const q = (...shape: (number | string)[]) => ({ dtype: "uint8" as const, shape });
    assert.deepEqual(infer(ms("QLinearAdd"), [q("n", 4), sym(), q(), q(4), sym(), q(), sym(), q()]), ["uint8[n,4]"]);
    assert.deepEqual(infer(ms("QLinearGlobalAveragePool"), [q("n", "h", "w", 3), sym(), q(), sym(), q()], { channels_last: 1 }), [
      "uint8[n,1,1,3]",
    ]);
    assert.deepEqual(infer(ms("QLinearConcat"), [sym(), q(), q("n", 3), sym(), q(), q("n", 4), sym(), q()], { axis: 1 }), ["uint8[n,7]"]);
    const nbits = { K: 32, N: 5, bits: 4, block_size: 16 };
    assert.deepEqual(infer(ms("MatMulNBits"), [sym("b", "s", 32), q(5, 2, 8), sym(10)], nbits), ["float[b,s,5]"]);
    const refuses = (inputs: Parameters<typeof infer>[1], attributes: object, code: string) =>
      assert.throws(
        () => infer(ms("MatMulNBits"), inputs, { ...nbits, ...attributes }),
        (e) => e instanceof IngotError && e.code === code,
      );
    refuses([sym("b", 31), q(5, 2, 8), sym(10)], {}, "ShapeMismatch");
    refuses([sym("b", 32), q(5, 2, 7), sym(10)], {}, "ShapeMismatch");
    refuses([sym("b", 32), q(5, 2, 8), sym(10)], { bits: 3 }, "InvalidArgument");
  });
});
