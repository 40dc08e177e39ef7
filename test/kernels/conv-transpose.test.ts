import assert from "node:assert/strict";
import fc from "fast-check";
import { convF32 } from "../../src/kernels/conv.ts";
import { convTransposeGeometry } from "../../src/kernels/conv-geometry.ts";
import { type ConvTransposeOperands, convTransposeF32 } from "../../src/kernels/conv-transpose.ts";
import { planConvTranspose } from "../../src/kernels/conv-transpose-gemm.ts";
import { convTransposeReference } from "../../src/kernels/reference/conv.ts";
import { type ConvCase, checkConvolution, convCase, convOperands, product, randomF32 } from "./shapes.ts";

const f32 = (...values: number[]) => Float32Array.from(values);

describe("convTransposeF32", () => {
  it("stamps the filter once per input element", () => {
    const y = convTransposeF32({ x: f32(1, 2), xShape: [1, 1, 2], w: f32(1, 10, 100), wShape: [1, 1, 3], strides: [2], bias: f32(1000) });
    assert.deepEqual([...y], [1001, 1010, 1102, 1020, 1200]);
  });

  it("cuts pads off and adds output padding at the end", () => {
    const y = convTransposeF32({
      x: f32(1, 2),
      xShape: [1, 1, 2],
      w: f32(1, 10, 100),
      wShape: [1, 1, 3],
      strides: [2],
      pads: [1, 1],
      outputPadding: [1],
    });
    assert.deepEqual([...y], [10, 102, 20, 200]);
  });

  it("refuses operands that are shorter than their shapes", () => {
    const good = { x: f32(1, 2, 3), xShape: [1, 1, 3], w: f32(1), wShape: [1, 1, 1] };
    for (const bad of [{ x: f32(1, 2) }, { w: f32() }, { bias: f32() }, { y: f32(0, 0) }]) {
      assert.throws(() => convTransposeF32({ ...good, ...bad }), { code: "KernelOperandTooSmall" });
    }
  });

  it("agrees with the reference in 1 to 3 dimensions, within the bound of float32 sums", () => {
    fc.assert(
      fc.property(convCase, (c) => checkAgainstReference(operandsOf(c))),
      { numRuns: 300 },
    );
  });

  it("is the adjoint of the convolution: ⟨conv(x), y⟩ = ⟨x, convTranspose(y)⟩", () => {
    const shapes = { strides: [2, 1], pads: [1, 0, 1, 2], dilations: [1, 2], groups: 2 };
    const x = randomF32(4 * 9 * 8, 1);
    const w = randomF32(6 * 2 * 3 * 2, 2);
    const y = convF32({ x, xShape: [1, 4, 9, 8], w, wShape: [6, 2, 3, 2], ...shapes });
    const z = randomF32(y.length, 3);
    const back = convTransposeF32({ x: z, xShape: [1, 6, 5, 8], w, wShape: [6, 2, 3, 2], ...shapes });
    assert.equal(back.length, x.length);
    const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, v, i) => sum + v * (b[i] as number), 0);
    assert.ok(Math.abs(dot(y, z) - dot(x, back)) < 1e-4);
  });

  it("cuts what does not fit its memory into output channels and strips of input rows", () => {
    const common = {
      batch: 1,
      groups: 1,
      strides: [2, 2],
      dilations: [1, 1],
      pads: [0, 0, 0, 0],
      outputPadding: [0, 0],
      bias: true,
      seed: 4,
    };
    const operands = operandsOf({ ...common, inChannels: 2, outChannels: 3, spatial: [600, 500], kernel: [3, 3] });
    const plan = planConvTranspose(convTransposeGeometry(operands));
    assert.ok(plan && plan.outBlock < 3 && plan.rows < 600);
    checkAgainstReference(operands);
  });
});

function operandsOf(c: ConvCase): ConvTransposeOperands {
  return { ...convOperands(c, [c.groups * c.inChannels, c.outChannels, ...c.kernel]), outputPadding: c.outputPadding };
}

function checkAgainstReference(operands: ConvTransposeOperands): void {
  const g = convTransposeGeometry(operands);
  checkConvolution(convTransposeF32(operands), operands, g.inChannels * product(g.kernel) + 1, (o) => convTransposeReference(g, o));
}
