// Dot products of stored weights in float64.
import assert from "node:assert/strict";
import fc from "fast-check";
import { wideDots } from "../../src/kernels/wide-dot.ts";
import { Generator } from "../../src/tensor/random.ts";

describe("wideDots", () => {
  it("multiplies rows with columns", () => {
    const y = new Float64Array(4);
    wideDots({ w: Float32Array.of(1, 2, 3, 4, 5, 6), rows: 2, k: 3, x: Float64Array.of(7, 8, 9, 1, 0, -1), columns: 2, y });
    assert.deepEqual([...y], [50, -2, 122, -2]);
  });

  it("keeps what float32 sums would lose", () => {
    const y = new Float64Array(1);
    wideDots({ w: Float32Array.of(1e8, 1, -1e8), rows: 1, k: 3, x: Float64Array.of(1, 1, 1), columns: 1, y });
    assert.equal(y[0], 1);
  });

  it("sums the squares of the weights beside it", () => {
    const q = new Float64Array(2);
    const squares = { s: Float64Array.of(1, 10, 100), q };
    wideDots({ w: Float32Array.of(1, 2, 3, 0, -1, 1), rows: 2, k: 3, x: new Float64Array(3), columns: 1, y: new Float64Array(2), squares });
    assert.deepEqual([...q], [941, 110]);
  });

  it("writes zeros where there is nothing to sum", () => {
    const y = Float64Array.of(5, 5);
    wideDots({ w: new Float32Array(0), rows: 2, k: 0, x: new Float64Array(0), columns: 1, y });
    assert.deepEqual([...y], [0, 0]);
  });

  it("refuses arrays shorter than their sizes", () => {
    const short = { w: new Float32Array(5), rows: 2, k: 3, x: new Float64Array(3), columns: 1, y: new Float64Array(2) };
    assert.throws(() => wideDots(short), { code: "KernelOperandTooSmall" });
  });

  it("gives the same for float32 weights as for the same weights in float64, any sizes", () => {
    const size = (max: number) => fc.integer({ min: 1, max });
    fc.assert(
      fc.property(size(40), size(300), size(11), fc.nat(1e6), (rows, k, columns, seed) => {
        const g = new Generator(seed);
        const w = g.fillNormal(new Float32Array(rows * k));
        const x = g.fillNormal(new Float64Array(columns * k));
        const s = x.slice(0, k).map((v) => v * v);
        const run = (weights: Float32Array | Float64Array) => {
          const [y, q] = [new Float64Array(rows * columns), new Float64Array(rows)];
          wideDots({ w: weights, rows, k, x, columns, y, squares: { s, q } });
          return [...y, ...q];
        };
        const [a, b] = [run(w), run(Float64Array.from(w))];
        const close = (v: number, i: number) => Math.abs(v - (b[i] as number)) <= 1e-13 * k * (1 + Math.abs(v));
        return a.every(close);
      }),
      { numRuns: 60 },
    );
  });

  it("works in blocks where rows or columns do not fit at once", () => {
    const [rows, k, columns] = [5, 40_000, 30];
    const g = new Generator(1);
    const w = g.fillNormal(new Float32Array(rows * k));
    const x = g.fillNormal(new Float64Array(columns * k));
    const y = new Float64Array(rows * columns);
    const q = new Float64Array(rows);
    wideDots({ w, rows, k, x, columns, y, squares: { s: x.subarray(0, k), q } });
    let expected = 0;
    for (let i = 0; i < k; i++) expected += (w[4 * k + i] as number) * (x[29 * k + i] as number);
    assert.ok(Math.abs((y[4 * columns + 29] as number) - expected) < 1e-9);
    let squares = 0;
    for (let i = 0; i < k; i++) squares += (w[4 * k + i] as number) ** 2 * (x[i] as number);
    assert.ok(Math.abs((q[4] as number) - squares) < 1e-9);
  });
});
