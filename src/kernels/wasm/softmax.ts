// exp for two float64 at a time, and softmax on rows in the scratch memory.

/** (eʳ − 1) / r for |r| ≤ ln 2 / 2, by the series of eʳ up to r¹⁰/10!. */
// @ts-expect-error: decorator
@inline
export function expSeries(r: v128): v128 {
  let p = f64x2.splat(1.0 / 3628800);
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 362880));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 40320));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 5040));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 720));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 120));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 24));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 6));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(0.5));
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1));
  return p;
}

/**
 * eˣ = 2ⁿ · eʳ with r = x − n·ln 2, |r| ≤ ln 2 / 2, and eʳ by its series up to r¹⁰/10!: a relative error below 10⁻¹², far less than
 * the rounding to float32 that follows.
 */
// @ts-expect-error: decorator
@inline
export function exp2x(given: v128): v128 {
  const x = f64x2.max(f64x2.min(given, f64x2.splat(700)), f64x2.splat(-700));
  // Adding 1.5·2⁵² leaves the nearest integer in the low bits.
  const magic = f64x2.splat(6755399441055744);
  const shifted = f64x2.add(f64x2.mul(x, f64x2.splat(1.4426950408889634)), magic);
  const n = f64x2.sub(shifted, magic);
  const r = f64x2.sub(f64x2.sub(x, f64x2.mul(n, f64x2.splat(0.693147180369123816490))), f64x2.mul(n, f64x2.splat(1.90821492927058770002e-10)));
  const p = f64x2.add(f64x2.mul(expSeries(r), r), f64x2.splat(1));
  // 2ⁿ goes straight into the exponent; NaN is put back, whose bits that would have changed.
  const scaled = i64x2.add(p, i64x2.shl(shifted, 52));
  return v128.bitselect(scaled, given, f64x2.eq(given, given));
}

/** Softmax of `rows` rows of `n` floats, in place; up to 12 bytes past the end are overwritten. */
export function softmaxRows(x: usize, rows: i32, n: i32): void {
  const whole = n & ~3;
  for (let r = 0; r < rows; r++, x += <usize>n * 4) {
    const end = x + <usize>whole * 4;
    const last = x + <usize>n * 4;
    let top = f32x4.splat(-Infinity);
    let at = x;
    for (; at < end; at += 16) top = f32x4.max(top, v128.load(at));
    for (; at < last; at += 4) top = f32x4.max(top, v128.load_splat<f32>(at));
    top = f32x4.max(top, v128.shuffle<f32>(top, top, 2, 3, 0, 1));
    top = f32x4.max(top, v128.shuffle<f32>(top, top, 1, 0, 3, 2));
    const max = f64x2.promote_low_f32x4(top);

    let sums = f64x2.splat(0);
    for (at = x; at < end; at += 16) {
      const low = exp2x(f64x2.sub(f64x2.promote_low_f32x4(v128.load(at)), max));
      const high = exp2x(f64x2.sub(f64x2.promote_low_f32x4(v128.load_zero<f64>(at, 8)), max));
      sums = f64x2.add(sums, f64x2.add(low, high));
      v128.store(at, v128.shuffle<f32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5));
    }
    let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
    for (; at < last; at += 4) {
      const e = f64x2.extract_lane(exp2x(f64x2.sub(f64x2.promote_low_f32x4(v128.load_zero<f32>(at)), max)), 0);
      sum += e;
      store<f32>(at, <f32>e);
    }
    const scale = f64x2.splat(1 / sum);
    for (at = x; at < end; at += 16) {
      const low = f64x2.mul(f64x2.promote_low_f32x4(v128.load(at)), scale);
      const high = f64x2.mul(f64x2.promote_low_f32x4(v128.load_zero<f64>(at, 8)), scale);
      v128.store(at, v128.shuffle<f32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5));
    }
    for (; at < last; at += 4) store<f32>(at, <f32>(<f64>load<f32>(at) * f64x2.extract_lane(scale, 0)));
  }
}
