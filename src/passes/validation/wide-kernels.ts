// Convolution and matrix product with float64 sums over weights as they are stored: one multiplication per weight and position, no copy of
// the weight.
import { type ConvGeometry, volume } from "../../kernels/conv-geometry.ts";
import { type Reals, wideDots } from "../../kernels/wide-dot.ts";

export interface WideConv {
  /** `[N, M, positions]` */
  readonly y: Float64Array<ArrayBuffer>;
  /**
   * `[N, M, positions]`: an upper bound of `Σ (x · w)²`, the same at all positions: with the largest x² that each weight meets, so that it
   * costs one multiplication per weight.
   */
  readonly squares: Float64Array<ArrayBuffer> | undefined;
}

/** `y[n, m, o] = Σ x[n, c, …] · w[m, c, k]`, dense. */
export function convWide(g: ConvGeometry, x: Reals, w: Reals, wantSquares: boolean): WideConv {
  const { batch, groups, inChannels, outChannels } = g;
  const places = volume(g.kernel);
  const positions = volume(g.output);
  const pixels = volume(g.input);
  const length = inChannels * places;
  const pairs = pairsOf(g);
  const y = new Float64Array(batch * groups * outChannels * positions);
  const squares = wantSquares ? new Float64Array(y.length) : undefined;
  const columns = new Float64Array(positions * length);
  const largest = new Float64Array(length);
  const dots = new Float64Array(outChannels * positions);
  const sums = new Float64Array(outChannels);
  for (let n = 0; n < batch; n++)
    for (let group = 0; group < groups; group++) {
      columns.fill(0);
      largest.fill(0);
      for (let c = 0; c < inChannels; c++) {
        const from = ((n * groups + group) * inChannels + c) * pixels;
        for (let i = 0; i < pairs.length; i += 3) {
          const at = c * places + (pairs[i + 1] as number);
          const v = x[from + (pairs[i + 2] as number)] as number;
          columns[(pairs[i] as number) * length + at] = v;
          if (v * v > (largest[at] as number)) largest[at] = v * v;
        }
      }
      const rows = w.subarray(group * outChannels * length, (group + 1) * outChannels * length);
      wideDots({
        w: rows,
        rows: outChannels,
        k: length,
        x: columns,
        columns: positions,
        y: dots,
        ...(squares && { squares: { s: largest, q: sums } }),
      });
      const to = (n * groups + group) * outChannels * positions;
      y.set(dots, to);
      if (squares) sums.forEach((q, m) => squares.fill(q, to + m * positions, to + (m + 1) * positions));
    }
  return { y, squares };
}

/** Triples of output position, place in the kernel and input position. */
function pairsOf(g: ConvGeometry): Int32Array {
  const [id, ih, iw] = g.input;
  const [kd, kh, kw] = g.kernel;
  const [od, oh, ow] = g.output;
  const pairs: number[] = [];
  for (let o = 0; o < od * oh * ow; o++) {
    const [a, b, c] = [Math.floor(o / (oh * ow)), Math.floor(o / ow) % oh, o % ow];
    for (let k = 0; k < kd * kh * kw; k++) {
      const z = a * g.strides[0] - g.padBegin[0] + Math.floor(k / (kh * kw)) * g.dilations[0];
      const r = b * g.strides[1] - g.padBegin[1] + (Math.floor(k / kw) % kh) * g.dilations[1];
      const q = c * g.strides[2] - g.padBegin[2] + (k % kw) * g.dilations[2];
      if (z >= 0 && z < id && r >= 0 && r < ih && q >= 0 && q < iw) pairs.push(o, k, (z * ih + r) * iw + q);
    }
  }
  return Int32Array.from(pairs);
}

/** Four sums side by side, so that an addition need not wait for the one before. */
function dotStrided(w: Reals, at: number, step: number, x: Float64Array, n: number): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let i = 0;
  for (; i + 3 < n; i += 4, at += 4 * step) {
    a += (w[at] as number) * (x[i] as number);
    b += (w[at + step] as number) * (x[i + 1] as number);
    c += (w[at + 2 * step] as number) * (x[i + 2] as number);
    d += (w[at + 3 * step] as number) * (x[i + 3] as number);
  }
  for (; i < n; i++, at += step) a += (w[at] as number) * (x[i] as number);
  return a + b + (c + d);
}

function dotSquare(w: Reals, at: number, step: number, x: Float64Array, n: number): number {
  let a = 0;
  let b = 0;
  let i = 0;
  for (; i + 1 < n; i += 2, at += 2 * step) {
    const [v, u] = [w[at] as number, w[at + step] as number];
    a += v * v * (x[i] as number);
    b += u * u * (x[i + 1] as number);
  }
  if (i < n) a += (w[at] as number) ** 2 * (x[i] as number);
  return a + b;
}

export interface Matrix {
  readonly data: Reals;
  readonly offset: number;
  readonly rows: number;
  readonly columns: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

/** `a · b`, dense; with `square` the squares of all elements of both. */
export function matmulWide(a: Matrix, b: Matrix, squareA = false, squareB = false): Float64Array<ArrayBuffer> {
  const y = new Float64Array(a.rows * b.columns);
  const byRows = Math.abs(b.columnStride) <= Math.abs(b.rowStride);
  const row = new Float64Array(a.columns);
  for (let i = 0; i < a.rows; i++) {
    for (let p = 0; p < a.columns; p++) {
      const v = a.data[a.offset + i * a.rowStride + p * a.columnStride] as number;
      row[p] = squareA ? v * v : v;
    }
    const to = i * b.columns;
    if (byRows)
      for (let p = 0; p < a.columns; p++) {
        const v = row[p] as number;
        let at = b.offset + p * b.rowStride;
        if (squareB)
          for (let j = 0; j < b.columns; j++, at += b.columnStride) y[to + j] = (y[to + j] as number) + v * (b.data[at] as number) ** 2;
        else for (let j = 0; j < b.columns; j++, at += b.columnStride) y[to + j] = (y[to + j] as number) + v * (b.data[at] as number);
      }
    else {
      const dot = squareB ? dotSquare : dotStrided;
      for (let j = 0; j < b.columns; j++) y[to + j] = dot(b.data, b.offset + j * b.columnStride, b.rowStride, row, a.columns);
    }
  }
  return y;
}
