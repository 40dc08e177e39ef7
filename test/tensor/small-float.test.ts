import assert from "node:assert/strict";
import fc from "fast-check";
import { decoder, encoder } from "../../src/tensor/dtype.ts";

// The reference spells out the bits as strings, so that it shares nothing with the table of formats but the published definitions.
interface Definition {
  readonly exponentBits: number;
  readonly fractionBits: number;
  readonly bias: number;
  /** What codes, without their sign, stand for that are no ordinary numbers; undefined for ordinary ones. */
  readonly special: (magnitude: string, negative: boolean) => number | undefined;
}

const inf = Number.POSITIVE_INFINITY;
const nanAtMinusZero = (magnitude: string, negative: boolean) => (negative && !magnitude.includes("1") ? Number.NaN : undefined);
const definitions = {
  float8e4m3fn: { exponentBits: 4, fractionBits: 3, bias: 7, special: (m) => (m === "1111111" ? Number.NaN : undefined) },
  float8e4m3fnuz: { exponentBits: 4, fractionBits: 3, bias: 8, special: nanAtMinusZero },
  float8e5m2: {
    ...{ exponentBits: 5, fractionBits: 2, bias: 15 },
    special: (m, negative) => (!m.startsWith("11111") ? undefined : m === "1111100" ? (negative ? -inf : inf) : Number.NaN),
  },
  float8e5m2fnuz: { exponentBits: 5, fractionBits: 2, bias: 16, special: nanAtMinusZero },
  float4e2m1: { exponentBits: 2, fractionBits: 1, bias: 1, special: () => undefined },
} as const satisfies Record<string, Definition>;
type Name = keyof typeof definitions;
const names = Object.keys(definitions) as Name[];

function valueOf(code: number, { exponentBits, fractionBits, bias, special }: Definition): number {
  const bits = code.toString(2).padStart(1 + exponentBits + fractionBits, "0");
  const negative = bits.startsWith("1");
  const known = special(bits.slice(1), negative);
  if (known !== undefined) return known;
  const exponent = Number.parseInt(bits.slice(1, 1 + exponentBits), 2);
  const fraction = Number.parseInt(bits.slice(1 + exponentBits), 2) / 2 ** fractionBits;
  const magnitude = exponent === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (exponent - bias);
  return negative ? -magnitude : magnitude;
}

const codesOf = ({ exponentBits, fractionBits }: Definition) => Array.from({ length: 2 ** (1 + exponentBits + fractionBits) }, (_, i) => i);

/** The nearest value of all that the format has, ties to the even code, by looking at every one of them. */
function nearest(x: number, definition: Definition): number {
  let best = Number.NaN;
  let bestCode = 0;
  for (const code of codesOf(definition)) {
    const v = valueOf(code, definition);
    if (!Number.isFinite(v)) continue;
    const [distance, least] = [Math.abs(v - x), Math.abs(best - x)];
    if (Number.isNaN(best) || distance < least || (distance === least && v !== best && code % 2 === 0 && bestCode % 2 === 1)) {
      best = v;
      bestCode = code;
    }
  }
  return best;
}

describe("floats of 8 and 4 bits", () => {
  for (const name of names) {
    const definition: Definition = definitions[name];
    const decode = decoder(name);
    const encode = encoder(name);
    const codes = codesOf(definition);
    const finite = [...new Set(codes.map((c) => valueOf(c, definition)).filter(Number.isFinite))].sort((a, b) => a - b);
    const largest = finite.at(-1) as number;

    it(`${name}: every code is the number that its bits define`, () => {
      assert.deepEqual(
        codes.map(decode),
        codes.map((c) => valueOf(c, definition)),
      );
    });

    it(`${name}: every number it has is encoded as itself`, () => {
      for (const code of codes) {
        const v = decode(code);
        if (Number.isFinite(v)) assert.ok(Object.is(decode(encode(v)), v), `${code} is ${v}`);
      }
    });

    it(`${name}: halfway between two neighbours is the even one, and a little aside of it the nearer one`, () => {
      for (const [i, low] of finite.slice(0, -1).entries()) {
        const high = finite[i + 1] as number;
        const middle = (low + high) / 2;
        const aside = (high - low) * 2 ** -30;
        for (const x of [middle, middle - aside, middle + aside]) assert.ok(decode(encode(x)) === nearest(x, definition), `${x}`);
      }
    });

    it(`${name}: any number becomes the nearest, up to the ends of the range`, () => {
      fc.assert(
        fc.property(fc.double({ noNaN: true, min: -2 * largest, max: 2 * largest }), (x) => {
          assert.ok(decode(encode(x)) === nearest(x, definition), `${decode(encode(x))}, not ${nearest(x, definition)}`);
        }),
      );
      fc.assert(
        fc.property(fc.double({ noNaN: true, min: -1, max: 1 }), (x) => {
          assert.ok(decode(encode(x)) === nearest(x, definition), `${decode(encode(x))}, not ${nearest(x, definition)}`);
        }),
      );
    });
  }

  it("saturate, or go over to infinity or NaN as the formats have them", () => {
    const both = (name: Name, x: number) => [encoder(name)(x), encoder(name, { saturate: false })(x)];
    assert.deepEqual(both("float8e4m3fn", 1e6), [0x7e, 0x7f]);
    assert.deepEqual(both("float8e4m3fn", -inf), [0xfe, 0xff]);
    // 464 is halfway between 448 and what would be 480.
    assert.deepEqual(both("float8e4m3fn", 464), [0x7e, 0x7e]);
    assert.deepEqual(both("float8e4m3fn", 464.01), [0x7e, 0x7f]);
    assert.deepEqual(both("float8e4m3fnuz", 1e6), [0x7f, 0x80]);
    assert.deepEqual(both("float8e5m2", inf), [0x7b, 0x7c]);
    assert.deepEqual(both("float8e5m2", -1e9), [0xfb, 0xfc]);
    assert.deepEqual(both("float8e5m2fnuz", -1e9), [0xff, 0x80]);
    assert.deepEqual(both("float4e2m1", -7), [15, 15]);
    for (const name of ["float8e4m3fnuz", "float8e5m2fnuz"] as const) assert.deepEqual(both(name, -0), [0, 0]);
    for (const name of ["float8e4m3fn", "float8e5m2", "float8e4m3fnuz", "float8e5m2fnuz"] as const)
      assert.ok(Number.isNaN(decoder(name)(encoder(name)(Number.NaN))));
  });

  it("do not round twice on the way from float64", () => {
    // Halfway between 1 and 1.125 and a trace more: float32 would drop the trace.
    assert.equal(decoder("float8e4m3fn")(encoder("float8e4m3fn")(1.0625 + 2 ** -40)), 1.125);
  });
});

describe("float8e8m0, powers of two", () => {
  const decode = decoder("float8e8m0");

  it("has a code for every power from 2⁻¹²⁷ to 2¹²⁷ and one for NaN", () => {
    for (let code = 0; code < 255; code++) {
      assert.equal(decode(code), 2 ** (code - 127));
      for (const mode of ["up", "down", "nearest"] as const) assert.equal(encoder("float8e8m0", { mode })(2 ** (code - 127)), code);
    }
    assert.ok(Number.isNaN(decode(255)));
    assert.deepEqual([Number.NaN, inf].map(encoder("float8e8m0")), [255, 255]);
  });

  it("rounds up, down, or to the nearest with ties up", () => {
    const round = (x: number) => (["up", "down", "nearest"] as const).map((mode) => decode(encoder("float8e8m0", { mode })(x)));
    assert.deepEqual(round(3), [4, 2, 4]);
    assert.deepEqual(round(2.99), [4, 2, 2]);
    assert.deepEqual(round(-5), [8, 4, 4]);
    assert.deepEqual(round(0), [2 ** -127, 2 ** -127, 2 ** -127]);
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: 2 ** -120, max: 2 ** 120 }), (x) => {
        const [up = 0, down = 0, near = 0] = round(x);
        assert.ok(down <= x && x <= up && (up === down || up === 2 * down));
        assert.equal(near, x - down < up - x ? down : up);
      }),
    );
  });

  it("ends at the largest power, or is NaN beyond it without saturation", () => {
    assert.equal(encoder("float8e8m0")(2 ** 127 * 1.5), 254);
    assert.equal(encoder("float8e8m0", { saturate: false })(2 ** 127 * 1.5), 255);
  });
});
