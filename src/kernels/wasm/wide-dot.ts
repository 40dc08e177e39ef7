// Dot products of float32 rows with float64 columns, summed in float64: what checks of rewritten weights are made of.

/** Two float32 from `at`, as float64. */
// @ts-expect-error: decorator
@inline
function pair(at: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load_zero<f64>(at));
}

// @ts-expect-error: decorator
@inline
function step(sum: v128, w: v128, x: usize): v128 {
  return f64x2.add(sum, f64x2.mul(w, v128.load(x)));
}

// @ts-expect-error: decorator
@inline
function total(sum: v128): f64 {
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/**
 * `y[r, c] = Σ w[r, i] · x[c, i]` for float32 `w: [rows, k]` and float64 `x: [columns, k]`; where `s` is not 0, also `q[r] = Σ w[r, i]² · s[i]`.
 * Reads up to 4 bytes past the end of `w`.
 */
export function wideDots(w: usize, rows: i32, k: i32, x: usize, columns: i32, y: usize, s: usize, q: usize): void {
  const whole = k & ~1;
  const column = <usize>k * 8;
  for (let r = 0; r < rows; r++, w += <usize>k * 4) {
    let c = 0;
    let from = x;
    for (; c + 4 <= columns; c += 4, from += 4 * column, y += 32) {
      let a = f64x2.splat(0);
      let b = f64x2.splat(0);
      let d = f64x2.splat(0);
      let e = f64x2.splat(0);
      let at = from;
      let i = 0;
      for (; i < whole; i += 2, at += 16) {
        const v = pair(w + <usize>i * 4);
        a = step(a, v, at);
        b = step(b, v, at + column);
        d = step(d, v, at + 2 * column);
        e = step(e, v, at + 3 * column);
      }
      const v: f64 = i < k ? <f64>load<f32>(w + <usize>i * 4) : 0;
      store<f64>(y, i < k ? total(a) + v * load<f64>(at) : total(a));
      store<f64>(y, i < k ? total(b) + v * load<f64>(at + column) : total(b), 8);
      store<f64>(y, i < k ? total(d) + v * load<f64>(at + 2 * column) : total(d), 16);
      store<f64>(y, i < k ? total(e) + v * load<f64>(at + 3 * column) : total(e), 24);
    }
    for (; c < columns; c++, from += column, y += 8) {
      let a = f64x2.splat(0);
      let b = f64x2.splat(0);
      let i = 0;
      let at = from;
      for (; i + 4 <= k; i += 4, at += 32) {
        a = step(a, pair(w + <usize>i * 4), at);
        b = step(b, pair(w + <usize>i * 4 + 8), at + 16);
      }
      let sum = total(f64x2.add(a, b));
      for (; i < k; i++, at += 8) sum += <f64>load<f32>(w + <usize>i * 4) * load<f64>(at);
      store<f64>(y, sum);
    }
    if (s == 0) continue;
    let a = f64x2.splat(0);
    let b = f64x2.splat(0);
    let i = 0;
    let at = s;
    for (; i + 4 <= k; i += 4, at += 32) {
      const v = pair(w + <usize>i * 4);
      const u = pair(w + <usize>i * 4 + 8);
      a = step(a, f64x2.mul(v, v), at);
      b = step(b, f64x2.mul(u, u), at + 16);
    }
    let sum = total(f64x2.add(a, b));
    for (; i < k; i++, at += 8) {
      const v = <f64>load<f32>(w + <usize>i * 4);
      sum += v * v * load<f64>(at);
    }
    store<f64>(q, sum);
    q += 8;
  }
}
