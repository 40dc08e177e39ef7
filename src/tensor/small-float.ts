// Floats of 8 and 4 bits as bit patterns in bytes: one table with what the formats differ in, one encoder and one decoder for all.
// Rounding is to nearest, ties to even. Sources: "FP8 Formats for Deep Learning" (2022), "8-bit Numerical Formats for Deep Neural
// Networks" (2022), OCP Microscaling Formats 1.0, and ONNX's pages on float8 and float4.
import { roundHalfEven } from "./float16.ts";

/** How a value that a format does not have becomes one that it has. */
export interface Rounding {
  /** Values beyond the range become its ends (default), or else infinity where the format has one and NaN where not. */
  readonly saturate?: boolean;
  /** For float8e8m0, which holds powers of two: the next one up (default), the next one down, or the nearest, ties up. */
  readonly mode?: "up" | "down" | "nearest";
}

interface Format {
  /** Bits of the fraction. */
  readonly fraction: number;
  readonly bias: number;
  /** The bit that is the sign. */
  readonly sign: number;
  /** The largest code of a finite number, without its sign. */
  readonly largest: number;
  /** What NaN becomes. */
  readonly nan: number;
  /** What a number beyond the range becomes without saturation, by sign; NaN where this is left out. */
  readonly overflow?: readonly [positive: number, negative: number];
  /** Codes, without the sign, that are infinite and that are NaN. */
  readonly infinity?: number;
  readonly isNaN: (code: number) => boolean;
  /** False where the code of −0 means NaN. */
  readonly negativeZero: boolean;
}

const unsignedZero = { sign: 0x80, largest: 0x7f, nan: 0x80, isNaN: (code: number) => code === 0x80, negativeZero: false } as const;

const formats = {
  float8e4m3fn: {
    ...{ fraction: 3, bias: 7, sign: 0x80, largest: 0x7e, nan: 0x7f, overflow: [0x7f, 0xff], negativeZero: true },
    isNaN: (code) => (code & 0x7f) === 0x7f,
  },
  float8e4m3fnuz: { fraction: 3, bias: 8, ...unsignedZero },
  float8e5m2: {
    ...{ fraction: 2, bias: 15, sign: 0x80, largest: 0x7b, nan: 0x7e, overflow: [0x7c, 0xfc], infinity: 0x7c, negativeZero: true },
    isNaN: (code) => (code & 0x7f) > 0x7c,
  },
  float8e5m2fnuz: { fraction: 2, bias: 16, ...unsignedZero },
  // Neither NaN nor infinity: NaN becomes −0, as in ONNX's own tests, and whatever is beyond the range its end, always.
  float4e2m1: { fraction: 1, bias: 1, sign: 8, largest: 7, nan: 8, overflow: [7, 15], isNaN: () => false, negativeZero: true },
} as const satisfies Record<string, Format>;

/** The names of the small float formats. */
export type SmallFloat = keyof typeof formats | "float8e8m0";

function encodeWith(format: Format): (value: number, rounding?: Rounding) => number {
  const { fraction, bias, sign, largest, nan, overflow, negativeZero } = format;
  return (value, rounding) => {
    if (Number.isNaN(value)) return nan;
    const negative = value < 0 || Object.is(value, -0);
    const code = codeOf(Math.abs(value), fraction, bias);
    if (code <= largest) return negative && (code > 0 || negativeZero) ? code | sign : code;
    if (rounding?.saturate !== false) return negative ? largest | sign : largest;
    return overflow ? overflow[negative ? 1 : 0] : nan;
  };
}

/** The code of the nearest number if exponents went on for ever: codes count the numbers of a format in order. */
function codeOf(a: number, fraction: number, bias: number): number {
  if (a === Number.POSITIVE_INFINITY) return a;
  const exponent = Math.max(exponentOf(a), 1 - bias);
  // A fraction that rounds up to a whole carries into the exponent, which is what adding does.
  return (exponent + bias - 1) * 2 ** fraction + roundHalfEven(a / 2 ** (exponent - fraction));
}

/** ⌊log₂ a⌋, exactly; −∞ for 0. */
function exponentOf(a: number): number {
  if (a === 0) return Number.NEGATIVE_INFINITY;
  const near = Math.floor(Math.log2(a));
  return 2 ** near > a ? near - 1 : 2 ** (near + 1) <= a ? near + 1 : near;
}

function decodeWith({ fraction, bias, sign, infinity, isNaN: isNotANumber }: Format): (code: number) => number {
  const values = Float64Array.from({ length: 2 * sign }, (_, code) => {
    const magnitude = code & (sign - 1);
    const direction = code & sign ? -1 : 1;
    if (isNotANumber(code)) return Number.NaN;
    if (magnitude === infinity) return direction * Number.POSITIVE_INFINITY;
    const exponent = Math.max(1, magnitude >> fraction);
    const whole = magnitude >> fraction === 0 ? 0 : 2 ** fraction;
    return direction * (whole + (magnitude & (2 ** fraction - 1))) * 2 ** (exponent - bias - fraction);
  });
  return (code) => values[code] as number;
}

/** Powers of two from 2⁻¹²⁷ to 2¹²⁷ and NaN, for scales: no sign and no zero, so the sign is dropped and 0 becomes the smallest. */
function encodePower(value: number, { saturate = true, mode = "up" }: Rounding = {}): number {
  if (!Number.isFinite(value)) return 0xff;
  const a = Math.abs(value);
  const below = exponentOf(a);
  const exact = a === 2 ** below;
  const up = mode === "up" ? !exact : mode === "nearest" && a >= 1.5 * 2 ** below;
  const code = Math.max(0, below + (up ? 1 : 0) + 127);
  return code <= 254 ? code : saturate ? 254 : 0xff;
}

const codec = (format: Format) => ({ decode: decodeWith(format), encode: encodeWith(format) });

/** Encoders and decoders of the small floats. Codes are bytes; those of float4e2m1 are 0 to 15. */
export const smallFloats = {
  float8e4m3fn: codec(formats.float8e4m3fn),
  float8e4m3fnuz: codec(formats.float8e4m3fnuz),
  float8e5m2: codec(formats.float8e5m2),
  float8e5m2fnuz: codec(formats.float8e5m2fnuz),
  float4e2m1: codec(formats.float4e2m1),
  float8e8m0: { decode: (code: number) => (code === 0xff ? Number.NaN : 2 ** (code - 127)), encode: encodePower },
} as const satisfies Record<
  SmallFloat,
  { readonly decode: (code: number) => number; readonly encode: (value: number, rounding?: Rounding) => number }
>;
