// Elementwise arithmetic on data in the scratch memory, in place. What a plain loop in JavaScript computes in float64 and rounds
// once is computed here so as to give the same bits, whichever of the two runs.

/** `x = min(max(x, low), high)` over `n` floats, rounded up to whole vectors; NaN stays. ReLU is `clip(0, ∞)`. */
export function clip(x: usize, n: i32, low: f32, high: f32): void {
  const lows = f32x4.splat(low);
  const highs = f32x4.splat(high);
  for (const end = x + <usize>n * 4; x < end; x += 16) v128.store(x, f32x4.pmin(f32x4.pmax(v128.load(x), lows), highs));
}

/** `a[r, i] = a[r, i] ∘ b[i]` for `rows` rows of `n` floats, where `op` 0 is +, 1 −, 2 · and 3 ÷. */
export function binaryRows(op: i32, a: usize, b: usize, rows: i32, n: i32): void {
  for (let r = 0; r < rows; r++, a += <usize>n * 4) {
    if (op == 0) binary(0, a, b, n);
    else if (op == 1) binary(1, a, b, n);
    else if (op == 2) binary(2, a, b, n);
    else binary(3, a, b, n);
  }
}

/** `a[r, i] = a[r, i] ∘ b[r]` for `rows` rows of `n` floats; `op` as of `binaryRows`. */
export function binaryChannels(op: i32, a: usize, b: usize, rows: i32, n: i32): void {
  for (let r = 0; r < rows; r++, a += <usize>n * 4, b += 4) {
    if (op == 0) repeated(0, a, b, n);
    else if (op == 1) repeated(1, a, b, n);
    else if (op == 2) repeated(2, a, b, n);
    else repeated(3, a, b, n);
  }
}

/** `x[r, i] = (x[r, i] − mean[r]) · factor[r] + shift[r]` in float64, rounded once. The three tables hold f64, one after the other. */
export function normalizeRows(x: usize, means: usize, factors: usize, shifts: usize, rows: i32, n: i32): void {
  for (let r = 0; r < rows; r++, means += 8, factors += 8, shifts += 8) {
    const mean = v128.load_splat<f64>(means);
    const factor = v128.load_splat<f64>(factors);
    const shift = v128.load_splat<f64>(shifts);
    let i = 0;
    for (; i <= n - 4; i += 4, x += 16) {
      const low = f64x2.promote_low_f32x4(v128.load(x));
      const high = f64x2.promote_low_f32x4(v128.load_zero<f64>(x, 8));
      const y0 = f64x2.add(f64x2.mul(f64x2.sub(low, mean), factor), shift);
      const y1 = f64x2.add(f64x2.mul(f64x2.sub(high, mean), factor), shift);
      v128.store(x, v128.shuffle<f32>(f32x4.demote_f64x2_zero(y0), f32x4.demote_f64x2_zero(y1), 0, 1, 4, 5));
    }
    for (; i < n; i++, x += 4) store<f32>(x, <f32>((<f64>load<f32>(x) - load<f64>(means)) * load<f64>(factors) + load<f64>(shifts)));
  }
}

// @ts-expect-error: decorator
@inline
function binary(op: i32, a: usize, b: usize, n: i32): void {
  for (; n >= 4; n -= 4, a += 16, b += 16) v128.store(a, vectors(op, v128.load(a), v128.load(b)));
  for (; n > 0; n--, a += 4, b += 4) store<f32>(a, numbers(op, load<f32>(a), load<f32>(b)));
}

// @ts-expect-error: decorator
@inline
function repeated(op: i32, a: usize, b: usize, n: i32): void {
  const all = v128.load_splat<f32>(b);
  for (; n >= 4; n -= 4, a += 16) v128.store(a, vectors(op, v128.load(a), all));
  for (; n > 0; n--, a += 4) store<f32>(a, numbers(op, load<f32>(a), load<f32>(b)));
}

// @ts-expect-error: decorator
@inline
function vectors(op: i32, a: v128, b: v128): v128 {
  return op == 0 ? f32x4.add(a, b) : op == 1 ? f32x4.sub(a, b) : op == 2 ? f32x4.mul(a, b) : f32x4.div(a, b);
}

// @ts-expect-error: decorator
@inline
function numbers(op: i32, a: f32, b: f32): f32 {
  return op == 0 ? a + b : op == 1 ? a - b : op == 2 ? a * b : a / b;
}
