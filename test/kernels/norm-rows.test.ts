// Standardised rows in WebAssembly, against the definition in float64.
import assert from "node:assert/strict";
import fc from "fast-check";
import { standardizeRowsF32 } from "../../src/kernels/norm-rows.ts";
import { randomF32 } from "./shapes.ts";

function defined(x: Float32Array, row: number, centred: boolean, epsilon: number, scale?: Float32Array, bias?: Float32Array): Float64Array {
  const y = Float64Array.from(x);
  for (let start = 0; start < x.length; start += row) {
    const values = y.subarray(start, start + row);
    const mean = centred ? values.reduce((a, b) => a + b, 0) / row : 0;
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / row;
    values.forEach((v, i) => {
      values[i] = ((v - mean) / Math.sqrt(variance + epsilon)) * (scale?.[i] ?? 1) + (bias?.[i] ?? 0);
    });
  }
  return y;
}

describe("standardising rows", () => {
  it("by hand", () => {
    const y = new Float32Array(4);
    const moments: number[][] = [];
    const onRow = (...row: [number, number, number]) => void moments.push(row);
    const [scale, bias] = [Float32Array.of(2, 3), Float32Array.of(10, 0)];
    standardizeRowsF32(Float32Array.of(1, 3, 5, 1), { row: 2, centred: true, epsilon: 0, scale, bias, onRow }, y);
    assert.deepEqual([...y], [8, 3, 12, -3]);
    assert.deepEqual(moments, [
      [0, 2, 1],
      [1, 3, 0.5],
    ]);
    standardizeRowsF32(Float32Array.of(3, 3, 2, 2), { row: 2, centred: false, epsilon: 0 }, y);
    assert.deepEqual([...y], [1, 1, 1, 1]);
  });

  it("agrees with the definition at any size, to the rounding of float32", () => {
    fc.assert(
      fc.property(
        ...([fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 9 })] as const),
        ...([fc.boolean(), fc.boolean(), fc.boolean(), fc.nat(1e6)] as const),
        (row, rows, centred, scaled, shifted, seed) => {
          const x = randomF32(rows * row, seed);
          const scale = scaled ? randomF32(row, seed + 1) : undefined;
          const bias = shifted ? randomF32(row, seed + 2) : undefined;
          const y = new Float32Array(x.length);
          standardizeRowsF32(x, { row, centred, epsilon: 1e-5, scale, bias }, y);
          defined(x, row, centred, 1e-5, scale, bias).forEach((v, i) => {
            assert.ok(Math.abs((y[i] as number) - v) <= 2 ** -23 * (Math.abs(v) + 1), `${y[i]} for ${v}`);
          });
        },
      ),
    );
  });

  it("does not lose a small variance to a large mean", () => {
    const y = new Float32Array(4);
    standardizeRowsF32(Float32Array.of(100_000, 100_001, 100_002, 100_003), { row: 4, centred: true, epsilon: 0 }, y);
    assert.deepEqual(
      y,
      Float32Array.from([-1.5, -0.5, 0.5, 1.5], (v) => v / Math.sqrt(1.25)),
    );
  });

  it("gives a row the same bits alone as among others, in place too, and for rows longer than a block", () => {
    for (const row of [37, 20_001]) {
      const x = randomF32(3 * row, 5);
      const [all, alone] = [new Float32Array(3 * row), x.slice(row, 2 * row)];
      const standard = { row, centred: true, epsilon: 1e-6, scale: randomF32(row, 6) };
      standardizeRowsF32(x, standard, all);
      standardizeRowsF32(alone, standard, alone);
      assert.deepEqual(all.slice(row, 2 * row), alone);
    }
  });

  it("lets NaN through to its row only", () => {
    const y = new Float32Array(4);
    standardizeRowsF32(Float32Array.of(Number.NaN, 1, 1, 3), { row: 2, centred: true, epsilon: 0 }, y);
    assert.deepEqual([...y], [Number.NaN, Number.NaN, -1, 1]);
  });
});
