// Pools: hand-checked numbers, ceil mode, indices, symbolic sizes, and equality with the definition for random geometry.
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Storage } from "../../src/tensor/storage.ts";
import { counting, f32, infer, result, run, sym } from "../support/run-op.ts";

describe("MaxPool", () => {
  const x = f32([1, 1, 3, 3], [1, 9, 2, 8, 3, 7, 4, 6, 5]);

  it("takes the largest of each window", () => {
    assert.deepEqual(result("MaxPool", [x], { kernel_shape: [2, 2] }), { shape: [1, 1, 2, 2], values: [9, 9, 8, 7] });
  });

  it("never takes the padding", () => {
    assert.deepEqual(result("MaxPool", [f32([1, 1, 2], [-3, -5])], { kernel_shape: [2], pads: [1, 1] }).values, [-3, -3, -5]);
  });

  it("gives flat indices, row by row or column by column", () => {
    const at = (storage_order: number) => run("MaxPool", [x], { kernel_shape: [2, 2], storage_order }, 2)[1]?.toNumbers();
    assert.deepEqual(at(0), [1, 1, 3, 5]);
    assert.deepEqual(at(1), [3, 3, 1, 7]);
  });

  it("in ceil mode keeps a last window only if it starts inside the input or the padding before it", () => {
    const line = f32([1, 1, 5], [1, 2, 3, 4, 5]);
    assert.deepEqual(result("MaxPool", [line], { kernel_shape: [2], strides: [2], ceil_mode: 1 }).values, [2, 4, 5]);
    assert.deepEqual(result("MaxPool", [line], { kernel_shape: [2], strides: [2] }).values, [2, 4]);
    assert.deepEqual(result("MaxPool", [line], { kernel_shape: [1], strides: [3], pads: [0, 2], ceil_mode: 1 }).values, [1, 4]);
  });

  it("passes NaN on", () => {
    assert.deepEqual(result("MaxPool", [f32([1, 1, 3], [1, Number.NaN, 2])], { kernel_shape: [3] }).values, [Number.NaN]);
  });

  for (const dtype of ["float64", "float16", "bfloat16", "int8", "uint8"] as const)
    it(`works in ${dtype}, indices included`, () => {
      const [y, i] = run("MaxPool", [counting([1, 2, 4], dtype)], { kernel_shape: [2], strides: [2] }, 2) as [Storage, Storage];
      assert.equal(y.dtype, dtype);
      assert.deepEqual(y.toNumbers(), [1, 3, 5, 7]);
      assert.deepEqual(i.toNumbers(), [1, 3, 5, 7]);
    });

  it("infers symbolic sizes", () => {
    assert.deepEqual(infer("MaxPool", [sym("n", 64, "h", 112)], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }), [
      "float[n,64,floor((h + 1)/(2)),56]",
    ]);
    assert.deepEqual(infer("MaxPool", [sym("n", 3, "w")], { kernel_shape: [2] }, 2), ["float[n,3,w - 1]", "int64[n,3,w - 1]"]);
  });

  it("refuses a kernel of another rank", () => {
    assert.throws(() => run("MaxPool", [x], { kernel_shape: [2] }), { code: "RankMismatch" });
    assert.throws(() => run("MaxPool", [x]), { code: "MissingAttribute" });
  });
});

describe("AveragePool", () => {
  const line = f32([1, 1, 4], [1, 2, 3, 6]);

  it("counts padding only when asked", () => {
    assert.deepEqual(result("AveragePool", [line], { kernel_shape: [2], pads: [1, 1] }).values, [1, 1.5, 2.5, 4.5, 6]);
    assert.deepEqual(
      result("AveragePool", [line], { kernel_shape: [2], pads: [1, 1], count_include_pad: 1 }).values,
      [0.5, 1.5, 2.5, 4.5, 3],
    );
  });

  it("in ceil mode does not count what lies beyond the padding", () => {
    const attributes = { kernel_shape: [3], strides: [2], ceil_mode: 1 };
    assert.deepEqual(result("AveragePool", [line], attributes).values, [2, 4.5]);
    assert.deepEqual(result("AveragePool", [line], { ...attributes, count_include_pad: 1 }).values, [2, 4.5]);
  });

  it("gives the same in float64 and float32", () => {
    const geometry = fc.record({
      size: fc.integer({ min: 1, max: 8 }),
      kernel: fc.integer({ min: 1, max: 3 }),
      stride: fc.integer({ min: 1, max: 3 }),
      dilation: fc.integer({ min: 1, max: 2 }),
      pad: fc.integer({ min: 0, max: 1 }),
      ceil: fc.integer({ min: 0, max: 1 }),
      include: fc.integer({ min: 0, max: 1 }),
    });
    fc.assert(
      fc.property(geometry, ({ size, kernel, stride, dilation, pad, ceil, include }) => {
        fc.pre(size + 2 * pad >= dilation * (kernel - 1) + 1 && pad < kernel);
        const window = {
          kernel_shape: [kernel, kernel],
          strides: [stride, stride],
          dilations: [dilation, dilation],
          pads: [pad, pad, pad, pad],
          ceil_mode: ceil,
        };
        for (const [op, attributes] of [
          ["AveragePool", { ...window, count_include_pad: include }],
          ["MaxPool", window],
        ] as const) {
          const wide = result(op, [counting([1, 2, size, size], "float64")], attributes);
          const narrow = result(op, [counting([1, 2, size, size])], attributes);
          assert.deepEqual(narrow.shape, wide.shape);
          assert.deepEqual(narrow.values, wide.values.map(Math.fround));
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe("LpPool and the global pools", () => {
  it("take the p-norm of each window", () => {
    assert.deepEqual(result("LpPool", [f32([1, 1, 4], [3, -4, 0, 5])], { kernel_shape: [2], strides: [2] }).values, [5, 5]);
    assert.deepEqual(result("GlobalLpPool", [f32([1, 2, 2], [3, -4, 1, -1])], { p: 1 }), { shape: [1, 2, 1], values: [7, 2] });
  });

  it("take the mean and the maximum of each plane", () => {
    const x = f32([1, 2, 1, 2], [1, 3, -1, -4]);
    assert.deepEqual(result("GlobalAveragePool", [x]), { shape: [1, 2, 1, 1], values: [2, -2.5] });
    assert.deepEqual(result("GlobalMaxPool", [x]), { shape: [1, 2, 1, 1], values: [3, -1] });
    assert.deepEqual(infer("GlobalAveragePool", [sym("n", 512, "h", "w")]), ["float[n,512,1,1]"]);
  });
});
