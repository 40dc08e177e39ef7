// From a picture to the input of a classifier, step by step as torchvision's evaluation transforms do it:
// Resize (short side) → CenterCrop → [0, 1] → normalise. Also in float32, so that values agree to the last bit but for the resize.
import { ingotError } from "../errors/error.ts";
import { Storage } from "../tensor/storage.ts";
import { resize, resizePart } from "./resize.ts";
import { checkRgb, checkSize, type RgbImage } from "./rgb.ts";

/** Three numbers, for red, green and blue. */
export type PerChannel = readonly [number, number, number];

export interface PreprocessOptions {
  /** Length of the short side after resizing, in pixels (256 by default); `false` leaves the size. */
  readonly resize?: number | false;
  /** Side of the square cut from the middle, in pixels (224 by default); `false` leaves the picture whole. */
  readonly crop?: number | false;
  /** Subtracted, per channel, from values in [0, 1]; ImageNet's [0.485, 0.456, 0.406] by default. */
  readonly mean?: PerChannel;
  /** Divided by, per channel; ImageNet's [0.229, 0.224, 0.225] by default. */
  readonly std?: PerChannel;
}

const imageNetMean: PerChannel = [0.485, 0.456, 0.406];
const imageNetStd: PerChannel = [0.229, 0.224, 0.225];

/**
 * A raw picture as a float32 storage of shape [1, 3, H, W]. Throws `ImageDataMismatch`, `InvalidArgument`.
 *
 * @example
 * preprocessRgb({ data, width: 500, height: 375 }); // shape [1, 3, 224, 224]
 */
export function preprocessRgb(image: RgbImage, options: PreprocessOptions = {}): Storage {
  const { resize: shortSide = 256, crop = 224, mean = imageNetMean, std = imageNetStd } = options;
  checkRgb("preprocess", image);
  if (shortSide !== false) checkSize("preprocess", "resize", shortSide);
  if (crop !== false) checkSize("preprocess", "crop", crop);
  checkChannels("mean", mean, Number.isFinite, "three finite numbers");
  checkChannels("std", std, (v) => Number.isFinite(v) && v > 0, "three numbers above 0");
  const { width, height } = shortSide === false ? image : scaledSize(image, shortSide);
  if (crop === false) return normalise(resize(image, width, height), mean, std);
  // What is cut off is not computed; a side that is shorter than the crop is padded.
  const [across, down] = [Math.min(width, crop), Math.min(height, crop)];
  const part = { left: cropStart(width, across), top: cropStart(height, down), width: across, height: down };
  return normalise(centerCrop(resizePart(image, width, height, part), crop), mean, std);
}

/** Scales the short side to `size` and the long side in proportion, rounded down, as torchvision's `Resize(size)`. */
export function resizeShortSide(image: RgbImage, size: number): RgbImage {
  const { width, height } = scaledSize(image, size);
  return resize(image, width, height);
}

function scaledSize({ width, height }: RgbImage, size: number): { readonly width: number; readonly height: number } {
  return width <= height
    ? { width: size, height: Math.trunc((size * height) / width) }
    : { width: Math.trunc((size * width) / height), height: size };
}

/** The `size` × `size` middle; a picture that is smaller is first padded with zeros, as torchvision's `CenterCrop(size)`. */
export function centerCrop(image: RgbImage, size: number): RgbImage {
  const left = cropStart(image.width, size);
  const top = cropStart(image.height, size);
  const data = new Uint8Array(size * size * 3);
  const from = Math.max(left, 0);
  const to = Math.min(left + size, image.width);
  for (let y = Math.max(top, 0); y < Math.min(top + size, image.height); y++) {
    const row = image.data.subarray((y * image.width + from) * 3, (y * image.width + to) * 3);
    data.set(row, ((y - top) * size + (from - left)) * 3);
  }
  return { data, width: size, height: size };
}

/** Where the crop begins: half the excess, ties to the even number (Python's `round`); negative where the picture is padded. */
function cropStart(length: number, size: number): number {
  if (length < size) return -Math.floor((size - length) / 2);
  const excess = length - size;
  const half = Math.floor(excess / 2);
  return excess % 2 === 1 && half % 2 === 1 ? half + 1 : half;
}

function normalise({ data, width, height }: RgbImage, mean: PerChannel, std: PerChannel): Storage {
  const plane = width * height;
  const out = new Float32Array(3 * plane);
  for (const c of [0, 1, 2] as const) {
    const m = Math.fround(mean[c]);
    const s = Math.fround(std[c]);
    // One rounding after each step, as float32 arithmetic makes them; there are only 256 values to compute.
    const table = Float32Array.from({ length: 256 }, (_, byte) => Math.fround(Math.fround(Math.fround(byte / 255) - m) / s));
    for (let i = 0, p = c; i < plane; i++, p += 3) out[c * plane + i] = table[data[p] as number] as number;
  }
  return Storage.of("float32", out, [1, 3, height, width]);
}

function checkChannels(name: string, values: PerChannel, valid: (v: number) => boolean, expected: string): void {
  if (Array.isArray(values) && values.length === 3 && values.every(valid)) return;
  const actual = JSON.stringify(values);
  throw ingotError("InvalidArgument", { op: "preprocess", name, expected, actual, hint: "Give one number each for red, green and blue." });
}
