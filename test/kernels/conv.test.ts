import assert from "node:assert/strict";
import fc from "fast-check";
import { type ConvOperands, convF32 } from "../../src/kernels/conv.ts";
import { planConv } from "../../src/kernels/conv-gemm.ts";
import { convGeometry } from "../../src/kernels/conv-geometry.ts";
import { convReference } from "../../src/kernels/reference/conv.ts";
import { type ConvCase, checkConvolution, convCase, convOperands, product } from "./shapes.ts";

const f32 = (...values: number[]) => Float32Array.from(values);

describe("convF32", () => {
  it("slides a 2×2 filter of ones over a 3×3 image", () => {
    const y = convF32({ x: f32(1, 2, 3, 4, 5, 6, 7, 8, 9), xShape: [1, 1, 3, 3], w: f32(1, 1, 1, 1), wShape: [1, 1, 2, 2] });
    assert.deepEqual([...y], [12, 16, 24, 28]);
  });

  it("pads unevenly, strides, and adds the bias", () => {
    const y = convF32({ x: f32(1, 2, 3), xShape: [1, 1, 3], w: f32(1, 10), wShape: [1, 1, 2], bias: f32(100), strides: [2], pads: [1, 2] });
    assert.deepEqual([...y], [110, 132, 100]);
  });

  it("spreads its taps with dilation", () => {
    const y = convF32({ x: f32(1, 2, 3, 4, 5), xShape: [1, 1, 5], w: f32(1, 10), wShape: [1, 1, 2], dilations: [3] });
    assert.deepEqual([...y], [41, 52]);
  });

  it("keeps groups apart", () => {
    const y = convF32({ x: f32(1, 2, 3, 4), xShape: [1, 4, 1, 1], w: f32(1, 10, 1, 10), wShape: [2, 2, 1, 1], groups: 2 });
    assert.deepEqual([...y], [21, 43]);
  });

  it("applies several filters to each channel of a depthwise convolution", () => {
    const y = convF32({
      x: f32(1, 2, 3, 4),
      xShape: [1, 2, 2],
      w: f32(1, 1, 1, -1, 2, 2, 0, 1),
      wShape: [4, 1, 2],
      bias: f32(0, 0, 0, 1),
      groups: 2,
    });
    assert.deepEqual([...y], [3, -1, 14, 5]);
  });

  it("crops with negative pads, and gives nothing where the filter does not fit", () => {
    const x = f32(1, 2, 3, 4);
    assert.deepEqual([...convF32({ x, xShape: [1, 1, 4], w: f32(1, 1), wShape: [1, 1, 2], pads: [-1, -1] })], [5]);
    assert.equal(convF32({ x, xShape: [1, 1, 4], w: new Float32Array(5), wShape: [1, 1, 5] }).length, 0);
  });

  it("gives the bias alone where there is only padding", () => {
    const y = convF32({ x: f32(), xShape: [1, 1, 0], w: f32(3), wShape: [1, 1, 1], bias: f32(7), pads: [1, 1] });
    assert.deepEqual([...y], [7, 7]);
  });

  it("refuses operands that are shorter than their shapes", () => {
    const good = { x: f32(1, 2, 3), xShape: [1, 1, 3], w: f32(1), wShape: [1, 1, 1] };
    for (const bad of [{ x: f32(1, 2) }, { w: f32() }, { bias: f32() }, { y: f32(0, 0) }]) {
      assert.throws(() => convF32({ ...good, ...bad }), { code: "KernelOperandTooSmall" });
    }
  });

  it("agrees with the reference in 1 to 3 dimensions, within the bound of float32 sums", () => {
    fc.assert(
      fc.property(convCase, (c) => checkAgainstReference(operandsOf(c))),
      { numRuns: 300 },
    );
  });

  it("cuts convolutions that do not fit its memory: into strips, output channels, and at last input channels", () => {
    const case2d = {
      batch: 1,
      groups: 1,
      strides: [1, 1],
      dilations: [1, 1],
      pads: [1, 1, 1, 1],
      outputPadding: [0, 0],
      bias: true,
      seed: 5,
    };
    const strips = operandsOf({ ...case2d, inChannels: 4, outChannels: 6, spatial: [900, 700], kernel: [3, 3] });
    const outputs = operandsOf({ ...case2d, inChannels: 2, outChannels: 100, spatial: [200, 200], kernel: [2, 2] });
    const inputs = operandsOf({ ...case2d, inChannels: 50, outChannels: 2, spatial: [2, 20_000], kernel: [3, 1] });
    const planOf = (o: ConvOperands) => planConv(convGeometry(o));
    assert.ok((planOf(strips)?.rows ?? 900) < 900);
    assert.ok((planOf(outputs)?.outBlock ?? 100) < 100);
    assert.ok((planOf(inputs)?.inBlock ?? 50) < 50);
    for (const operands of [strips, outputs, inputs]) checkAgainstReference(operands);
  });

  it("gives an image the same bits alone as in a batch", () => {
    const shape = {
      groups: 1,
      inChannels: 5,
      outChannels: 7,
      spatial: [9, 11],
      kernel: [3, 3],
      strides: [2, 1],
      dilations: [1, 1],
      pads: [1, 1, 1, 1],
    };
    const both = operandsOf({ ...shape, batch: 2, outputPadding: [0, 0], bias: true, seed: 3 });
    const y = convF32(both);
    const second = convF32({ ...both, x: both.x.slice(both.x.length / 2), xShape: [1, 5, 9, 11] });
    assert.deepEqual(second, y.slice(y.length / 2));
  });

  it("writes into the memory it is given", () => {
    const y = new Float32Array(2).fill(9);
    assert.equal(convF32({ x: f32(1, 2), xShape: [1, 1, 2], w: f32(3), wShape: [1, 1, 1], y }), y);
    assert.deepEqual([...y], [3, 6]);
  });
});

const operandsOf = (c: ConvCase): ConvOperands => convOperands(c, [c.groups * c.outChannels, c.inChannels, ...c.kernel]);

function checkAgainstReference(operands: ConvOperands): void {
  const g = convGeometry(operands);
  checkConvolution(convF32(operands), operands, g.inChannels * product(g.kernel) + 1, (o) => convReference(g, o));
}
