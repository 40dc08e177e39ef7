// Resize, one dimension at a time: where each output place lies in the input, and which input places it is made of with which weights.
// Source: ONNX Resize-19.

export type CoordinateMode =
  | "half_pixel"
  | "half_pixel_symmetric"
  | "pytorch_half_pixel"
  | "align_corners"
  | "asymmetric"
  | "tf_crop_and_resize"
  | "tf_half_pixel_for_nn";

/** One dimension of a Resize. `size · scale` need not be whole: `output` is what became of it. */
export interface ResizedAxis {
  readonly size: number;
  readonly output: number;
  readonly scale: number;
  /** The part of the input to show, from 0 to 1; for tf_crop_and_resize. */
  readonly start: number;
  readonly end: number;
}

/** Scales are float32: the quotient is rounded like them, so that what lies half way between two places does so exactly. */
const divided = (x: number, scale: number): number => Math.fround(x / scale);

/** The place in the input, as a real number, of output place `x`. */
export const coordinateModes: { readonly [M in CoordinateMode]: (x: number, a: ResizedAxis) => number } = {
  half_pixel: (x, { scale }) => divided(x + 0.5, scale) - 0.5,
  half_pixel_symmetric: (x, { size, output, scale }) =>
    Math.fround(Math.fround((size / 2) * (1 - output / (scale * size))) + divided(x + 0.5, scale)) - 0.5,
  pytorch_half_pixel: (x, { output, scale }) => (output > 1 ? divided(x + 0.5, scale) - 0.5 : 0),
  // The length before rounding down is meant here, which matters for scales that do not fit.
  align_corners: (x, { size, scale }) => (scale * size === 1 ? 0 : (x * (size - 1)) / (scale * size - 1)),
  asymmetric: (x, { scale }) => divided(x, scale),
  tf_crop_and_resize: (x, { size, output, start, end }) =>
    // The region is float32: one from 0.2 to 1.2 is as long as the input, and 0.1 of five places is half of one.
    output > 1
      ? Math.fround(start * (size - 1)) + (x * Math.fround(end - start) * (size - 1)) / (output - 1)
      : 0.5 * (start + end) * (size - 1),
  // Only in opset 11.
  tf_half_pixel_for_nn: (x, { scale }) => divided(x + 0.5, scale),
};

export type NearestMode = "round_prefer_floor" | "round_prefer_ceil" | "floor" | "ceil";

/** Which whole place stands for a real one. */
export const nearestModes: { readonly [M in NearestMode]: (x: number) => number } = {
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

/** The kernels: weight at distance `x`, and how far they reach. */
export const resizeKernels: {
  readonly [M in "linear" | "cubic"]: { readonly radius: number; readonly weight: (x: number, a: number) => number };
} = {
  linear: { radius: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  cubic: {
    radius: 2,
    // R. Keys, "Cubic convolution interpolation for digital image processing", 1981.
    weight(distance, a) {
      const x = Math.abs(distance);
      if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
      return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
    },
  },
};

/** For each output place its input places and weights, `taps` of each. Places outside the input show its edge, unless excluded. */
export interface TapTable {
  readonly taps: number;
  readonly places: Int32Array;
  readonly weights: Float64Array;
  /** Output places whose coordinate lies outside the input; for tf_crop_and_resize. */
  readonly outside: readonly boolean[];
}

export interface InterpolationOptions {
  readonly coordinates: CoordinateMode;
  readonly mode: "linear" | "cubic";
  readonly cubicCoefficient: number;
  readonly antialias: boolean;
  readonly excludeOutside: boolean;
}

/** Works out the taps of one dimension. With `antialias` the kernel widens as the image shrinks. */
export function tapTable(axis: ResizedAxis, options: InterpolationOptions): TapTable {
  const { radius, weight } = resizeKernels[options.mode];
  const squeeze = options.antialias ? Math.min(axis.scale, 1) : 1;
  // From floor(x) + first to floor(x) + 1 − first: every place nearer than radius / squeeze.
  const first = Math.floor(-radius / squeeze) + 1;
  const taps = 2 - 2 * first;
  const places = new Int32Array(axis.output * taps);
  const weights = new Float64Array(axis.output * taps);
  const outside: boolean[] = [];
  for (let o = 0; o < axis.output; o++) {
    const x = coordinateModes[options.coordinates](o, axis);
    outside.push(x < 0 || x > axis.size - 1);
    const whole = Math.floor(x);
    let sum = 0;
    for (let k = 0; k < taps; k++) {
      const p = whole + first + k;
      const beyond = p < 0 || p >= axis.size;
      const w = beyond && options.excludeOutside ? 0 : weight((p - x) * squeeze, options.cubicCoefficient);
      places[o * taps + k] = Math.min(Math.max(p, 0), axis.size - 1);
      weights[o * taps + k] = w;
      sum += w;
    }
    // Without widening or exclusion the weights add up to one by themselves.
    if (options.antialias || options.excludeOutside)
      for (let k = 0; k < taps; k++) weights[o * taps + k] = (weights[o * taps + k] as number) / (sum === 0 ? 1 : sum);
  }
  return { taps, places, weights, outside };
}

/** Resizes the middle dimension of dense `x: [outer, size, inner]`. */
export function interpolate(x: ArrayLike<number>, outer: number, size: number, inner: number, table: TapTable): Float64Array<ArrayBuffer> {
  const { taps, places, weights } = table;
  const output = table.outside.length;
  const y = new Float64Array(outer * output * inner);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < output; i++) {
      const to = (o * output + i) * inner;
      for (let k = 0; k < taps; k++) {
        const w = weights[i * taps + k] as number;
        if (w === 0) continue;
        const from = (o * size + (places[i * taps + k] as number)) * inner;
        for (let j = 0; j < inner; j++) y[to + j] = (y[to + j] as number) + w * (x[from + j] as number);
      }
    }
  }
  return y;
}
