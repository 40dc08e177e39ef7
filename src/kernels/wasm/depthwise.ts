// Convolution of one channel with one filter, and max-pooling: too little arithmetic per element for packing to pay, so it reads the staged
// input directly, through the same tables as packPositions.
import { madd } from "./madd";

/**
 * For each of `rows` output rows, `width` outputs: `bias + Σₜ weights[t] · from[rowStarts[r] + taps[t] + q]`.
 *
 * @param rowStarts address of the i32 byte offset of the first row; later rows stand `width` entries on
 * @param to dense `[rows, width]`; up to 12 bytes past its end are overwritten
 */
export function depthwise(
  from: usize,
  taps: usize,
  weights: usize,
  k: i32,
  rowStarts: usize,
  rows: i32,
  width: i32,
  bias: f32,
  to: usize,
): void {
  const start = f32x4.splat(bias);
  for (let r = 0; r < rows; r++) {
    const row = from + <usize>load<i32>(rowStarts);
    let q = 0;
    for (; q + 12 < width; q += 16) {
      let s0 = start;
      let s1 = start;
      let s2 = start;
      let s3 = start;
      const base = row + <usize>q * 4;
      for (let t = 0; t < k; t++) {
        const at = base + <usize>load<i32>(taps + <usize>t * 4);
        const w = v128.load_splat<f32>(weights + <usize>t * 4);
        s0 = madd(w, v128.load(at), s0);
        s1 = madd(w, v128.load(at, 16), s1);
        s2 = madd(w, v128.load(at, 32), s2);
        s3 = madd(w, v128.load(at, 48), s3);
      }
      const out = to + <usize>q * 4;
      v128.store(out, s0);
      v128.store(out, s1, 16);
      v128.store(out, s2, 32);
      v128.store(out, s3, 48);
    }
    for (; q + 4 < width; q += 8) {
      let s0 = start;
      let s1 = start;
      const base = row + <usize>q * 4;
      for (let t = 0; t < k; t++) {
        const at = base + <usize>load<i32>(taps + <usize>t * 4);
        const w = v128.load_splat<f32>(weights + <usize>t * 4);
        s0 = madd(w, v128.load(at), s0);
        s1 = madd(w, v128.load(at, 16), s1);
      }
      const out = to + <usize>q * 4;
      v128.store(out, s0);
      v128.store(out, s1, 16);
    }
    if (q < width) {
      let s0 = start;
      const base = row + <usize>q * 4;
      for (let t = 0; t < k; t++)
        s0 = madd(v128.load_splat<f32>(weights + <usize>t * 4), v128.load(base + <usize>load<i32>(taps + <usize>t * 4)), s0);
      v128.store(to + <usize>q * 4, s0);
    }
    rowStarts += <usize>width * 4;
    to += <usize>width * 4;
  }
}

/** The largest of the taps instead of their weighted sum: max-pooling of one channel. NaN wins. Parameters as of `depthwise`. */
export function maxTaps(from: usize, taps: usize, k: i32, rowStarts: usize, rows: i32, width: i32, to: usize): void {
  const start = f32x4.splat(-Infinity);
  for (let r = 0; r < rows; r++) {
    const row = from + <usize>load<i32>(rowStarts);
    let q = 0;
    for (; q + 4 < width; q += 8) {
      let s0 = start;
      let s1 = start;
      const base = row + <usize>q * 4;
      for (let t = 0; t < k; t++) {
        const at = base + <usize>load<i32>(taps + <usize>t * 4);
        s0 = f32x4.max(s0, v128.load(at));
        s1 = f32x4.max(s1, v128.load(at, 16));
      }
      const out = to + <usize>q * 4;
      v128.store(out, s0);
      v128.store(out, s1, 16);
    }
    if (q < width) {
      let s0 = start;
      const base = row + <usize>q * 4;
      for (let t = 0; t < k; t++) s0 = f32x4.max(s0, v128.load(base + <usize>load<i32>(taps + <usize>t * 4)));
      v128.store(to + <usize>q * 4, s0);
    }
    rowStarts += <usize>width * 4;
    to += <usize>width * 4;
  }
}
