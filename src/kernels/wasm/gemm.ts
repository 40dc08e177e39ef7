// c[m, n] (+)= a[m, k] · b[k, n] with b in panels of 8 columns (see pack.ts). Blocked as in Goto and van de Geijn, "Anatomy of
// High-Performance Matrix Multiplication": a 4×8 tile of c stays in registers over KC steps of k, a panel of b in the first cache
// level, a block of a in the second.
//
// The order of additions for one element of c depends on k alone (sums of KC products, added one after the other), never on
// where the element stands: the same row times the same column gives the same bits in every product.
import { madd } from "./madd";

/** Steps of k whose products are summed in registers before they are added to c. */
const KC: i32 = 256;
/** Rows of a that are packed at a time; MC·KC floats is what `scratch` must hold. */
const MC: i32 = 256;

/**
 * @param a first element of a; element (i, p) is at `a + i·aRow + p·aCol` (bytes)
 * @param b panels: element (p, j) is at `b + (j / 8)·k·32 + p·32 + (j % 8)·4`
 * @param c row-major, `cRow` bytes from row to row
 * @param accumulate add to c if not 0
 * @param scratch 256 KiB for packed rows of a
 */
export function gemm(a: usize, aRow: usize, aCol: usize, b: usize, c: usize, cRow: usize, m: i32, n: i32, k: i32, accumulate: i32, scratch: usize): void {
  const panelBytes = <usize>k * 32;
  const tiledRows = m & ~3;
  for (let p = 0; p < k; p += KC) {
    const depth = min(KC, k - p);
    const add = accumulate | <i32>(p > 0);
    const ap = a + <usize>p * aCol;
    const bp = b + <usize>p * 32;
    for (let i = 0; i < tiledRows; i += MC) {
      const rows = min(MC, tiledRows - i);
      packTiles(ap + <usize>i * aRow, aRow, aCol, rows, depth, scratch);
      let panel = bp;
      for (let j = 0; j < n; j += 8, panel += panelBytes) {
        const cTile = c + <usize>i * cRow + <usize>j * 4;
        const width = min(8, n - j);
        if (width == 8) tiles4x8(scratch, panel, cTile, cRow, rows, depth, add);
        else if (width > 4) edges4x8(scratch, panel, cTile, cRow, rows, depth, add, width);
        else edges4x4(scratch, panel, cTile, cRow, rows, depth, add, width);
      }
    }
    for (let i = tiledRows; i < m; i++) {
      const row = ap + <usize>i * aRow;
      let panel = bp;
      for (let j = 0; j < n; j += 8, panel += panelBytes) row1x8(row, aCol, panel, c + <usize>i * cRow + <usize>j * 4, depth, add, min(8, n - j));
    }
  }
}

/** Lays rows of a out four at a time: tile t holds, for each p, its four rows' elements side by side. */
function packTiles(a: usize, aRow: usize, aCol: usize, rows: i32, depth: i32, to: usize): void {
  for (let i = 0; i < rows; i += 4) {
    const r0 = a + <usize>i * aRow;
    const r1 = r0 + aRow;
    const r2 = r1 + aRow;
    const r3 = r2 + aRow;
    let p = 0;
    if (aCol == 4) {
      for (; p <= depth - 4; p += 4, to += 64) {
        const at = <usize>p * 4;
        const x0 = v128.load(r0 + at);
        const x1 = v128.load(r1 + at);
        const x2 = v128.load(r2 + at);
        const x3 = v128.load(r3 + at);
        const t0 = v128.shuffle<f32>(x0, x1, 0, 4, 1, 5);
        const t1 = v128.shuffle<f32>(x2, x3, 0, 4, 1, 5);
        const t2 = v128.shuffle<f32>(x0, x1, 2, 6, 3, 7);
        const t3 = v128.shuffle<f32>(x2, x3, 2, 6, 3, 7);
        v128.store(to, v128.shuffle<f32>(t0, t1, 0, 1, 4, 5));
        v128.store(to, v128.shuffle<f32>(t0, t1, 2, 3, 6, 7), 16);
        v128.store(to, v128.shuffle<f32>(t2, t3, 0, 1, 4, 5), 32);
        v128.store(to, v128.shuffle<f32>(t2, t3, 2, 3, 6, 7), 48);
      }
    } else if (aRow == 4) {
      for (; p < depth; p++, to += 16) v128.store(to, v128.load(r0 + <usize>p * aCol));
    }
    for (; p < depth; p++, to += 16) {
      const at = <usize>p * aCol;
      store<f32>(to, load<f32>(r0 + at));
      store<f32>(to, load<f32>(r1 + at), 4);
      store<f32>(to, load<f32>(r2 + at), 8);
      store<f32>(to, load<f32>(r3 + at), 12);
    }
  }
}

/**
 * Full tiles: 8 independent sums, which is what hides the latency of an FMA. One step of k per turn, on purpose: unrolled by hand,
 * the optimiser chains the FMAs of one sum and the loop drops from 97 to 60 per cent of the machine's peak.
 */
function tiles4x8(a: usize, b: usize, c: usize, cRow: usize, rows: i32, depth: i32, add: i32): void {
  for (let i = 0; i < rows; i += 4) {
    let s00 = f32x4.splat(0);
    let s01 = s00;
    let s10 = s00;
    let s11 = s00;
    let s20 = s00;
    let s21 = s00;
    let s30 = s00;
    let s31 = s00;
    let bp = b;
    for (let p = depth; p > 0; p--) {
      const b0 = v128.load(bp);
      const b1 = v128.load(bp, 16);
      let x = v128.load_splat<f32>(a);
      s00 = madd(x, b0, s00);
      s01 = madd(x, b1, s01);
      x = v128.load_splat<f32>(a, 4);
      s10 = madd(x, b0, s10);
      s11 = madd(x, b1, s11);
      x = v128.load_splat<f32>(a, 8);
      s20 = madd(x, b0, s20);
      s21 = madd(x, b1, s21);
      x = v128.load_splat<f32>(a, 12);
      s30 = madd(x, b0, s30);
      s31 = madd(x, b1, s31);
      bp += 32;
      a += 16;
    }
    put8(c, s00, s01, add);
    c += cRow;
    put8(c, s10, s11, add);
    c += cRow;
    put8(c, s20, s21, add);
    c += cRow;
    put8(c, s30, s31, add);
    c += cRow;
  }
}

/** Tiles at the right edge that have 5 to 7 columns. */
function edges4x8(a: usize, b: usize, c: usize, cRow: usize, rows: i32, depth: i32, add: i32, width: i32): void {
  for (let i = 0; i < rows; i += 4) {
    let s00 = f32x4.splat(0);
    let s01 = s00;
    let s10 = s00;
    let s11 = s00;
    let s20 = s00;
    let s21 = s00;
    let s30 = s00;
    let s31 = s00;
    let bp = b;
    for (let p = depth; p > 0; p--) {
      const b0 = v128.load(bp);
      const b1 = v128.load(bp, 16);
      let x = v128.load_splat<f32>(a);
      s00 = madd(x, b0, s00);
      s01 = madd(x, b1, s01);
      x = v128.load_splat<f32>(a, 4);
      s10 = madd(x, b0, s10);
      s11 = madd(x, b1, s11);
      x = v128.load_splat<f32>(a, 8);
      s20 = madd(x, b0, s20);
      s21 = madd(x, b1, s21);
      x = v128.load_splat<f32>(a, 12);
      s30 = madd(x, b0, s30);
      s31 = madd(x, b1, s31);
      bp += 32;
      a += 16;
    }
    put4(c, s00, add);
    putPart(c + 16, s01, add, width - 4);
    c += cRow;
    put4(c, s10, add);
    putPart(c + 16, s11, add, width - 4);
    c += cRow;
    put4(c, s20, add);
    putPart(c + 16, s21, add, width - 4);
    c += cRow;
    put4(c, s30, add);
    putPart(c + 16, s31, add, width - 4);
    c += cRow;
  }
}

/** Tiles at the right edge that have 1 to 4 columns. */
function edges4x4(a: usize, b: usize, c: usize, cRow: usize, rows: i32, depth: i32, add: i32, width: i32): void {
  for (let i = 0; i < rows; i += 4) {
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    let bp = b;
    for (let p = depth; p > 0; p--) {
      const x = v128.load(bp);
      s0 = madd(v128.load_splat<f32>(a), x, s0);
      s1 = madd(v128.load_splat<f32>(a, 4), x, s1);
      s2 = madd(v128.load_splat<f32>(a, 8), x, s2);
      s3 = madd(v128.load_splat<f32>(a, 12), x, s3);
      bp += 32;
      a += 16;
    }
    putPart(c, s0, add, width);
    c += cRow;
    putPart(c, s1, add, width);
    c += cRow;
    putPart(c, s2, add, width);
    c += cRow;
    putPart(c, s3, add, width);
    c += cRow;
  }
}

/** One row of a, not packed, against one panel: the last one to three rows, and products of a vector. */
function row1x8(a: usize, aCol: usize, b: usize, c: usize, depth: i32, add: i32, width: i32): void {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  for (let p = depth; p > 0; p--) {
    const x = v128.load_splat<f32>(a);
    s0 = madd(x, v128.load(b), s0);
    s1 = madd(x, v128.load(b, 16), s1);
    a += aCol;
    b += 32;
  }
  putPart(c, s0, add, min(4, width));
  if (width > 4) putPart(c + 16, s1, add, width - 4);
}

// @ts-expect-error: decorator
@inline
function put8(c: usize, s0: v128, s1: v128, add: i32): void {
  put4(c, s0, add);
  put4(c + 16, s1, add);
}

// @ts-expect-error: decorator
@inline
function put4(c: usize, s: v128, add: i32): void {
  v128.store(c, add ? f32x4.add(v128.load(c), s) : s);
}

/** Stores the first `width` (1 to 4) lanes. */
function putPart(c: usize, s: v128, add: i32, width: i32): void {
  if (width == 4) return put4(c, s, add);
  store<f32>(c, add ? load<f32>(c) + f32x4.extract_lane(s, 0) : f32x4.extract_lane(s, 0));
  if (width > 1) store<f32>(c, add ? load<f32>(c, 4) + f32x4.extract_lane(s, 1) : f32x4.extract_lane(s, 1), 4);
  if (width > 2) store<f32>(c, add ? load<f32>(c, 8) + f32x4.extract_lane(s, 2) : f32x4.extract_lane(s, 2), 8);
}
