// Resizing as Pillow does it (and so torchvision on PIL images): a triangle filter that widens when shrinking, in 22-bit fixed point,
// first along rows, then along columns, rounded to 8 bits after each. Bit for bit the same result is what makes a model see the
// same picture as it did in training. Written from the algorithm (Pillow, "Resample.c": coefficients, precision, rounding).
import { checkRgb, checkSize, type RgbImage } from "./rgb.ts";

/** 32 bits less 8 for the value and 2 for the sum's head room. */
const PRECISION = 22;
const ONE = 1 << PRECISION;
const HALF = 1 << (PRECISION - 1);

/** For each output position: where its inputs begin, how many they are, and their weights in fixed point (`taps` apart). */
interface Filter {
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  readonly weights: Int32Array;
  readonly taps: number;
}

function triangleFilter(inputs: number, outputs: number): Filter {
  const scale = inputs / outputs;
  const spread = Math.max(scale, 1);
  const taps = Math.ceil(spread) * 2 + 1;
  const starts = new Int32Array(outputs);
  const counts = new Int32Array(outputs);
  const weights = new Int32Array(outputs * taps);
  const raw = new Float64Array(taps);
  for (let o = 0; o < outputs; o++) {
    const center = (o + 0.5) * scale;
    const start = Math.max(Math.trunc(center - spread + 0.5), 0);
    const count = Math.min(Math.trunc(center + spread + 0.5), inputs) - start;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const weight = Math.max(1 - Math.abs((i + start - center + 0.5) * (1 / spread)), 0);
      raw[i] = weight;
      sum += weight;
    }
    for (let i = 0; i < count; i++) weights[o * taps + i] = Math.trunc(((raw[i] as number) / sum) * ONE + 0.5);
    starts[o] = start;
    counts[o] = count;
  }
  return { starts, counts, weights, taps };
}

/**
 * The picture at another size, with Pillow's antialiased bilinear filter. Throws `ImageDataMismatch`, `InvalidArgument`.
 *
 * @example
 * const small = resize(await decode("cat.jpg"), 341, 256);
 */
export function resize(image: RgbImage, width: number, height: number): RgbImage {
  checkRgb("resize", image);
  checkSize("resize", "width", width);
  checkSize("resize", "height", height);
  let { data } = image;
  if (width !== image.width) data = resizeRows(data, image.width, image.height, width);
  if (height !== image.height) data = resizeColumns(data, width, image.height, height);
  return { data, width, height };
}

function resizeRows(data: Uint8Array, inputs: number, rows: number, outputs: number): Uint8Array {
  const { starts, counts, weights, taps } = triangleFilter(inputs, outputs);
  const out = new Uint8Array(rows * outputs * 3);
  for (let y = 0, at = 0; y < rows; y++) {
    for (let x = 0; x < outputs; x++) {
      let r = HALF;
      let g = HALF;
      let b = HALF;
      let from = (y * inputs + (starts[x] as number)) * 3;
      const end = x * taps + (counts[x] as number);
      for (let t = x * taps; t < end; t++, from += 3) {
        const weight = weights[t] as number;
        r += (data[from] as number) * weight;
        g += (data[from + 1] as number) * weight;
        b += (data[from + 2] as number) * weight;
      }
      out[at++] = clip(r);
      out[at++] = clip(g);
      out[at++] = clip(b);
    }
  }
  return out;
}

function resizeColumns(data: Uint8Array, width: number, inputs: number, outputs: number): Uint8Array {
  const { starts, counts, weights, taps } = triangleFilter(inputs, outputs);
  const row = width * 3;
  const out = new Uint8Array(outputs * row);
  const sums = new Int32Array(row);
  for (let y = 0; y < outputs; y++) {
    sums.fill(HALF);
    for (let t = 0; t < (counts[y] as number); t++) {
      const weight = weights[y * taps + t] as number;
      const from = ((starts[y] as number) + t) * row;
      for (let i = 0; i < row; i++) sums[i] = (sums[i] as number) + (data[from + i] as number) * weight;
    }
    for (let i = 0; i < row; i++) out[y * row + i] = clip(sums[i] as number);
  }
  return out;
}

function clip(sum: number): number {
  return Math.min(Math.max(sum >> PRECISION, 0), 255);
}
