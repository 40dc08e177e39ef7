// A decoded picture in memory, and the check that its data fit its size.
import { ingotError } from "../errors/error.ts";

/** 8-bit red, green and blue, interleaved, row by row: `data[(y * width + x) * 3 + channel]`. */
export interface RgbImage {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Throws `ImageDataMismatch` or `InvalidArgument` unless `image` is a picture of at least one pixel with 3 bytes for each. */
export function checkRgb(op: string, { data, width, height }: RgbImage): void {
  checkSize(op, "width", width);
  checkSize(op, "height", height);
  const expected = width * height * 3;
  if (data.length !== expected) throw ingotError("ImageDataMismatch", { op, actual: data.length, width, height, expected });
}

/** Throws `InvalidArgument` unless `value` is a whole number of pixels from 1. */
export function checkSize(op: string, name: string, value: number): void {
  if (Number.isInteger(value) && value >= 1) return;
  const actual = typeof value === "number" ? `${value}` : `${String(value)} (${typeof value})`;
  throw ingotError("InvalidArgument", {
    op,
    name,
    expected: "a whole number of pixels from 1",
    actual,
    hint: "Sizes are given in pixels.",
  });
}
