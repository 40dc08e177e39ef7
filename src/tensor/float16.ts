// float16 and bfloat16 as bit patterns in 16-bit words. Node 20 has neither Float16Array nor Math.f16round,
// so the rounding (to nearest, ties to even, subnormals and infinities included) is our own.

const f32 = new Float32Array(1);
const u32 = new Uint32Array(f32.buffer);
const f64 = new Float64Array(1);
const u64 = new BigUint64Array(f64.buffer);

/** The float16 bit pattern nearest to `value`; one rounding, also from float64. */
export function toFloat16(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  f64[0] = value;
  const sign = Number((u64[0] as bigint) >> 63n) << 15;
  const a = Math.abs(value);
  if (a >= 65520) return sign | 0x7c00;
  if (a < 2 ** -14) return sign | roundHalfEven(a * 2 ** 24);
  let exponent = Math.floor(Math.log2(a));
  if (2 ** exponent > a) exponent--;
  else if (2 ** (exponent + 1) <= a) exponent++;
  // A mantissa that rounds up to 2048 carries into the exponent, which is what adding does.
  return sign | (((exponent + 15) << 10) + roundHalfEven((a / 2 ** exponent) * 1024) - 1024);
}

/** The number that a float16 bit pattern stands for. */
export function fromFloat16(bits: number): number {
  return float16Values()[bits] as number;
}

let table: Float32Array | undefined;
function float16Values(): Float32Array {
  if (table) return table;
  table = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits++) {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    if (exponent === 31) table[bits] = fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    else table[bits] = exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
  }
  return table;
}

/** The bfloat16 bit pattern nearest to `value`. */
export function toBfloat16(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  f32[0] = value;
  let bits = u32[0] as number;
  const rounded = f32[0] as number;
  // Rounding twice (float64 → float32 → bfloat16) errs only on a tie made by the first step: nudge it back off the tie.
  if (rounded !== value && (bits & 0xffff) === 0x8000) bits += Math.abs(rounded) < Math.abs(value) ? 1 : -1;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/** The number that a bfloat16 bit pattern stands for. */
export function fromBfloat16(bits: number): number {
  u32[0] = bits << 16;
  return f32[0] as number;
}

/** The nearest integer, ties to even; for numbers from 0. */
export function roundHalfEven(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low;
}
