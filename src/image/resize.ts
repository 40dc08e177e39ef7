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

/** The filter from `inputs` to `outputs` positions, for the `length` of them from `begin`. */
function triangleFilter(inputs: number, outputs: number, begin: number, length: number): Filter {
  const scale = inputs / outputs;
  const spread = Math.max(scale, 1);
  const taps = Math.ceil(spread) * 2 + 1;
  const starts = new Int32Array(length);
  const counts = new Int32Array(length);
  const weights = new Int32Array(length * taps);
  const raw = new Float64Array(taps);
  for (let o = 0; o < length; o++) {
    const center = (begin + o + 0.5) * scale;
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

/** A rectangle of a picture, in pixels. */
export interface PicturePart {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * The picture at another size, with Pillow's antialiased bilinear filter. Throws `ImageDataMismatch`, `InvalidArgument`.
 *
 * @example
 * const small = resize(await decode("cat.jpg"), 341, 256);
 */
export function resize(image: RgbImage, width: number, height: number): RgbImage {
  return resizePart(image, width, height, { left: 0, top: 0, width, height });
}

/**
 * A part of the picture at another size: the pixels that cutting it out of the whole would give, and no others are computed. A picture of
 * 1 × 100,000 pixels scaled to a width of 256 has 6.5 thousand million pixels, of which a crop needs 50 thousand. Throws as `resize`.
 */
export function resizePart(image: RgbImage, width: number, height: number, part: PicturePart): RgbImage {
  checkRgb("resize", image);
  checkSize("resize", "width", width);
  checkSize("resize", "height", height);
  const across = width === image.width ? undefined : triangleFilter(image.width, width, part.left, part.width);
  const down = height === image.height ? undefined : triangleFilter(image.height, height, part.top, part.height);
  // Only the rows that the second step reads.
  const top = down ? (down.starts[0] as number) : part.top;
  const bottom = down ? (down.starts.at(-1) as number) + (down.counts.at(-1) as number) : part.top + part.height;
  const rows = across ? resizeRows(image, top, bottom, across) : cutRows(image, top, bottom, part);
  return { data: down ? resizeColumns(rows, part.width, top, down) : rows, width: part.width, height: part.height };
}

/** The rows from `top` to `bottom`, at the positions of the filter. */
function resizeRows({ data, width }: RgbImage, top: number, bottom: number, filter: Filter): Uint8Array {
  const { starts, counts, weights, taps } = filter;
  const outputs = starts.length;
  const out = new Uint8Array((bottom - top) * outputs * 3);
  for (let y = top, at = 0; y < bottom; y++) {
    for (let x = 0; x < outputs; x++) {
      let r = HALF;
      let g = HALF;
      let b = HALF;
      let from = (y * width + (starts[x] as number)) * 3;
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

/** The same rows where the width stays: the part's columns as they are. */
function cutRows({ data, width }: RgbImage, top: number, bottom: number, part: PicturePart): Uint8Array {
  if (part.width === width) return data.subarray(top * width * 3, bottom * width * 3);
  const out = new Uint8Array((bottom - top) * part.width * 3);
  for (let y = top; y < bottom; y++) {
    const from = (y * width + part.left) * 3;
    out.set(data.subarray(from, from + part.width * 3), (y - top) * part.width * 3);
  }
  return out;
}

/** `data` holds the rows from `top`, `width` pixels each. */
function resizeColumns(data: Uint8Array, width: number, top: number, filter: Filter): Uint8Array {
  const { starts, counts, weights, taps } = filter;
  const outputs = starts.length;
  const row = width * 3;
  const out = new Uint8Array(outputs * row);
  const sums = new Int32Array(row);
  for (let y = 0; y < outputs; y++) {
    sums.fill(HALF);
    for (let t = 0; t < (counts[y] as number); t++) {
      const weight = weights[y * taps + t] as number;
      const from = ((starts[y] as number) + t - top) * row;
      for (let i = 0; i < row; i++) sums[i] = (sums[i] as number) + (data[from + i] as number) * weight;
    }
    for (let i = 0; i < row; i++) out[y * row + i] = clip(sums[i] as number);
  }
  return out;
}

function clip(sum: number): number {
  return Math.min(Math.max(sum >> PRECISION, 0), 255);
}
