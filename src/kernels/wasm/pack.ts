// Three ways to lay a k×n operand out in panels: panel j holds columns 8j … 8j+7, row after row, 32 bytes each, so that gemm
// reads it as one stream. Columns past n are zero. Panels follow each other at k·32 bytes.

/** From rows: element (p, j) is at `from + p·row + j·4`. */
export function packRows(from: usize, row: usize, k: i32, n: i32, to: usize): void {
  const panelBytes = <usize>k * 32;
  let j = 0;
  // Four panels at a time read two whole cache lines of each row.
  for (; j <= n - 32; j += 32) {
    let source = from + <usize>j * 4;
    let target = to + <usize>(j >> 3) * panelBytes;
    const target2 = panelBytes * 2;
    for (let p = k; p > 0; p--, source += row, target += 32) {
      v128.store(target, v128.load(source));
      v128.store(target, v128.load(source, 16), 16);
      v128.store(target + panelBytes, v128.load(source, 32));
      v128.store(target + panelBytes, v128.load(source, 48), 16);
      v128.store(target + target2, v128.load(source, 64));
      v128.store(target + target2, v128.load(source, 80), 16);
      v128.store(target + target2 + panelBytes, v128.load(source, 96));
      v128.store(target + target2 + panelBytes, v128.load(source, 112), 16);
    }
  }
  for (; j <= n - 8; j += 8) {
    let source = from + <usize>j * 4;
    let target = to + <usize>(j >> 3) * panelBytes;
    for (let p = k; p > 0; p--, source += row, target += 32) {
      v128.store(target, v128.load(source));
      v128.store(target, v128.load(source, 16), 16);
    }
  }
  if (j < n) {
    let source = from + <usize>j * 4;
    let target = to + <usize>(j >> 3) * panelBytes;
    for (let p = k; p > 0; p--, source += row, target += 32) {
      v128.store(target, i32x4.splat(0));
      v128.store(target, i32x4.splat(0), 16);
      for (let t: usize = 0, end = <usize>(n - j) * 4; t < end; t += 4) store<f32>(target + t, load<f32>(source + t));
    }
  }
}

/** From columns, as in `x · wᵀ`: element (p, j) is at `from + j·column + p·4`. */
export function packColumns(from: usize, column: usize, k: i32, n: i32, to: usize): void {
  const panelBytes = <usize>k * 32;
  for (let j = 0; j < n; j += 4) {
    const target = to + <usize>(j >> 3) * panelBytes + <usize>(j & 4) * 4;
    const c0 = from + <usize>j * column;
    if (n - j >= 4) transpose4(c0, column, k, target);
    else {
      for (let p = 0; p < k; p++) {
        const at = target + <usize>p * 32;
        v128.store(at, i32x4.splat(0));
        for (let t = 0; t < n - j; t++) store<f32>(at + <usize>t * 4, load<f32>(c0 + <usize>t * column + <usize>p * 4));
      }
    }
    if (n - j <= 4 && (j & 4) == 0) {
      for (let p = 0; p < k; p++) v128.store(target + <usize>p * 32, i32x4.splat(0), 16);
    }
  }
}

function transpose4(c0: usize, column: usize, k: i32, to: usize): void {
  const c1 = c0 + column;
  const c2 = c1 + column;
  const c3 = c2 + column;
  let p = 0;
  for (; p <= k - 4; p += 4, to += 128) {
    const at = <usize>p * 4;
    const x0 = v128.load(c0 + at);
    const x1 = v128.load(c1 + at);
    const x2 = v128.load(c2 + at);
    const x3 = v128.load(c3 + at);
    const t0 = v128.shuffle<f32>(x0, x1, 0, 4, 1, 5);
    const t1 = v128.shuffle<f32>(x2, x3, 0, 4, 1, 5);
    const t2 = v128.shuffle<f32>(x0, x1, 2, 6, 3, 7);
    const t3 = v128.shuffle<f32>(x2, x3, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<f32>(t0, t1, 0, 1, 4, 5));
    v128.store(to, v128.shuffle<f32>(t0, t1, 2, 3, 6, 7), 32);
    v128.store(to, v128.shuffle<f32>(t2, t3, 0, 1, 4, 5), 64);
    v128.store(to, v128.shuffle<f32>(t2, t3, 2, 3, 6, 7), 96);
  }
  for (; p < k; p++, to += 32) {
    const at = <usize>p * 4;
    store<f32>(to, load<f32>(c0 + at));
    store<f32>(to, load<f32>(c1 + at), 4);
    store<f32>(to, load<f32>(c2 + at), 8);
    store<f32>(to, load<f32>(c3 + at), 12);
  }
}

/**
 * From an image, as a convolution reads it: element (p, j) is at `from + taps[p] + positions[j]`, both tables of i32 byte offsets.
 * This is im2col, panel by panel: the whole matrix never exists.
 */
export function packPositions(from: usize, taps: usize, positions: usize, k: i32, n: i32, to: usize): void {
  const tapsEnd = taps + <usize>k * 4;
  for (let j = 0; j < n; j += 8, positions += 32) {
    const q0 = from + <usize>load<i32>(positions);
    if (n - j >= 8) {
      const reach = from + <usize>load<i32>(positions, 28) - q0;
      if (reach == 28) {
        for (let t = taps; t < tapsEnd; t += 4, to += 32) {
          const at = q0 + <usize>load<i32>(t);
          v128.store(to, v128.load(at));
          v128.store(to, v128.load(at, 16), 16);
        }
        continue;
      }
      const q1 = from + <usize>load<i32>(positions, 4);
      const q2 = from + <usize>load<i32>(positions, 8);
      const q3 = from + <usize>load<i32>(positions, 12);
      const q4 = from + <usize>load<i32>(positions, 16);
      const q5 = from + <usize>load<i32>(positions, 20);
      const q6 = from + <usize>load<i32>(positions, 24);
      const q7 = from + <usize>load<i32>(positions, 28);
      for (let t = taps; t < tapsEnd; t += 4, to += 32) {
        const at = <usize>load<i32>(t);
        let low = v128.load_zero<f32>(q0 + at);
        low = v128.load_lane<f32>(q1 + at, low, 1);
        low = v128.load_lane<f32>(q2 + at, low, 2);
        low = v128.load_lane<f32>(q3 + at, low, 3);
        let high = v128.load_zero<f32>(q4 + at);
        high = v128.load_lane<f32>(q5 + at, high, 1);
        high = v128.load_lane<f32>(q6 + at, high, 2);
        high = v128.load_lane<f32>(q7 + at, high, 3);
        v128.store(to, low);
        v128.store(to, high, 16);
      }
      continue;
    }
    for (let t = taps; t < tapsEnd; t += 4, to += 32) {
      const at = from + <usize>load<i32>(t);
      v128.store(to, i32x4.splat(0));
      v128.store(to, i32x4.splat(0), 16);
      for (let i: usize = 0, end = <usize>(n - j) * 4; i < end; i += 4) store<f32>(to + i, load<f32>(at + <usize>load<i32>(positions + i)));
    }
  }
}
