// Arithmetic on float32 in the scratch memory, against the plain loop: every bit, at any split and in place.
import assert from "node:assert/strict";
import fc from "fast-check";
import { type ChannelSplit, normalizeChannelsF32 } from "../../src/kernels/elementwise.ts";

const floats = (length: number) => fc.float32Array({ minLength: length, maxLength: length });

function plainly(x: Float32Array, mean: Float64Array, factor: Float64Array, shift: Float64Array, { channels, inner }: ChannelSplit) {
  return x.map((v, i) => {
    const c = Math.floor(i / inner) % channels;
    return (v - (mean[c] as number)) * (factor[c] as number) + (shift[c] as number);
  });
}

describe("normalizing channels", () => {
  it("by hand", () => {
    const x = Float32Array.of(1, 2, 3, 4);
    const statistics = { mean: Float64Array.of(1, 0), factor: Float64Array.of(2, -1), shift: Float64Array.of(0.5, 10) };
    normalizeChannelsF32(x, statistics, { outer: 1, channels: 2, inner: 2 }, x);
    assert.deepEqual([...x], [0.5, 2.5, 7, 6]);
  });

  it("gives the bits of the plain loop, whole vectors or not, NaN and infinities included", () => {
    const splits = fc.record({
      outer: fc.integer({ min: 0, max: 3 }),
      channels: fc.integer({ min: 1, max: 5 }),
      inner: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(
        splits.chain((split) => {
          const tables = [floats(split.channels), floats(split.channels), floats(split.channels)] as const;
          return fc.tuple(fc.constant(split), floats(split.outer * split.channels * split.inner), ...tables);
        }),
        ([split, x, ...tables]) => {
          const [mean, factor, shift] = tables.map((t) => Float64Array.from(t)) as [Float64Array, Float64Array, Float64Array];
          const y = new Float32Array(x.length);
          normalizeChannelsF32(x, { mean, factor, shift }, split, y);
          assert.deepEqual([...y], [...plainly(x, mean, factor, shift, split)]);
        },
      ),
    );
  });

  it("takes planes that are longer than a block", () => {
    const split = { outer: 1, channels: 2, inner: 20_001 };
    const x = Float32Array.from({ length: 40_002 }, (_, i) => Math.fround(Math.sin(i)));
    const [mean, factor, shift] = [Float64Array.of(0.1, -0.2), Float64Array.of(1.7, 0.3), Float64Array.of(0.01, 5)] as const;
    const y = new Float32Array(x.length);
    normalizeChannelsF32(x, { mean, factor, shift }, split, y);
    assert.deepEqual(y, plainly(x, mean, factor, shift, split));
  });
});
