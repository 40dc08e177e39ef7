// Conv and ConvTranspose: hand-checked numbers, symbolic sizes, errors, and equality with the definition for random geometry.
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Storage } from "../../src/tensor/storage.ts";
import { counting, f32, infer, result, run, sym } from "../support/run-op.ts";

describe("Conv", () => {
  const x = counting([1, 1, 3, 3]);
  const ones = f32([1, 1, 2, 2], [1, 1, 1, 1]);

  it("sums the products of the kernel and each window", () => {
    assert.deepEqual(result("Conv", [x, ones]), { shape: [1, 1, 2, 2], values: [8, 12, 20, 24] });
  });

  it("adds one bias per output channel", () => {
    assert.deepEqual(result("Conv", [x, f32([2, 1, 3, 3], new Array(18).fill(1)), f32([2], [1, -1])]).values, [37, 35]);
  });

  it("pads with zeros, all begins first", () => {
    assert.deepEqual(result("Conv", [f32([1, 1, 3], [1, 2, 3]), f32([1, 1, 2], [1, 1])], { pads: [1, 0] }), {
      shape: [1, 1, 3],
      values: [1, 3, 5],
    });
  });

  it("keeps the groups apart", () => {
    const y = result("Conv", [f32([1, 2, 2], [1, 2, 3, 4]), f32([2, 1, 1], [10, 100])], { group: 2 });
    assert.deepEqual(y, { shape: [1, 2, 2], values: [10, 20, 300, 400] });
  });

  it("spreads the kernel by its dilation and steps by its stride", () => {
    const y = result("Conv", [counting([1, 1, 7]), f32([1, 1, 2], [1, 1])], { dilations: [2], strides: [2] });
    assert.deepEqual(y, { shape: [1, 1, 3], values: [2, 6, 10] });
  });

  it("pads automatically so that the size is divided by the stride; the odd place goes to the named side", () => {
    const line = f32([1, 1, 4], [1, 2, 3, 4]);
    const pair = f32([1, 1, 2], [1, 10]);
    assert.deepEqual(result("Conv", [line, pair], { auto_pad: "SAME_UPPER" }).values, [21, 32, 43, 4]);
    assert.deepEqual(result("Conv", [line, pair], { auto_pad: "SAME_LOWER" }).values, [10, 21, 32, 43]);
    assert.deepEqual(result("Conv", [line, pair], { auto_pad: "VALID" }).values, [21, 32, 43]);
  });

  for (const dtype of ["float64", "float16", "bfloat16"] as const)
    it(`works in ${dtype}`, () => {
      const y = run("Conv", [counting([1, 1, 3], dtype), counting([1, 1, 2], dtype)])[0] as Storage;
      assert.equal(y.dtype, dtype);
      assert.deepEqual(y.toNumbers(), [1, 2]);
    });

  it("infers symbolic sizes", () => {
    const w = f32([8, 3, 3, 3], new Array(8 * 27).fill(0));
    assert.deepEqual(infer("Conv", [sym("n", 3, "h", 32), w], { strides: [2, 2], pads: [1, 1, 1, 1] }), [
      "float[n,8,floor((h + 1)/(2)),16]",
    ]);
    assert.deepEqual(infer("Conv", [sym("n", 3, "h", "w"), w], { pads: [1, 1, 1, 1] }), ["float[n,8,h,w]"]);
    assert.deepEqual(infer("Conv", [sym("n", 3, "h", "w"), w], { auto_pad: "SAME_UPPER" }), ["float[n,8,h,w]"]);
  });

  it("says how many channels are wanted when they do not fit", () => {
    assert.throws(() => run("Conv", [counting([1, 4, 3, 3]), counting([6, 3, 2, 2])]), {
      code: "ShapeMismatch",
      summary: "Conv: X has shape [1, 4, 3, 3], expected 3 channels in dimension 1",
    });
    assert.throws(() => run("Conv", [counting([1, 4, 3, 3]), counting([5, 2, 2, 2])], { group: 2 }), { code: "ShapeMismatch" });
    assert.throws(() => run("Conv", [counting([1, 1, 3, 3]), ones, f32([2], [0, 0])]), {
      code: "ShapeMismatch",
      summary: /B has shape \[2\]/,
    });
  });

  it("refuses an image without its batch dimension, and a window larger than the image", () => {
    assert.throws(() => run("Conv", [counting([1, 3]), counting([1, 1, 2])]), { code: "RankMismatch" });
    assert.throws(() => run("Conv", [counting([1, 1, 2, 2]), counting([1, 1, 3, 3])]), { code: "ShapeMismatch", summary: /at least 3/ });
    assert.throws(() => run("Conv", [x, ones], { kernel_shape: [3, 3] }), { code: "ShapeMismatch", summary: /kernel_shape/ });
    assert.throws(() => run("Conv", [x, ones], { strides: [1] }), { code: "InvalidArgument", summary: /strides/ });
  });

  it("equals the definition for random geometry", () => {
    const geometry = fc.record({
      size: fc.integer({ min: 1, max: 9 }),
      kernel: fc.integer({ min: 1, max: 3 }),
      stride: fc.integer({ min: 1, max: 3 }),
      dilation: fc.integer({ min: 1, max: 2 }),
      begin: fc.integer({ min: 0, max: 2 }),
      end: fc.integer({ min: 0, max: 2 }),
      group: fc.integer({ min: 1, max: 2 }),
    });
    fc.assert(
      fc.property(geometry, ({ size, kernel, stride, dilation, begin, end, group }) => {
        fc.pre(size + begin + end >= dilation * (kernel - 1) + 1);
        const [c, m] = [2 * group, 3 * group];
        const X = counting([2, c, size]);
        const W = counting([m, 2, kernel]);
        const y = result("Conv", [X, W], { group, strides: [stride], dilations: [dilation], pads: [begin, end] });
        const n = Math.floor((size + begin + end - dilation * (kernel - 1) - 1) / stride) + 1;
        assert.deepEqual(y.shape, [2, m, n]);
        const [x, w] = [X.toNumbers(), W.toNumbers()];
        const expected: number[] = [];
        for (let b = 0; b < 2; b++)
          for (let o = 0; o < m; o++)
            for (let i = 0; i < n; i++) {
              let sum = 0;
              for (let ch = 0; ch < 2; ch++)
                for (let k = 0; k < kernel; k++) {
                  const p = i * stride - begin + k * dilation;
                  const from = Math.floor(o / 3) * 2 + ch;
                  if (p >= 0 && p < size) sum += (x[(b * c + from) * size + p] as number) * (w[(o * 2 + ch) * kernel + k] as number);
                }
              expected.push(sum);
            }
        assert.deepEqual(y.values, expected);
      }),
      { numRuns: 60 },
    );
  });
});

describe("ConvTranspose", () => {
  it("spreads every input over a window", () => {
    assert.deepEqual(result("ConvTranspose", [f32([1, 1, 2], [1, 2]), f32([1, 1, 2], [1, 10])]), { shape: [1, 1, 3], values: [1, 12, 20] });
    assert.deepEqual(result("ConvTranspose", [f32([1, 1, 2], [1, 2]), f32([1, 1, 2], [1, 10])], { strides: [2] }).values, [1, 10, 2, 20]);
  });

  it("cuts padding off, and adds output padding at the end", () => {
    const inputs = [f32([1, 1, 2], [1, 2]), f32([1, 1, 3], [1, 10, 100])];
    assert.deepEqual(result("ConvTranspose", inputs, { strides: [2] }).values, [1, 10, 102, 20, 200]);
    assert.deepEqual(result("ConvTranspose", inputs, { strides: [2], pads: [1, 1] }).values, [10, 102, 20]);
    assert.deepEqual(result("ConvTranspose", inputs, { strides: [2], pads: [1, 1], output_padding: [1] }).values, [10, 102, 20, 200]);
  });

  it("works out the padding from output_shape or auto_pad", () => {
    const inputs = [f32([1, 1, 2], [1, 2]), f32([1, 1, 3], [1, 10, 100])];
    assert.deepEqual(result("ConvTranspose", inputs, { strides: [2], output_shape: [4] }).values, [10, 102, 20, 200]);
    assert.deepEqual(result("ConvTranspose", inputs, { strides: [2], output_shape: [4], auto_pad: "SAME_UPPER" }).values, [1, 10, 102, 20]);
    assert.deepEqual(result("ConvTranspose", inputs, { strides: [2], auto_pad: "SAME_UPPER" }).values, [1, 10, 102, 20]);
    // Larger than what the input reaches: zeros at the end.
    assert.deepEqual(result("ConvTranspose", inputs, { output_shape: [6] }).shape, [1, 1, 6]);
  });

  it("infers symbolic sizes", () => {
    const w = counting([3, 4, 2, 2]);
    assert.deepEqual(infer("ConvTranspose", [sym("n", 3, "h", 5), w], { strides: [2, 2] }), ["float[n,4,2*h,10]"]);
    assert.deepEqual(infer("ConvTranspose", [sym("n", 6, "h", 5), counting([6, 4, 2, 2])], { group: 2 }), ["float[n,8,h + 1,6]"]);
  });

  it("refuses pads that cut off more than there is", () => {
    const [x, w] = [counting([1, 1, 2]), counting([1, 1, 2])];
    assert.throws(() => run("ConvTranspose", [x, w], { pads: [2, 2] }), { code: "ShapeMismatch", message: /cut off/ });
    assert.deepEqual(result("ConvTranspose", [x, w], { pads: [1, 2] }).shape, [1, 1, 0]);
  });

  it("is the transpose of Conv: ⟨Conv(x), y⟩ = ⟨x, ConvTranspose(y)⟩", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 0, max: 1 }),
        fc.integer({ min: 1, max: 3 }),
        (stride, pads, kernel) => {
          const size = stride * 3 + kernel - 2 * pads;
          const attributes = { strides: [stride], pads: [pads, pads] };
          const x = counting([1, 2, size]);
          const w = counting([3, 2, kernel]);
          const forward = run("Conv", [x, w], attributes)[0] as Storage;
          const y = counting(forward.shape);
          const back = run("ConvTranspose", [y, w], attributes)[0] as Storage;
          const dot = (a: Storage, b: Storage) => a.toNumbers().reduce((s, v, i) => s + v * (b.toNumbers()[i] ?? 0), 0);
          assert.equal(dot(forward, y), dot(x, back));
        },
      ),
      { numRuns: 30 },
    );
  });
});
