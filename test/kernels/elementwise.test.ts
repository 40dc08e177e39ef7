// Arithmetic on float32 in the scratch memory, against the plain loop: every bit, at any split and in place.
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type BinaryName,
  binaryF32,
  type ChannelSplit,
  channelsF32,
  normalizeChannelsF32,
  numberF32,
  rowsF32,
} from "../../src/kernels/elementwise.ts";

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

describe("arithmetic of two operands", () => {
  const plain: Readonly<Record<BinaryName, (a: number, b: number) => number>> = {
    add: (a, b) => a + b,
    sub: (a, b) => a - b,
    mul: (a, b) => a * b,
    div: (a, b) => a / b,
  };
  const names = fc.constantFrom<BinaryName>("add", "sub", "mul", "div");

  it("gives the bits of the plain loop for operands of one length", () => {
    fc.assert(
      fc.property(
        names,
        fc.integer({ min: 0, max: 30 }).chain((n) => fc.tuple(floats(n), floats(n))),
        (op, [a, b]) => {
          const y = new Float32Array(a.length);
          binaryF32(op, a, b, y);
          assert.deepEqual([...y], [...a.map((v, i) => plain[op](v, b[i] as number))]);
        },
      ),
    );
  });

  it("gives the bits of the plain loop for a row and for a number that all rows share, in place", () => {
    const sizes = fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 1, max: 11 }));
    fc.assert(
      fc.property(
        names,
        sizes.chain(([rows, n]) => fc.tuple(floats(rows * n), floats(n))),
        (op, [a, b]) => {
          const [row, number] = [a.slice(), a.slice()];
          rowsF32(op, row, b, row);
          numberF32(op, number, b[0] as number, number);
          assert.deepEqual([...row], [...a.map((v, i) => plain[op](v, b[i % b.length] as number))]);
          assert.deepEqual([...number], [...a.map((v) => plain[op](v, b[0] as number))]);
        },
      ),
    );
  });

  it("gives the bits of the plain loop for a number per channel, in place, planes longer than a block too", () => {
    const check = (op: BinaryName, a: Float32Array, b: Float32Array, split: ChannelSplit) => {
      const y = a.slice();
      channelsF32(op, y, b, split, y);
      assert.deepEqual([...y], [...a.map((v, i) => plain[op](v, b[Math.floor(i / split.inner) % split.channels] as number))]);
    };
    const split = fc.record({
      outer: fc.integer({ min: 0, max: 3 }),
      channels: fc.integer({ min: 1, max: 4 }),
      inner: fc.integer({ min: 1, max: 9 }),
    });
    const operands = split.chain((s) => fc.tuple(fc.constant(s), floats(s.outer * s.channels * s.inner), floats(s.channels)));
    fc.assert(fc.property(names, operands, (op, [s, a, b]) => check(op, a, b, s)));
    const long = Float32Array.from({ length: 36_000 }, (_, i) => Math.sin(i));
    check("mul", long, Float32Array.of(3, -0.1), { outer: 2, channels: 2, inner: 9000 });
  });

  it("takes rows that are longer than a block, and blocks that end within the rows", () => {
    for (const n of [3000, 9001]) {
      const a = Float32Array.from({ length: 3 * n }, (_, i) => Math.sin(i));
      const b = Float32Array.from({ length: n }, (_, i) => Math.cos(i));
      const y = new Float32Array(3 * n);
      rowsF32("sub", a, b, y);
      assert.deepEqual(
        y,
        a.map((v, i) => v - (b[i % n] as number)),
      );
    }
  });
});
