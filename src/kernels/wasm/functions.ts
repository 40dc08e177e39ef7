// Functions of one number, on data in the scratch memory, in place: computed in float64 and rounded once.
import { exp2x, expSeries } from "./softmax";

/** x[i] = f(x[i]) over `n` floats, rounded up to whole vectors, where f is 0 exp, 1 sigmoid, 2 x · sigmoid(x), 3 tanh, 4 gelu by tanh. */
export function mapSmooth(f: i32, x: usize, n: i32): void {
  if (f == 0) each(0, x, n);
  else if (f == 1) each(1, x, n);
  else if (f == 2) each(2, x, n);
  else if (f == 3) each(3, x, n);
  else each(4, x, n);
}

// @ts-expect-error: decorator
@inline
function each(f: i32, x: usize, n: i32): void {
  for (const end = x + <usize>n * 4; x < end; x += 16) {
    const low = apply(f, f64x2.promote_low_f32x4(v128.load(x)));
    const high = apply(f, f64x2.promote_low_f32x4(v128.load_zero<f64>(x, 8)));
    v128.store(x, v128.shuffle<f32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5));
  }
}

// @ts-expect-error: decorator
@inline
function apply(f: i32, x: v128): v128 {
  if (f == 0) return exp2x(x);
  if (f == 1) return sigmoid2x(x);
  if (f == 2) return f64x2.mul(x, sigmoid2x(x));
  if (f == 3) return tanh2x(x);
  // ½(1 + tanh z) is sigmoid(2z), without the cancellation.
  const cube = f64x2.mul(f64x2.mul(f64x2.mul(f64x2.splat(0.044715), x), x), x);
  return f64x2.mul(x, sigmoid2x(f64x2.mul(f64x2.splat(1.5957691216057308), f64x2.add(x, cube))));
}

/** 1 / (1 + e⁻ˣ), and 0 where e⁻ˣ stops short of overflow: −∞ · sigmoid(−∞) is NaN then, as in the formula. */
// @ts-expect-error: decorator
@inline
function sigmoid2x(x: v128): v128 {
  const value = f64x2.div(f64x2.splat(1), f64x2.add(f64x2.splat(1), exp2x(f64x2.neg(x))));
  return v128.andnot(value, f64x2.lt(x, f64x2.splat(-700)));
}

/**
 * tanh x = e / (e + 2) with e = e²ˣ − 1, for |x|; the sign is put back. e is 2ⁿ·(eʳ − 1) + (2ⁿ − 1), whose parts do not cancel: near 0,
 * n is 0 and the series starts with r.
 */
// @ts-expect-error: decorator
@inline
function tanh2x(x: v128): v128 {
  const sign = v128.and(x, f64x2.splat(-0.0));
  const two = f64x2.pmin(f64x2.splat(40), f64x2.mul(f64x2.abs(x), f64x2.splat(2)));
  const magic = f64x2.splat(6755399441055744);
  const shifted = f64x2.add(f64x2.mul(two, f64x2.splat(1.4426950408889634)), magic);
  const n = f64x2.sub(shifted, magic);
  const r = f64x2.sub(f64x2.sub(two, f64x2.mul(n, f64x2.splat(0.693147180369123816490))), f64x2.mul(n, f64x2.splat(1.90821492927058770002e-10)));
  const p = f64x2.mul(expSeries(r), r);
  const power = i64x2.add(f64x2.splat(1), i64x2.shl(shifted, 52));
  const e = f64x2.add(f64x2.mul(power, p), f64x2.sub(power, f64x2.splat(1)));
  const value = v128.or(f64x2.div(e, f64x2.add(e, f64x2.splat(2))), sign);
  return v128.bitselect(value, x, f64x2.eq(x, x));
}

// The table of Taylor polynomials of erf has a row of ten coefficients for each multiple of 1/16 up to 6; see src/kernels/erf.ts, which
// gives the same bits.

/** x[i] = erf(x[i]) over `n` floats, rounded up to whole vectors. */
export function mapErf(x: usize, n: i32, table: usize): void {
  for (const end = x + <usize>n * 4; x < end; x += 16) {
    const low = erf2x(f64x2.promote_low_f32x4(v128.load(x)), table);
    const high = erf2x(f64x2.promote_low_f32x4(v128.load_zero<f64>(x, 8)), table);
    v128.store(x, v128.shuffle<f32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5));
  }
}

/** x[i] = x · Φ(x) = ½x(1 + erf(x/√2)) over `n` floats, rounded up to whole vectors. */
export function mapGelu(x: usize, n: i32, table: usize): void {
  for (const end = x + <usize>n * 4; x < end; x += 16) {
    const low = gelu2x(f64x2.promote_low_f32x4(v128.load(x)), table);
    const high = gelu2x(f64x2.promote_low_f32x4(v128.load_zero<f64>(x, 8)), table);
    v128.store(x, v128.shuffle<f32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5));
  }
}

// @ts-expect-error: decorator
@inline
function gelu2x(x: v128, table: usize): v128 {
  const one = f64x2.splat(1);
  const half = f64x2.mul(f64x2.splat(0.5), x);
  return f64x2.mul(half, f64x2.add(one, erf2x(f64x2.mul(x, f64x2.splat(0.7071067811865476)), table)));
}

// @ts-expect-error: decorator
@inline
function erf2x(x: v128, table: usize): v128 {
  const all = f64x2.abs(x);
  // NaN becomes 6 as well: what follows needs a row of the table.
  const a = f64x2.pmin(f64x2.splat(6), all);
  // Adding 1.5·2⁵² leaves the nearest integer in the low bits.
  const magic = f64x2.splat(6755399441055744);
  const shifted = f64x2.add(f64x2.mul(a, f64x2.splat(16)), magic);
  const t = f64x2.sub(a, f64x2.mul(f64x2.sub(shifted, magic), f64x2.splat(0.0625)));
  const u = f64x2.mul(t, t);
  const first = polynomials(table + <usize>(i32x4.extract_lane(shifted, 0) * 80), v128.shuffle<f64>(u, u, 0, 0));
  const second = polynomials(table + <usize>(i32x4.extract_lane(shifted, 2) * 80), v128.shuffle<f64>(u, u, 1, 1));
  const even = v128.shuffle<f64>(first, second, 0, 2);
  const odd = v128.shuffle<f64>(first, second, 1, 3);
  const inside = f64x2.add(f64x2.mul(odd, t), even);
  const value = v128.bitselect(inside, f64x2.splat(1), f64x2.lt(all, f64x2.splat(6)));
  return v128.bitselect(v128.or(value, v128.and(x, f64x2.splat(-0.0))), x, f64x2.eq(x, x));
}

/** The polynomials of the even and of the odd powers, one in each lane, at t². */
// @ts-expect-error: decorator
@inline
function polynomials(row: usize, u: v128): v128 {
  let p = v128.load(row, 64);
  p = f64x2.add(f64x2.mul(p, u), v128.load(row, 48));
  p = f64x2.add(f64x2.mul(p, u), v128.load(row, 32));
  p = f64x2.add(f64x2.mul(p, u), v128.load(row, 16));
  return f64x2.add(f64x2.mul(p, u), v128.load(row));
}
