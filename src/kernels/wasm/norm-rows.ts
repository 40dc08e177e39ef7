// Rows brought to mean 0 and variance 1, or to root mean square 1, on data in the scratch memory, in place; in float64, rounded once.

// @ts-expect-error: decorator
@inline
function total(sum: v128): f64 {
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/**
 * `x[r, i] = (x[r, i] − mean) / √(variance + ε) · scale[i] + bias[i]`; with `centred` 0 the mean is left at 0. `scale` and `bias` are float32
 * rows of `n`, or 0. Writes each row's mean and 1 / √(variance + ε), two f64, to `moments`. Sums run in four lanes, whatever the place of the row.
 */
export function standardizeRows(x: usize, rows: i32, n: i32, centred: i32, epsilon: f64, scale: usize, bias: usize, moments: usize): void {
  const whole = n & ~3;
  for (let r = 0; r < rows; r++, x += <usize>n * 4, moments += 16) {
    const end = x + <usize>whole * 4;
    const last = x + <usize>n * 4;
    let mean: f64 = 0;
    if (centred) {
      let a = f64x2.splat(0);
      let b = a;
      let at = x;
      for (; at < end; at += 16) {
        a = f64x2.add(a, f64x2.promote_low_f32x4(v128.load(at)));
        b = f64x2.add(b, f64x2.promote_low_f32x4(v128.load_zero<f64>(at, 8)));
      }
      mean = total(f64x2.add(a, b));
      for (; at < last; at += 4) mean += <f64>load<f32>(at);
      mean /= <f64>n;
    }
    const means = f64x2.splat(mean);
    let a = f64x2.splat(0);
    let b = a;
    let at = x;
    for (; at < end; at += 16) {
      const low = f64x2.sub(f64x2.promote_low_f32x4(v128.load(at)), means);
      const high = f64x2.sub(f64x2.promote_low_f32x4(v128.load_zero<f64>(at, 8)), means);
      a = f64x2.add(a, f64x2.mul(low, low));
      b = f64x2.add(b, f64x2.mul(high, high));
    }
    let squares = total(f64x2.add(a, b));
    for (; at < last; at += 4) {
      const d = <f64>load<f32>(at) - mean;
      squares += d * d;
    }
    const inverse = 1 / sqrt<f64>(squares / <f64>n + epsilon);
    store<f64>(moments, mean);
    store<f64>(moments, inverse, 8);
    const inverses = f64x2.splat(inverse);
    let s = scale;
    let c = bias;
    for (at = x; at < end; at += 16, s += 16, c += 16) {
      let low = f64x2.mul(f64x2.sub(f64x2.promote_low_f32x4(v128.load(at)), means), inverses);
      let high = f64x2.mul(f64x2.sub(f64x2.promote_low_f32x4(v128.load_zero<f64>(at, 8)), means), inverses);
      if (scale) {
        low = f64x2.mul(low, f64x2.promote_low_f32x4(v128.load(s)));
        high = f64x2.mul(high, f64x2.promote_low_f32x4(v128.load_zero<f64>(s, 8)));
      }
      if (bias) {
        low = f64x2.add(low, f64x2.promote_low_f32x4(v128.load(c)));
        high = f64x2.add(high, f64x2.promote_low_f32x4(v128.load_zero<f64>(c, 8)));
      }
      v128.store(at, v128.shuffle<f32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5));
    }
    for (; at < last; at += 4, s += 4, c += 4) {
      let v = (<f64>load<f32>(at) - mean) * inverse;
      if (scale) v *= <f64>load<f32>(s);
      if (bias) v += <f64>load<f32>(c);
      store<f32>(at, <f32>v);
    }
  }
}
