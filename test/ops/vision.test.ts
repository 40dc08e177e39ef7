// Sampling and cutting of images: grids, deformable convolution, regions, crops, columns, unpooling, suppression, determinants.
import assert from "node:assert/strict";
import fc from "fast-check";
import { Storage } from "../../src/tensor/storage.ts";
import { bothWays } from "../support/op-decomposition.ts";
import { counting, f32, i64, infer, result, run, sym } from "../support/run-op.ts";

const near = (actual: readonly number[], expected: readonly number[], limit = 1e-5) => {
  assert.equal(actual.length, expected.length);
  for (const [i, v] of actual.entries()) assert.ok(Math.abs(v - (expected[i] as number)) <= limit, `${i}: ${v}, expected ${expected[i]}`);
};
const narrow = ["float64", "float16", "bfloat16"] as const;

describe("AffineGrid", () => {
  const identity = f32([1, 2, 3], [1, 0, 0, 0, 1, 0]);

  it("gives the places of an image under the identity, x first", () => {
    near(result("AffineGrid", [identity, i64([1, 1, 1, 2])]).values, [-0.5, 0, 0.5, 0]);
    near(result("AffineGrid", [identity, i64([1, 1, 2, 1])], { align_corners: 1 }).values, [0, -1, 0, 1]);
  });

  it("is undone by nothing: GridSample with the identity's grid gives the image back", () => {
    const x = counting([1, 2, 3, 4]);
    for (const align_corners of [0, 1]) {
      const [grid] = run("AffineGrid", [identity, i64([1, 2, 3, 4])], { align_corners }) as [Storage];
      near(result("GridSample", [x, grid], { align_corners }).values, x.toNumbers());
    }
  });

  it("is what its decomposition computes, in two and three dimensions", () => {
    for (const [theta, size] of [
      [f32([2, 2, 3], [1, 2, 3, 4, 5, 6, -1, 0.5, 2, 0, 1, -3]), i64([2, 1, 3, 4])],
      [f32([1, 3, 4], [1, 2, 3, 4, 5, 6, -1, 0.5, 2, 0, 1, -3]), i64([1, 1, 1, 2, 3])],
    ] as const)
      for (const align_corners of [0, 1]) {
        const { kernel, decomposed } = bothWays("AffineGrid", [theta, size], { align_corners });
        assert.deepEqual(kernel[0]?.shape, decomposed[0]?.shape);
        near(kernel[0]?.toNumbers() ?? [], decomposed[0]?.toNumbers() ?? []);
      }
  });

  it("infers sizes, and refuses a matrix of other dimensions", () => {
    assert.deepEqual(infer("AffineGrid", [sym("n", 2, 3), { dtype: "int64", shape: [4] }]), ["float[n,?,?,2]"]);
    assert.throws(() => run("AffineGrid", [identity, i64([1, 1, 2, 3, 4])]), { code: "ShapeMismatch" });
  });
});

describe("GridSample", () => {
  const x = f32([1, 1, 1, 3], [10, 20, 30]);
  const at = (...places: number[]) =>
    f32(
      [1, 1, places.length, 2],
      places.flatMap((p) => [p, 0]),
    );
  const sample = (places: readonly number[], attributes = {}) =>
    result("GridSample", [x, at(...places)], { align_corners: 1, ...attributes }).values;

  it("interpolates between neighbours and takes zeros outside", () => {
    near(sample([-1, -0.5, 0.25, 1, 1.5]), [10, 15, 22.5, 30, 15]);
    near(sample([-3, 3], {}), [0, 0]);
  });

  it("repeats the border or reflects at it", () => {
    near(sample([-2, 2], { padding_mode: "border" }), [10, 30]);
    near(sample([-2, 1.5, 4], { padding_mode: "reflection" }), [20, 25, 20]);
  });

  it("takes the nearest place, halves to the even one", () => {
    near(sample([-0.5, 0.5, 0.6], { mode: "nearest" }), [10, 30, 30]);
    const words = Storage.from("string", ["a", "b", "c"], [1, 1, 1, 3]);
    const [y] = run("GridSample", [words, at(-1, 0, 5)], { mode: "nearest", align_corners: 1 });
    assert.deepEqual(y?.dense(), ["a", "b", ""]);
    assert.throws(() => run("GridSample", [words, at(0)]), { code: "DTypeMismatch" });
  });

  it("passes through whole places with cubic weights, too", () => near(sample([-1, 0, 1], { mode: "cubic" }), [10, 20, 30]));

  for (const dtype of narrow)
    it(`works in ${dtype}, and for integers`, () => {
      const [y] = run("GridSample", [Storage.from(dtype, [10, 20, 30], [1, 1, 1, 3]), at(-0.5)], { align_corners: 1 }) as [Storage];
      assert.deepEqual([y.dtype, y.toNumbers()], [dtype, [15]]);
      const [whole] = run("GridSample", [Storage.from("int64", [10, 21, 30], [1, 1, 1, 3]), at(-0.5)], { align_corners: 1 }) as [Storage];
      assert.deepEqual(whole.toNumbers(), [15]);
    });

  it("infers sizes and names what does not fit", () => {
    assert.deepEqual(infer("GridSample", [sym("n", 3, "h", "w"), sym("n", 5, "k", 2)]), ["float[n,3,5,k]"]);
    assert.deepEqual(run("GridSample", [f32([1, 2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]), f32([1, 0, 3, 2], [])])[0]?.shape, [1, 2, 0, 3]);
    assert.throws(() => run("GridSample", [x, f32([1, 1, 1, 3], [0, 0, 0])]), { code: "ShapeMismatch" });
    assert.throws(() => run("GridSample", [x, f32([2, 1, 1, 2], [0, 0, 0, 0])]), { code: "ShapeMismatch" });
    assert.throws(() => run("GridSample", [x, at(0)], { mode: "bilinear" }), { code: "InvalidArgument", hint: /bilinear/ });
  });
});

describe("DeformConv", () => {
  const zeros = (...shape: number[]) => f32(shape, new Array<number>(shape.reduce((a, b) => a * b, 1)).fill(0));

  it("is a convolution where nothing is moved", () => {
    const geometry = fc.record({
      stride: fc.integer({ min: 1, max: 2 }),
      dilation: fc.integer({ min: 1, max: 2 }),
      pad: fc.integer({ min: 0, max: 2 }),
      group: fc.constantFrom(1, 2),
      offsets: fc.constantFrom(1, 2, 4),
    });
    fc.assert(
      fc.property(geometry, ({ stride, dilation, pad, group, offsets }) => {
        const attributes = { strides: [stride, 1], dilations: [1, dilation], pads: [pad, 0, pad, 1], group };
        const x = counting([2, 4, 5, 6]);
        const w = counting([2, 4 / group, 2, 3]);
        const b = f32([2], [1, -1]);
        const conv = result("Conv", [x, w, b], attributes);
        const offset = zeros(2, offsets * 12, ...conv.shape.slice(2));
        const deformed = result("DeformConv", [x, w, offset, b], { ...attributes, offset_group: offsets });
        assert.deepEqual(deformed.shape, conv.shape);
        near(deformed.values, conv.values, 1e-2);
      }),
      { numRuns: 30 },
    );
  });

  it("reads between places, zeros outside, times the mask", () => {
    const x = f32([1, 1, 1, 3], [1, 2, 4]);
    const w = f32([1, 1, 1, 1], [10]);
    const offset = f32([1, 2, 1, 3], [0, 0, 0, 0.5, 0.5, 0.5]);
    near(result("DeformConv", [x, w, offset]).values, [15, 30, 20]);
    near(result("DeformConv", [x, w, offset, undefined, f32([1, 1, 1, 3], [1, 0, 0.5])]).values, [15, 0, 10]);
  });

  it("goes along one dimension as well", () => {
    const y = result("DeformConv", [f32([1, 1, 3], [1, 2, 4]), f32([1, 1, 1], [1]), f32([1, 1, 3], [1, -0.5, 0])]);
    near(y.values, [2, 1.5, 4]);
  });

  it("infers sizes and names what does not fit", () => {
    const inputs = [sym("n", 2, "h", 8), sym(4, 2, 3, 3), sym("n", 18, "h", 8)];
    assert.deepEqual(infer("DeformConv", inputs, { pads: [1, 1, 1, 1] }), ["float[n,4,h,8]"]);
    assert.throws(() => run("DeformConv", [zeros(1, 2, 3, 3), zeros(1, 2, 2, 2), zeros(1, 7, 2, 2)]), {
      code: "ShapeMismatch",
      summary: /offset/,
    });
    assert.throws(() => run("DeformConv", [zeros(1, 3, 3, 3), zeros(1, 3, 2, 2), zeros(1, 8, 2, 2)], { group: 2 }), {
      code: "InvalidArgument",
    });
  });
});

describe("Col2Im", () => {
  it("adds up what windows share", () => {
    const { shape, values } = result("Col2Im", [f32([1, 2, 3], [1, 2, 3, 10, 20, 30]), i64([4]), i64([2])]);
    assert.deepEqual(shape, [1, 1, 4]);
    assert.deepEqual(values, [1, 12, 23, 30]);
  });

  it("keeps 64-bit integers exact", () => {
    const big = Storage.from("int64", [2n ** 60n, 1n, 1n, 2n ** 60n], [1, 2, 2]);
    const [y] = run("Col2Im", [big, i64([3]), i64([2])]) as [Storage];
    assert.deepEqual([...(y.dense() as BigInt64Array)], [2n ** 60n, 2n, 2n ** 60n]);
  });

  it("drops what lies in the padding, and infers sizes", () => {
    assert.deepEqual(result("Col2Im", [f32([1, 2, 3], [1, 2, 3, 10, 20, 30]), i64([2]), i64([2])], { pads: [1, 1] }).values, [12, 23]);
    assert.deepEqual(infer("Col2Im", [sym("n", 12, "l"), i64([5, 5]), i64([2, 2])]), ["float[n,3,5,5]"]);
    assert.throws(() => run("Col2Im", [f32([1, 2, 2], [1, 2, 3, 4]), i64([4]), i64([2])]), { code: "ShapeMismatch", summary: /3 columns/ });
  });
});

describe("CenterCropPad", () => {
  it("cuts and fills evenly, one more at the end", () => {
    const line = f32([5], [1, 2, 3, 4, 5]);
    assert.deepEqual(result("CenterCropPad", [line, i64([2])]).values, [2, 3]);
    assert.deepEqual(result("CenterCropPad", [line, i64([8])]).values, [0, 1, 2, 3, 4, 5, 0, 0]);
    const words = Storage.from("string", ["a"], [1]);
    assert.deepEqual(run("CenterCropPad", [words, i64([2])])[0]?.dense(), ["a", ""]);
  });

  it("is what its decomposition computes", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 6 }), fc.boolean(), (a, b, some) => {
        const inputs = [counting([3, 4]), some ? i64([b]) : i64([a, b])] as const;
        const { kernel, decomposed } = bothWays("CenterCropPad", inputs, some ? { axes: [-1] } : {});
        assert.deepEqual([kernel[0]?.shape, kernel[0]?.toNumbers()], [decomposed[0]?.shape, decomposed[0]?.toNumbers()]);
      }),
    );
  });

  it("infers sizes", () => {
    assert.deepEqual(infer("CenterCropPad", [sym("n", 3, 8), i64([4])], { axes: [-1] }), ["float[n,3,4]"]);
    assert.throws(() => run("CenterCropPad", [f32([2], [1, 2]), i64([1, 2])]), { code: "InvalidArgument" });
  });
});

describe("MaxRoiPool and RoiAlign", () => {
  const x = counting([1, 1, 4, 4]);

  it("take the largest of whole places, and means of samples between them", () => {
    assert.deepEqual(result("MaxRoiPool", [x, f32([1, 5], [0, 0, 0, 3, 3])], { pooled_shape: [2, 2] }).values, [5, 7, 13, 15]);
    assert.deepEqual(result("MaxRoiPool", [x, f32([1, 5], [0, 7, 7, 9, 9])], { pooled_shape: [1, 1] }).values, [0]);
    const aligned = result("RoiAlign", [x, f32([1, 4], [0, 0, 4, 4]), i64([0])], { output_height: 2, output_width: 2 });
    near(aligned.values, [2.5, 4.5, 10.5, 12.5]);
  });

  it("do without regions, and refuse images that are not there", () => {
    assert.deepEqual(run("RoiAlign", [x, f32([0, 4], []), i64([])], { output_height: 2 })[0]?.shape, [0, 1, 2, 1]);
    assert.throws(() => run("RoiAlign", [x, f32([1, 4], [0, 0, 1, 1]), i64([1])]), { code: "IndexOutOfRange" });
    assert.throws(() => run("MaxRoiPool", [x, f32([1, 4], [0, 0, 1, 1])], { pooled_shape: [1, 1] }), { code: "ShapeMismatch" });
    assert.deepEqual(infer("RoiAlign", [sym("n", 3, "h", "w"), sym("r", 4), { dtype: "int64", shape: ["r"] }], { output_height: 7 }), [
      "float[r,3,7,1]",
    ]);
  });

  for (const dtype of narrow)
    it(`work in ${dtype}`, () => {
      const [y] = run("RoiAlign", [counting([1, 1, 4, 4], dtype), Storage.from(dtype, [0, 0, 4, 4], [1, 4]), i64([0])]) as [Storage];
      assert.deepEqual([y.dtype, y.toNumbers()], [dtype, [7.5]]);
    });
});

describe("MaxUnpool", () => {
  it("puts back what MaxPool found", () => {
    const [y, indices] = run("MaxPool", [counting([1, 2, 4, 4])], { kernel_shape: [2, 2], strides: [2, 2] }, 2) as [Storage, Storage];
    const back = result("MaxUnpool", [y, indices], { kernel_shape: [2, 2], strides: [2, 2] });
    assert.deepEqual(back.shape, [1, 2, 4, 4]);
    back.values.forEach((v, i) => assert.ok(v === 0 || v === i));
    assert.equal(back.values.filter((v) => v > 0).length, 8);
  });

  it("stands in the corner of a larger shape that is asked for", () => {
    const inputs = [f32([1, 1, 1, 1], [9]), i64([3], [1, 1, 1, 1]), i64([1, 1, 3, 3])];
    assert.deepEqual(result("MaxUnpool", inputs, { kernel_shape: [2, 2] }).values, [0, 0, 0, 0, 9, 0, 0, 0, 0]);
    assert.throws(() => run("MaxUnpool", [inputs[0], i64([4], [1, 1, 1, 1])], { kernel_shape: [2, 2] }), { code: "IndexOutOfRange" });
    assert.throws(() => run("MaxUnpool", [inputs[0], inputs[1], i64([1, 1, 1, 3])], { kernel_shape: [2, 2] }), { code: "InvalidArgument" });
    const indices = { dtype: "int64", shape: ["n", 2, "h"] } as const;
    assert.deepEqual(infer("MaxUnpool", [sym("n", 2, "h"), indices], { kernel_shape: [2], strides: [2] }), ["float[n,2,2*h]"]);
  });
});

describe("NonMaxSuppression", () => {
  const boxes = f32([1, 3, 4], [0, 0, 1, 1, 0, 0.1, 1, 1.1, 0, 2, 1, 3]);
  const pick = (scores: Storage, most: number | undefined, iou?: number, least?: number) => {
    const option = (v: number | undefined) => (v === undefined ? undefined : f32([], [v]));
    return result("NonMaxSuppression", [boxes, scores, most === undefined ? undefined : i64([most]), option(iou), option(least)]);
  };

  it("keeps the best of boxes that overlap, per class, best first", () => {
    assert.deepEqual(pick(f32([1, 1, 3], [0.5, 0.9, 0.7]), 3, 0.5), { shape: [2, 3], values: [0, 0, 1, 0, 0, 2] });
    assert.deepEqual(pick(f32([1, 2, 3], [0.5, 0.9, 0.7, 0.9, 0.5, 0.9]), 1, 0.5).values, [0, 0, 1, 0, 1, 0]);
    assert.deepEqual(pick(f32([1, 1, 3], [0.5, 0.9, 0.7]), 3, 0.5, 0.8).values, [0, 0, 1]);
  });

  it("selects nothing unless told how many", () => {
    assert.deepEqual(pick(f32([1, 1, 3], [0.5, 0.9, 0.7]), undefined).shape, [0, 3]);
    assert.deepEqual(infer("NonMaxSuppression", [sym(1, "n", 4), sym(1, 80, "n")]), ["int64[?,3]"]);
    assert.throws(() => pick(f32([1, 1, 2], [0, 0]), 1), { code: "ShapeMismatch" });
    assert.throws(() => pick(f32([1, 1, 3], [0, 0, 0]), 1, 2), { code: "InvalidArgument" });
  });
});

describe("Det", () => {
  it("is the determinant of each matrix, 1 of the empty one", () => {
    assert.deepEqual(result("Det", [f32([2, 2, 2], [1, 2, 3, 4, 0, 1, 1, 0])]), { shape: [2], values: [-2, -1] });
    assert.deepEqual(result("Det", [f32([3, 3], [1, 2, 3, 2, 4, 6, 0, 0, 1])]).values, [0]);
    assert.deepEqual(result("Det", [f32([2, 0, 0], [])]).values, [1, 1]);
    assert.deepEqual(infer("Det", [sym("n", 3, 3)]), ["float[n]"]);
    assert.throws(() => run("Det", [f32([1, 2], [1, 2])]), { code: "ShapeMismatch" });
  });
});
