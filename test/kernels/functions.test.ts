// Functions of one number in WebAssembly, against the plain loop with Math's functions.
import assert from "node:assert/strict";
import fc from "fast-check";
import { erf } from "../../src/kernels/erf.ts";
import { type FunctionName, functionF32 } from "../../src/kernels/functions.ts";

const sigmoid = (x: number) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

const plain: Readonly<Record<FunctionName, (x: number) => number>> = {
  exp: Math.exp,
  sigmoid,
  swish: (x) => x * sigmoid(x),
  tanh: Math.tanh,
  geluByTanh: (x) => x * sigmoid(2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)),
  erf,
  gelu: (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2)),
};
const names = Object.keys(plain) as FunctionName[];

/** Floats in their order, so that neighbours differ by 1; the two zeros are one. */
const place = (x: number) => {
  const bits = new Int32Array(Float32Array.of(x).buffer)[0] as number;
  return bits < 0 ? -(bits & 0x7fffffff) : bits;
};

function assertClose(name: FunctionName, x: Float32Array): void {
  const y = new Float32Array(x.length);
  functionF32(name, x, y);
  x.forEach((v, i) => {
    const expected = Math.fround(plain[name](v));
    const near = Number.isNaN(expected) ? Number.isNaN(y[i]) : Math.abs(place(y[i] as number) - place(expected)) <= 1;
    assert.ok(near, `${name}(${v}) is ${expected}, got ${y[i]}`);
  });
}

const special = Float32Array.of(0, -0, 1e-45, -1e-40, 1e-7, 0.35, -0.35, 5.99, 6, -6, 88.7, 89, -87, -103, -104, -750, 1e30, -1e30);
const limits = Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);

describe("functions of one float32 number", () => {
  it("give known values", () => {
    const at = (name: FunctionName, x: number) => {
      const y = new Float32Array(1);
      functionF32(name, Float32Array.of(x), y);
      return y[0];
    };
    assert.equal(at("exp", 0), 1);
    assert.equal(at("sigmoid", 0), 0.5);
    assert.equal(at("tanh", 1), Math.fround(0.7615941559557649));
    assert.equal(at("erf", 1), Math.fround(0.8427007929497149));
    assert.equal(at("gelu", 1), Math.fround(0.8413447460685429));
    assert.equal(at("swish", 1), Math.fround(0.7310585786300049));
  });

  for (const name of names)
    it(`${name}: within one float32 of the plain loop, from subnormal numbers to infinity, and mostly the same`, () => {
      assertClose(name, special);
      assertClose(name, limits);
      fc.assert(fc.property(fc.float32Array({ maxLength: 50 }), (x) => assertClose(name, x)));
      const x = Float32Array.from({ length: 10_001 }, (_, i) => (i - 5000) / 400);
      const y = new Float32Array(x.length);
      functionF32(name, x, y);
      const other = x.filter((v, i) => y[i] !== Math.fround(plain[name](v)));
      assert.ok(other.length <= 3, `${name} differs at ${other.length} of ${x.length} points, the first ${other[0]}`);
    });

  it("keep the sign of zero where the function does", () => {
    for (const name of ["tanh", "erf", "gelu", "swish", "geluByTanh"] as const) {
      const y = Float32Array.of(-0);
      functionF32(name, y, y);
      assert.ok(Object.is(y[0], -0), name);
    }
  });

  it("work in place, at any length, and leave what follows alone", () => {
    for (const name of names) {
      const memory = Float32Array.from({ length: 4103 }, (_, i) => Math.sin(i));
      const expected = new Float32Array(4101);
      functionF32(name, memory.slice(0, 4101), expected);
      functionF32(name, memory.subarray(0, 4101), memory.subarray(0, 4101));
      assert.deepEqual(memory.slice(0, 4101), expected);
      assert.equal(memory[4101], Math.fround(Math.sin(4101)));
    }
  });

  it("refuse a result that is too short", () => {
    assert.throws(() => functionF32("exp", new Float32Array(3), new Float32Array(2)), { code: "KernelOperandTooSmall" });
  });
});
