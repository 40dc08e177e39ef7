// DFT and STFT: shapes in every form, cutting and padding, halves, and symbolic sizes. Window functions, and mel bands.
import assert from "node:assert/strict";
import { Storage } from "../../src/tensor/storage.ts";
import { bothWays } from "../support/op-decomposition.ts";
import { counting, f32, i64, infer, result, run, sym } from "../support/run-op.ts";

const near = (actual: readonly number[], expected: readonly number[], limit = 1e-5) => {
  assert.equal(actual.length, expected.length);
  for (const [i, v] of actual.entries()) assert.ok(Math.abs(v - (expected[i] as number)) <= limit, `${i}: ${v}, expected ${expected[i]}`);
};
const scalar = (v: number) => i64([v], []);

describe("DFT", () => {
  const line = f32([1, 4, 1], [1, 2, 3, 4]);

  it("transforms along the last axis of the signal by default", () => {
    const { shape, values } = result("DFT", [line]);
    assert.deepEqual(shape, [1, 4, 2]);
    near(values, [10, 0, -2, 2, -2, 0, -2, -2]);
  });

  it("keeps the first half when one side says all, and takes it back", () => {
    const [half] = run("DFT", [line], { onesided: 1 }) as [Storage];
    assert.deepEqual(half.shape, [1, 3, 2]);
    near(half.toNumbers(), [10, 0, -2, 2, -2, 0]);
    const back = result("DFT", [half], { onesided: 1, inverse: 1 });
    assert.deepEqual(back.shape, [1, 4, 1]);
    near(back.values, [1, 2, 3, 4]);
    // An odd length has to be said.
    const odd = f32([1, 5, 1], [1, 2, 3, 4, 7]);
    const [coefficients] = run("DFT", [odd], { onesided: 1 }) as [Storage];
    near(result("DFT", [coefficients, scalar(5)], { onesided: 1, inverse: 1 }).values, [1, 2, 3, 4, 7]);
  });

  it("cuts the signal, or fills it up with zeros", () => {
    near(result("DFT", [line, scalar(2)]).values, [3, 0, -1, 0]);
    near(result("DFT", [f32([1, 2, 1], [1, 2]), scalar(4)]).values, [3, 0, 1, -2, -1, 0, 1, 2]);
  });

  it("goes along any axis but the last, counted from either end", () => {
    const x = counting([2, 3, 4, 1]);
    for (const [axis, same] of [
      [0, -4],
      [1, -3],
      [2, -2],
    ] as const)
      assert.deepEqual(result("DFT", [x, undefined, scalar(axis)]), result("DFT", [x, undefined, scalar(same)]));
    assert.throws(() => run("DFT", [x, undefined, scalar(3)]), { code: "InvalidArgument" });
    assert.throws(() => run("DFT", [x, undefined, scalar(4)]), { code: "AxisOutOfRange" });
    assert.throws(() => run("DFT", [counting([2, 3])]), { code: "ShapeMismatch" });
    assert.throws(() => run("DFT", [line, scalar(0)]), { code: "InvalidArgument" });
  });

  for (const dtype of ["float64", "float16", "bfloat16"] as const)
    it(`works in ${dtype}`, () => {
      const [y] = run("DFT", [Storage.from(dtype, [1, 2, 3, 4], [1, 4, 1])]) as [Storage];
      assert.equal(y.dtype, dtype);
      near(y.toNumbers(), [10, 0, -2, 2, -2, 0, -2, -2], 0.05);
    });

  it("infers symbolic sizes", () => {
    assert.deepEqual(infer("DFT", [sym("b", "n", 1)]), ["float[b,n,2]"]);
    assert.deepEqual(infer("DFT", [sym("b", "n", 1)], { onesided: 1 }), ["float[b,floor((n)/(2)) + 1,2]"]);
    assert.deepEqual(infer("DFT", [sym("b", "n", 2)], { onesided: 1, inverse: 1 }), ["float[b,2*n - 2,1]"]);
    assert.deepEqual(infer("DFT", [sym("b", "n", 2), { dtype: "int64", shape: [] }]), ["float[b,?,2]"]);
  });
});

describe("STFT", () => {
  const signal = f32([1, 6, 1], [1, 2, 3, 4, 5, 6]);

  it("transforms frames, a step apart, times the window", () => {
    const { shape, values } = result("STFT", [signal, scalar(2), f32([4], [1, 1, 0, 0])]);
    assert.deepEqual(shape, [1, 2, 3, 2]);
    near(values, [3, 0, 1, -2, -1, 0, 7, 0, 3, -4, -1, 0]);
  });

  it("takes the length of a frame from the window, from frame_length, or from the signal", () => {
    const all = (inputs: readonly (Storage | undefined)[]) => run("STFT", inputs, { onesided: 0 })[0]?.shape;
    assert.deepEqual(all([signal, scalar(1), f32([4], [1, 1, 1, 1])]), [1, 3, 4, 2]);
    assert.deepEqual(all([signal, scalar(3), undefined, scalar(3)]), [1, 2, 3, 2]);
    assert.deepEqual(all([signal, scalar(1)]), [1, 1, 6, 2]);
    assert.throws(() => all([signal, scalar(1), f32([4], [1, 1, 1, 1]), scalar(3)]), { code: "ShapeMismatch" });
    assert.throws(() => all([signal, scalar(1), undefined, scalar(7)]), { code: "InvalidArgument" });
    assert.throws(() => all([signal, scalar(0)]), { code: "InvalidArgument" });
  });

  it("infers symbolic sizes", () => {
    assert.deepEqual(infer("STFT", [sym("b", "n", 1), scalar(160), undefined, scalar(400)]), ["float[b,floor((n + 80)/(160)) - 2,201,2]"]);
  });
});

describe("window functions", () => {
  it("are periodic unless told otherwise", () => {
    near(result("HannWindow", [scalar(4)]).values, [0, 0.5, 1, 0.5]);
    near(result("HannWindow", [scalar(5)], { periodic: 0 }).values, [0, 0.5, 1, 0.5, 0]);
    near(result("HammingWindow", [scalar(2)]).values, [4 / 46, 1]);
    near(result("BlackmanWindow", [scalar(4)]).values, [0, 0.34, 1, 0.34]);
  });

  it("come in other dtypes, integers cut towards zero", () => {
    const [y] = run("HannWindow", [scalar(4)], { output_datatype: 7 }) as [Storage];
    assert.deepEqual([y.dtype, y.toNumbers()], ["int64", [0, 0, 1, 0]]);
    assert.equal(run("HannWindow", [scalar(4)], { output_datatype: 11 })[0]?.dtype, "float64");
    assert.deepEqual(run("HannWindow", [scalar(0)])[0]?.shape, [0]);
    assert.throws(() => run("HannWindow", [scalar(4)], { output_datatype: 8 }), { code: "DTypeMismatch" });
    assert.throws(() => run("HannWindow", [scalar(-1)]), { code: "InvalidArgument" });
  });

  for (const op of ["HannWindow", "HammingWindow", "BlackmanWindow"])
    it(`${op} is the sum of cosines that its decomposition computes`, () => {
      for (const attributes of [{}, { periodic: 0 }, { output_datatype: 11 }]) {
        const { kernel, decomposed } = bothWays(op, [scalar(7)], attributes);
        assert.equal(kernel[0]?.dtype, decomposed[0]?.dtype);
        near(kernel[0]?.toNumbers() ?? [], decomposed[0]?.toNumbers() ?? [], 1e-6);
      }
    });
});

describe("sizes that no memory holds", () => {
  it("are named, whichever operator is asked for them", () => {
    const huge = scalar(2 ** 45);
    assert.throws(() => run("HannWindow", [huge]), { code: "TensorTooLarge", summary: /35184372088832 float32 elements needs 128\.0 TiB/ });
    assert.throws(() => run("DFT", [f32([1, 2, 1], [1, 2]), huge]), { code: "TensorTooLarge" });
    assert.throws(() => run("MelWeightMatrix", [huge, scalar(8), scalar(8000), f32([], [0]), f32([], [1])]), { code: "TensorTooLarge" });
    assert.throws(() => run("CenterCropPad", [f32([1], [1]), i64([2 ** 45])]), { code: "TensorTooLarge" });
  });
});

describe("MelWeightMatrix", () => {
  it("has triangles that rise to 1 and overlap", () => {
    const { shape, values } = result("MelWeightMatrix", [scalar(4), scalar(32), scalar(8000), f32([], [0]), f32([], [4000])]);
    assert.deepEqual(shape, [17, 4]);
    for (let band = 0; band < 4; band++) assert.equal(Math.max(...values.filter((_, i) => i % 4 === band)), 1);
    assert.ok(values.every((v) => v >= 0 && v <= 1));
  });

  it("leaves out what lies beyond the spectrum", () => {
    const { values } = result("MelWeightMatrix", [scalar(2), scalar(8), scalar(8000), f32([], [4000]), f32([], [16000])]);
    assert.ok(values.every((v) => v >= 0 && v <= 1));
  });
});
