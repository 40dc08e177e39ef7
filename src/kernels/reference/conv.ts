// Convolution and its transpose in plain TypeScript, written straight from their definitions with float64 sums: the truth
// that the WebAssembly kernels are tested against, and the kernels of float64 and (decoded) float16.
import type { ConvGeometry } from "../conv-geometry.ts";
import type { Writable } from "./matmul.ts";

export interface ConvData {
  /** Dense `[N, C, ...spatial]`. */
  readonly x: ArrayLike<number>;
  readonly w: ArrayLike<number>;
  /** `[M]`, or null for none. */
  readonly bias: ArrayLike<number> | null;
  /** Dense `[N, M, ...spatial]`; every element is written. */
  readonly y: Writable<number>;
}

/** `y[n, m, o] = bias[m] + Σ x[n, c, o·stride − pad + k·dilation] · w[m, c, k]`, positions outside `x` counting as zero. */
export function convReference(g: ConvGeometry, { x, w, bias, y }: ConvData): void {
  const [id, ih, iw] = g.input;
  const [kd, kh, kw] = g.kernel;
  let at = 0;
  for (let n = 0; n < g.batch; n++) {
    for (let m = 0; m < g.groups * g.outChannels; m++) {
      const firstChannel = Math.floor(m / g.outChannels) * g.inChannels;
      eachPosition(g.output, (od, oh, ow) => {
        let sum = bias ? (bias[m] as number) : 0;
        for (let c = 0; c < g.inChannels; c++) {
          const xPlane = (n * g.groups * g.inChannels + firstChannel + c) * id * ih * iw;
          const wPlane = (m * g.inChannels + c) * kd * kh * kw;
          eachPosition(g.kernel, (d, h, v) => {
            const z = od * g.strides[0] - g.padBegin[0] + d * g.dilations[0];
            const r = oh * g.strides[1] - g.padBegin[1] + h * g.dilations[1];
            const q = ow * g.strides[2] - g.padBegin[2] + v * g.dilations[2];
            if (z < 0 || z >= id || r < 0 || r >= ih || q < 0 || q >= iw) return;
            sum += (x[xPlane + (z * ih + r) * iw + q] as number) * (w[wPlane + (d * kh + h) * kw + v] as number);
          });
        }
        y[at++] = sum;
      });
    }
  }
}

/** The transpose of a convolution: every `x[n, c, i]` adds `x · w[c, m, k]` to `y[n, m, i·stride − pad + k·dilation]`. */
export function convTransposeReference(g: ConvGeometry, { x, w, bias, y }: ConvData): void {
  const [id, ih, iw] = g.input;
  const [kd, kh, kw] = g.kernel;
  const [od, oh, ow] = g.output;
  const plane = new Float64Array(od * oh * ow);
  for (let n = 0; n < g.batch; n++) {
    for (let m = 0; m < g.groups * g.outChannels; m++) {
      plane.fill(bias ? (bias[m] as number) : 0);
      const firstChannel = Math.floor(m / g.outChannels) * g.inChannels;
      for (let c = firstChannel; c < firstChannel + g.inChannels; c++) {
        const xPlane = (n * g.groups * g.inChannels + c) * id * ih * iw;
        const wPlane = (c * g.outChannels + (m % g.outChannels)) * kd * kh * kw;
        eachPosition(g.input, (i, j, l) => {
          const value = x[xPlane + (i * ih + j) * iw + l] as number;
          eachPosition(g.kernel, (d, h, v) => {
            const z = i * g.strides[0] - g.padBegin[0] + d * g.dilations[0];
            const r = j * g.strides[1] - g.padBegin[1] + h * g.dilations[1];
            const q = l * g.strides[2] - g.padBegin[2] + v * g.dilations[2];
            if (z < 0 || z >= od || r < 0 || r >= oh || q < 0 || q >= ow) return;
            const to = (z * oh + r) * ow + q;
            plane[to] = (plane[to] as number) + value * (w[wPlane + (d * kh + h) * kw + v] as number);
          });
        });
      }
      const start = (n * g.groups * g.outChannels + m) * plane.length;
      for (let p = 0; p < plane.length; p++) y[start + p] = plane[p] as number;
    }
  }
}

function eachPosition([depth, height, width]: readonly [number, number, number], visit: (d: number, h: number, w: number) => void): void {
  for (let d = 0; d < depth; d++) for (let h = 0; h < height; h++) for (let w = 0; w < width; w++) visit(d, h, w);
}
