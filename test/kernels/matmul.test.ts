import assert from "node:assert/strict";
import fc from "fast-check";
import { matmulF32 } from "../../src/kernels/matmul.ts";
import { matmulInt32, matmulInt64, matmulReference } from "../../src/kernels/reference/matmul.ts";
import { randomF32, worstExcess } from "./shapes.ts";

const f32 = (...values: number[]) => Float32Array.from(values);

describe("matmulF32", () => {
  it("multiplies two small matrices", () => {
    const c = new Float32Array(4);
    matmulF32({ m: 2, n: 2, k: 3, a: f32(1, 2, 3, 4, 5, 6), b: f32(7, 8, 9, 10, 11, 12), c });
    assert.deepEqual([...c], [58, 64, 139, 154]);
  });

  it("takes a transposed operand as one with its strides swapped", () => {
    const c = new Float32Array(4);
    matmulF32({
      m: 2,
      n: 2,
      k: 3,
      a: f32(1, 4, 2, 5, 3, 6),
      aRowStride: 1,
      aColStride: 2,
      b: f32(7, 9, 11, 8, 10, 12),
      bRowStride: 1,
      bColStride: 3,
      c,
    });
    assert.deepEqual([...c], [58, 64, 139, 154]);
  });

  it("reads a broadcast row (stride 0) and a reversed one (stride −1)", () => {
    const c = new Float32Array(4);
    matmulF32({ m: 2, n: 2, k: 2, a: f32(1, 2), aRowStride: 0, b: f32(4, 3, 2, 1), bOffset: 3, bRowStride: -2, bColStride: -1, c });
    assert.deepEqual([...c], [7, 10, 7, 10]);
  });

  it("adds to what is there with accumulate, and starts rows from rowBias", () => {
    const operands = { m: 2, n: 1, k: 1, a: f32(2, 3), b: f32(10) };
    const c = f32(1, 2);
    matmulF32({ ...operands, c, accumulate: true });
    assert.deepEqual([...c], [21, 32]);
    matmulF32({ ...operands, c, rowBias: f32(100, 200) });
    assert.deepEqual([...c], [120, 230]);
  });

  it("adds to what is there wherever that starts, rows that lie apart too", () => {
    for (const cOffset of [0, 1, 2, 3]) {
      const c = Float32Array.from({ length: 60 + cOffset }, (_, i) => i - cOffset);
      matmulF32({ m: 2, n: 25, k: 1, a: f32(1000, 2000), b: new Float32Array(25).fill(1), c, cOffset, cRowStride: 30, accumulate: true });
      assert.deepEqual(
        [...c.subarray(cOffset)],
        Array.from({ length: 60 }, (_, i) => i + (i % 30 < 25 ? 1000 * (1 + Math.floor(i / 30)) : 0)),
      );
    }
  });

  it("writes zeros, or the bias, when there is nothing to sum", () => {
    const c = f32(5, 6);
    matmulF32({ m: 2, n: 1, k: 0, a: f32(), b: f32(), c });
    assert.deepEqual([...c], [0, 0]);
    matmulF32({ m: 2, n: 1, k: 0, a: f32(), b: f32(), c, rowBias: f32(3, 4) });
    assert.deepEqual([...c], [3, 4]);
    matmulF32({ m: 2, n: 1, k: 0, a: f32(), b: f32(), c, columnBias: f32(7) });
    assert.deepEqual([...c], [7, 7]);
  });

  it("adds columnBias to the rounded product, however large it is", () => {
    for (const [m, n, k] of [
      [3, 5, 7],
      [70, 300, 9_000],
      [1, 3_001, 2_000],
    ] as const) {
      const operands = { m, n, k, a: randomF32(m * k, 1), b: randomF32(k * n, 2) };
      const columnBias = randomF32(n, 3);
      const [sum, plain] = [new Float32Array(m * n), new Float32Array(m * n)];
      matmulF32({ ...operands, c: sum, columnBias });
      matmulF32({ ...operands, c: plain });
      assert.deepEqual(
        sum,
        plain.map((v, i) => v + (columnBias[i % n] as number)),
      );
    }
  });

  it("leaves what lies between the rows of c alone", () => {
    const c = new Float32Array(7).fill(9);
    matmulF32({ m: 2, n: 2, k: 1, a: f32(1, 2), b: f32(3, 4), c, cOffset: 1, cRowStride: 3 });
    assert.deepEqual([...c], [9, 3, 4, 9, 6, 8, 9]);
  });

  it("lets NaN and infinity through to the elements they reach, and no others", () => {
    const c = new Float32Array(4);
    matmulF32({ m: 2, n: 2, k: 2, a: f32(Number.NaN, 1, 1, 1), b: f32(1, Number.POSITIVE_INFINITY, 1, 1), c });
    assert.deepEqual([...c], [Number.NaN, Number.NaN, 2, Number.POSITIVE_INFINITY]);
  });

  it("refuses operands that are shorter than the sizes say", () => {
    const c = new Float32Array(4);
    assert.throws(() => matmulF32({ m: 2, n: 2, k: 3, a: f32(1, 2, 3, 4, 5), b: new Float32Array(6), c }), {
      code: "KernelOperandTooSmall",
    });
    assert.throws(() => matmulF32({ m: 2, n: 2, k: 1, a: f32(1, 2), b: f32(1, 2), bColStride: -1, c }), { code: "KernelOperandTooSmall" });
    assert.throws(() => matmulF32({ m: 2, n: 2, k: 1, a: f32(1, 2), b: f32(1, 2), c: new Float32Array(3) }), {
      code: "KernelOperandTooSmall",
    });
  });

  it("agrees with the reference for any shape and strides, within the bound of float32 sums", () => {
    const size = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 13, max: 80 }));
    const depth = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 250, max: 600 }));
    const order = fc.constantFrom("rows", "columns", "gaps");
    const property = fc.property(
      size,
      size,
      depth,
      order,
      order,
      fc.boolean(),
      fc.integer({ min: 1, max: 2 ** 30 }),
      (m, n, k, aOrder, bOrder, accumulate, seed) => {
        const a = operand(m, k, aOrder, seed);
        const b = operand(k, n, bOrder, seed + 1);
        const start = randomF32(m * n, seed + 2);
        const c = start.slice();
        const layout = {
          m,
          n,
          k,
          accumulate,
          aOffset: 2,
          bOffset: 2,
          aRowStride: a.row,
          aColStride: a.col,
          bRowStride: b.row,
          bColStride: b.col,
        };
        matmulF32({ ...layout, a: a.data, b: b.data, c });
        const expected = Float64Array.from(start);
        matmulReference({ ...layout, a: a.data, b: b.data, c: expected });
        const magnitudes = Float64Array.from(start, Math.abs);
        matmulReference({ ...layout, a: a.data.map(Math.abs), b: b.data.map(Math.abs), c: magnitudes });
        const excess = worstExcess(c, expected, magnitudes, k + 1);
        assert.ok(excess <= 1, `error is ${excess} times the bound`);
      },
    );
    fc.assert(property, { numRuns: 150 });
  });

  it("cuts what does not fit its memory without changing a bit", () => {
    // 9,000 steps of k are more than one block holds; 70,000 columns too. Rows alone must equal rows together.
    for (const [m, n, k] of [
      [5, 40, 9000],
      [3, 70_000, 9],
      [70_000, 3, 9],
      [2, 1030, 520],
    ] as const) {
      const a = randomF32(m * k, 1);
      const b = randomF32(k * n, 2);
      const whole = new Float32Array(m * n);
      matmulF32({ m, n, k, a, b, c: whole });
      const row = new Float32Array(n);
      matmulF32({ m: 1, n, k, a, aOffset: (m - 1) * k, b, c: row });
      assert.deepEqual(row, whole.slice((m - 1) * n));
      const column = new Float32Array(m);
      matmulF32({ m, n: 1, k, a, b, bOffset: n - 1, bRowStride: n, c: column });
      assert.deepEqual(
        column,
        whole.filter((_, i) => i % n === n - 1),
      );
    }
  });
});

describe("the integer products", () => {
  it("wrap around at 32 and at 64 bits", () => {
    const small = new Int32Array(1);
    matmulInt32({ m: 1, n: 1, k: 2, a: [65536, 3], b: [65536, 5], c: small });
    assert.deepEqual([...small], [15]);
    const bytes = new Uint8Array(1);
    matmulInt32({ m: 1, n: 1, k: 1, a: [20], b: [20], c: bytes });
    assert.deepEqual([...bytes], [144]);
    const large = new BigInt64Array(1);
    matmulInt64({ m: 1, n: 1, k: 2, a: [2n ** 62n, 7n], b: [4n, -1n], c: large });
    assert.deepEqual([...large], [-7n]);
  });
});

/** A random matrix from element 2 on, dense by rows or columns, or with gaps between rows and between elements. */
function operand(rows: number, cols: number, order: string, seed: number): { data: Float32Array; row: number; col: number } {
  const [row, col] = order === "rows" ? [cols, 1] : order === "columns" ? [1, rows] : [2 * cols + 3, 2];
  return { data: randomF32(3 + (rows - 1) * row + (cols - 1) * col, seed), row, col };
}
