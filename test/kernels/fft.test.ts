// The Fourier transform against its definition, for lengths of all kinds, and back again.
import assert from "node:assert/strict";
import fc from "fast-check";
import { complexZeros, type FourierPrecision, fourier } from "../../src/kernels/fft.ts";
import { Generator } from "../../src/tensor/random.ts";

function randomSignal(n: number, precision: FourierPrecision) {
  const x = complexZeros(n, precision);
  const g = new Generator(n);
  for (const part of [x.re, x.im]) part.set(g.fillNormal(new Float32Array(n)));
  return x;
}

/** Σ x[j]·e^(−2πi·jk/n), term by term. */
function definition({ re, im }: { readonly re: ArrayLike<number>; readonly im: ArrayLike<number> }) {
  const n = re.length;
  return Array.from({ length: n }, (_, k) => {
    let [sr, si] = [0, 0];
    for (let j = 0; j < n; j++) {
      const angle = (-2 * Math.PI * ((j * k) % n)) / n;
      const [x, y] = [re[j] as number, im[j] as number];
      sr += x * Math.cos(angle) - y * Math.sin(angle);
      si += x * Math.sin(angle) + y * Math.cos(angle);
    }
    return [sr, si];
  });
}

describe("fourier", () => {
  it("transforms a pulse to a constant and a constant to a pulse", () => {
    const pulse = { re: Float64Array.of(1, 0, 0), im: new Float64Array(3) };
    fourier(3, false, "float64")(pulse);
    assert.deepEqual([...pulse.re, ...pulse.im], [1, 1, 1, 0, 0, 0]);
    const constant = { re: new Float64Array(4).fill(1), im: new Float64Array(4) };
    fourier(4, false, "float64")(constant);
    assert.deepEqual([...constant.re], [4, 0, 0, 0]);
  });

  // Powers of two, mixed radices, odd primes, and a prime that goes by convolution.
  for (const n of [1, 2, 4, 8, 6, 10, 12, 15, 7, 31, 49, 60, 37, 74, 101, 128])
    for (const [precision, limit] of [
      ["float64", 1e-12],
      ["float32", 2e-5],
    ] as const)
      it(`is the definition's sum for length ${n} in ${precision}, and its inverse goes back`, () => {
        const x = randomSignal(n, precision);
        const before = { re: Array.from(x.re), im: Array.from(x.im) };
        const expected = definition(x);
        fourier(n, false, precision)(x);
        for (const [k, [re, im]] of expected.entries()) {
          assert.ok(Math.abs((x.re[k] as number) - (re as number)) <= limit * n, `re ${k}`);
          assert.ok(Math.abs((x.im[k] as number) - (im as number)) <= limit * n, `im ${k}`);
        }
        fourier(n, true, precision)(x);
        for (const k of before.re.keys()) {
          assert.ok(Math.abs((x.re[k] as number) - (before.re[k] as number)) <= limit);
          assert.ok(Math.abs((x.im[k] as number) - (before.im[k] as number)) <= limit);
        }
      });

  it("is linear", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.double({ min: -4, max: 4, noNaN: true }), (n, a) => {
        const x = randomSignal(n, "float64");
        const scaled = { re: Float64Array.from(x.re, (v) => a * v), im: Float64Array.from(x.im, (v) => a * v) };
        const transform = fourier(n, false, "float64");
        transform(x);
        transform(scaled);
        for (let k = 0; k < n; k++) assert.ok(Math.abs((scaled.re[k] as number) - a * (x.re[k] as number)) <= 1e-10);
      }),
    );
  });
});
