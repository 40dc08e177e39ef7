// float16 and bfloat16 against a reference that works on bits and exact integers only, over every pattern and over random float64 numbers.
import assert from "node:assert/strict";
import fc from "fast-check";
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from "../../src/tensor/float16.ts";

interface Format {
  readonly name: string;
  readonly exponentBits: number;
  readonly fractionBits: number;
  readonly to: (value: number) => number;
  readonly from: (bits: number) => number;
}
const formats: readonly Format[] = [
  { name: "float16", exponentBits: 5, fractionBits: 10, to: toFloat16, from: fromFloat16 },
  { name: "bfloat16", exponentBits: 8, fractionBits: 7, to: toBfloat16, from: fromBfloat16 },
];

/** The bits of a float64: sign, exponent field, and the 52 bits of the fraction. */
function fields(value: number): [sign: number, exponent: number, fraction: bigint] {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  return [Number(bits >> 63n), Number((bits >> 52n) & 0x7ffn), bits & ((1n << 52n) - 1n)];
}

/** Rounds to nearest, ties to even, in exact integer arithmetic. */
function reference(value: number, { exponentBits, fractionBits }: Format): number {
  const [sign, exponent, fraction] = fields(value);
  const most = (1 << exponentBits) - 1;
  const top = sign << (exponentBits + fractionBits);
  if (exponent === 0x7ff) return fraction === 0n ? top | (most << fractionBits) : Number.NaN;
  // value = significand · 2^power, the significand an integer.
  const significand = exponent === 0 ? fraction : fraction | (1n << 52n);
  const power = Math.max(exponent, 1) - 1023 - 52;
  const bias = (1 << (exponentBits - 1)) - 1;
  const smallest = 1 - bias - fractionBits;
  // The spacing of the format's numbers near the value, as a power of two.
  const magnitude = significand === 0n ? smallest : significand.toString(2).length - 1 + power;
  const unit = Math.max(smallest, magnitude - fractionBits);
  const shift = BigInt(unit - power);
  let units = shift <= 0n ? significand << -shift : significand >> shift;
  if (shift > 0n) {
    const rest = significand - (units << shift);
    const half = 1n << (shift - 1n);
    if (rest > half || (rest === half && (units & 1n) === 1n)) units++;
  }
  // In units of the smallest subnormal, patterns count up one by one, each binade in steps twice as large.
  const steps = Number(units) + (unit - smallest) * (1 << fractionBits);
  return top | Math.min(steps, most << fractionBits);
}

for (const format of formats)
  describe(format.name, () => {
    const { to, from } = format;
    it("keeps each of its 65536 patterns, NaN as NaN", () => {
      for (let bits = 0; bits < 65536; bits++) {
        const value = from(bits);
        if (Number.isNaN(value)) assert.ok(Number.isNaN(from(to(value))));
        else assert.equal(to(value), bits);
      }
    });

    it("rounds any float64 as exact arithmetic does", () => {
      const near = fc.tuple(fc.nat(65535), fc.integer({ min: -3, max: 3 }), fc.boolean()).map(([bits, ulps, between]) => {
        // Close to the format's numbers and to the ties between them is where rounding goes wrong.
        const a = from(bits);
        const b = from((bits + 1) & 0xffff);
        const middle = between && Number.isFinite(a) && Number.isFinite(b) ? (a + b) / 2 : a;
        return Number.isFinite(middle) ? middle + ulps * Math.abs(middle) * 2 ** -52 : middle;
      });
      fc.assert(
        fc.property(fc.oneof(fc.double(), near, fc.float(), fc.double({ min: -1e5, max: 1e5 })), (value) => {
          const expected = reference(value, format);
          if (Number.isNaN(expected)) assert.ok(Number.isNaN(from(to(value))));
          else assert.equal(to(value), expected, String(value));
        }),
        { numRuns: 5000 },
      );
    });

    it("overflows to infinity only beyond half a step above its largest number", () => {
      const largest = from((((1 << format.exponentBits) - 1) << format.fractionBits) - 1);
      const step = largest - from((((1 << format.exponentBits) - 1) << format.fractionBits) - 2);
      assert.equal(from(to(largest + step * 0.49)), largest);
      assert.equal(from(to(largest + step / 2)), Number.POSITIVE_INFINITY);
      assert.equal(from(to(-largest - step)), Number.NEGATIVE_INFINITY);
    });
  });

describe("known half floats", () => {
  it("have the patterns of the standard", () => {
    assert.deepEqual([1, -2, 65504, 2 ** -24, 2 ** -14, 1 / 3, -0].map(toFloat16), [0x3c00, 0xc000, 0x7bff, 1, 0x0400, 0x3555, 0x8000]);
    assert.deepEqual([1, -2, 1 / 3, -0, 2 ** -133].map(toBfloat16), [0x3f80, 0xc000, 0x3eab, 0x8000, 1]);
  });
});
