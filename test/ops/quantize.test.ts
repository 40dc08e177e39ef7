import assert from "node:assert/strict";
import fc from "fast-check";
import { IngotError } from "../../src/errors/error.ts";
import { type DType, decoder, dtypeInfo, encoder } from "../../src/tensor/dtype.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { type Case, describeAgreement } from "../support/onnxruntime-agreement.ts";
import { f32, infer, result, run, sym } from "../support/run-op.ts";

const onnx = (dtype: DType) => dtypeInfo(dtype).onnx;
const of = (dtype: DType, values: readonly number[], shape: readonly number[] = [values.length]) => Storage.from(dtype, values, shape);

describe("QuantizeLinear", () => {
  it("rounds halves to even, adds the zero point and ends at the range of every integer dtype", () => {
    const quantized = (dtype: DType, zero: number) =>
      result("QuantizeLinear", [f32([5], [-1000, 1, 3, 5, 1000]), f32([], [2]), of(dtype, [zero], [])]).values;
    assert.deepEqual(quantized("uint8", 1), [0, 1, 3, 3, 255]);
    assert.deepEqual(quantized("int4", 1), [-8, 1, 3, 3, 7]);
    assert.deepEqual(quantized("uint4", 0), [0, 0, 2, 2, 15]);
    assert.deepEqual(quantized("int2", -1), [-2, -1, 1, 1, 1]);
    assert.deepEqual(quantized("uint2", 0), [0, 0, 2, 2, 3]);
  });

  it("rounds to the numbers of small floats, saturating unless told otherwise", () => {
    const x = f32([3], [0.3, 1000, -7]);
    const quantized = (dtype: DType, attributes = {}) => result("QuantizeLinear", [x, f32([], [1]), of(dtype, [0], [])], attributes).values;
    assert.deepEqual(quantized("float8e4m3fn"), [0.3125, 448, -7]);
    assert.deepEqual(quantized("float8e4m3fn", { saturate: 0 }), [0.3125, Number.NaN, -7]);
    assert.deepEqual(quantized("float4e2m1"), [0.5, 6, -6]);
  });

  it("takes its dtype from output_dtype where there is no zero point, and powers of two as scales", () => {
    const [y] = run("QuantizeLinear", [f32([2], [3, -9]), of("float8e8m0", [2], [])], { output_dtype: onnx("int4") }) as [Storage];
    assert.deepEqual([y.dtype, y.toNumbers()], ["int4", [2, -4]]);
    assert.throws(
      () => infer("QuantizeLinear", [sym(2), sym()], { output_dtype: onnx("float32") }),
      (e) => e instanceof IngotError && e.code === "InvalidArgument" && /22 int4/.test(e.message),
    );
  });

  it("scales blocks along an axis", () => {
    const scale = f32([2, 2], [1, 10, 2, 20]);
    assert.deepEqual(
      result("QuantizeLinear", [f32([2, 4], [1, 2, 30, 40, 2, 4, 60, 80]), scale], { axis: 1, block_size: 2, output_dtype: onnx("int4") }),
      { shape: [2, 4], values: [1, 2, 3, 4, 1, 2, 3, 4] },
    );
  });
});

describe("DequantizeLinear", () => {
  it("subtracts the zero point and scales, for integers and small floats", () => {
    assert.deepEqual(result("DequantizeLinear", [of("int4", [-8, 7]), f32([], [0.5]), of("int4", [1], [])]).values, [-4.5, 3]);
    assert.deepEqual(result("DequantizeLinear", [of("float4e2m1", [6, -0.5]), f32([], [2]), of("float4e2m1", [0], [])]).values, [12, -1]);
    assert.deepEqual(
      result("DequantizeLinear", [of("float8e5m2", [2, 3]), of("float8e8m0", [0.25], [])], { output_dtype: onnx("float16") }).values,
      [0.5, 0.75],
    );
  });

  it("needs a named dtype where the scale is a power of two", () => {
    assert.throws(
      () =>
        infer("DequantizeLinear", [
          { dtype: "int4", shape: ["n"] },
          { dtype: "float8e8m0", shape: [] },
        ]),
      (e) => e instanceof IngotError && e.code === "InvalidArgument",
    );
    assert.deepEqual(infer("DequantizeLinear", [{ dtype: "int4", shape: ["n"] }, sym()]), ["float[n]"]);
  });

  it("gives back what is representable, for every dtype", () => {
    const dtypes = ["int4", "uint4", "int2", "uint2", "int8", "float8e4m3fn", "float8e5m2fnuz", "float4e2m1"] as const;
    fc.assert(
      fc.property(fc.constantFrom(...dtypes), fc.array(fc.integer({ min: -8, max: 8 }), { minLength: 1 }), (dtype, values) => {
        const exact = values.map((v) => decoder(dtype)(encoder(dtype)(v)));
        const zero = of(dtype, [0], []);
        const x = f32(
          [exact.length],
          exact.map((v) => 4 * v),
        );
        const [q] = run("QuantizeLinear", [x, f32([], [4]), zero]) as [Storage];
        assert.deepEqual(result("DequantizeLinear", [q, f32([], [4]), zero]).values, x.toNumbers());
      }),
    );
  });
});

const small = (dtype: DType, shape: readonly number[]) => {
  const count = shape.reduce((a, b) => a * b, 1);
  return of(
    dtype,
    Array.from({ length: count }, (_, i) => ((i * 5) % 16) - (dtype.startsWith("u") ? 0 : 8)),
    shape,
  );
};
describeAgreement("quantisation agrees with ONNX Runtime, whose tensors are packed", {
  "DequantizeLinear of 4-bit integers": () => [
    ["DequantizeLinear", [small("int4", [3, 5]), f32([], [0.3]), of("int4", [3], [])]],
    ["DequantizeLinear", [small("uint4", [3, 5]), f32([3], [0.3, 0.2, 0.1]), of("uint4", [3, 0, 15])], { axis: 0 }],
    ["DequantizeLinear", [small("int4", [2, 6]), f32([2, 2], [1, 2, 3, 4])], { axis: 1, block_size: 3 }],
  ],
  "DequantizeLinear of 8-bit floats": () =>
    (["float8e4m3fn", "float8e5m2", "float8e4m3fnuz", "float8e5m2fnuz"] as const).map((dtype): Case => {
      const codes = Storage.of(
        dtype,
        Uint8Array.from({ length: 100 }, (_, i) => i),
        [100],
      );
      return ["DequantizeLinear", [codes, f32([], [1]), of(dtype, [0], [])]];
    }),
});
