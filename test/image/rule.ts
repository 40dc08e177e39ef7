// Pictures that follow a rule, so that what another program computed for them can be compared without shipping a picture.
import type { RgbImage } from "../../src/image/rgb.ts";

/** A number in [-1, 1) that belongs to a key and an index (all in 32-bit integers, then divided by 2^31). */
export function ruleValue(hash: number, i: number): number {
  let z = (hash + Math.imul(i, 0x9e3779b9)) >>> 0;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  z ^= z >>> 16;
  return (z >>> 0) / 2 ** 31 - 1;
}

export function fnv1a32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

export function ruleImage(kind: "noise" | "gradient", width: number, height: number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  const hash = fnv1a32(`image${width}x${height}`);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      if (kind === "noise") for (let c = 0; c < 3; c++) data[at + c] = Math.floor((ruleValue(hash, at + c) + 1) * 127.999);
      else {
        data[at] = Math.floor((255 * x) / Math.max(width - 1, 1));
        data[at + 1] = Math.floor((255 * y) / Math.max(height - 1, 1));
        data[at + 2] = 255 * ((Math.floor(x / 8) + Math.floor(y / 8)) % 2);
      }
    }
  }
  return { data, width, height };
}
