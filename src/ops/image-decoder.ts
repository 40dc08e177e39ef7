// ImageDecoder: the bytes of a picture file to its pixels. BMP and PNM are read here; other formats by a codec that a layer above installs,
// because the library for them belongs to src/image.
import { ingotError } from "../errors/error.ts";
import { unknownDim } from "../ir/dim.ts";
import { tensorType } from "../ir/type.ts";
import { Storage } from "../tensor/storage.ts";
import { decodeBmp, isBmp } from "./bmp.ts";
import { defineOp, string } from "./define.ts";
import { requireRank, requireWord } from "./infer.ts";
import { decodePnm, isPnm } from "./pnm.ts";

/** 8-bit red, green and blue, interleaved, row by row. */
export interface Pixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Decodes formats that are not read here; throws `ImageError`s. */
export type ImageCodec = (bytes: Uint8Array) => Pixels;

let codec: ImageCodec = () => {
  throw ingotError("ImageDecoderMissing", { why: "nothing has installed it: import ingot/image" });
};

/** Sets what decodes JPEG, PNG, WebP and the like. */
export function installImageCodec(decode: ImageCodec): void {
  codec = decode;
}

const pixelFormats: Readonly<
  Record<string, { readonly channels: number; readonly write: (rgb: Uint8Array, at: number, to: Uint8Array, out: number) => void }>
> = {
  RGB: {
    channels: 3,
    write(rgb, at, to, out) {
      for (let k = 0; k < 3; k++) to[out + k] = rgb[at + k] as number;
    },
  },
  BGR: {
    channels: 3,
    write(rgb, at, to, out) {
      for (let k = 0; k < 3; k++) to[out + k] = rgb[at + 2 - k] as number;
    },
  },
  Grayscale: {
    channels: 1,
    // Luma of ITU-R BT.601 in 16 bits of fixed point, rounded.
    write(rgb, at, to, out) {
      const [r, g, b] = [rgb[at], rgb[at + 1], rgb[at + 2]] as [number, number, number];
      to[out] = (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
    },
  },
};

/** `[bytes]` of a file to `[height, width, 3 or 1]`. JPEG 2000 is not decoded: the library has no decoder for it. */
export const imageDecoder = defineOp("ImageDecoder", {
  since: [20],
  inputs: ["encoded_stream: uint8"],
  outputs: ["image: uint8"],
  attributes: { pixel_format: string("RGB") },
  accuracy: "approximate",
  infer(c) {
    requireWord(c, "pixel_format", Object.keys(pixelFormats), "It says which channels the output has, in which order.");
    const { channels } = pixelFormats[c.attributes.pixel_format as string] as (typeof pixelFormats)[string];
    requireRank(c, 0, "encoded_stream", 1);
    return [tensorType("uint8", [unknownDim(), unknownDim(), channels])];
  },
  eval({ encoded_stream }, { pixel_format }) {
    const bytes = encoded_stream.dense() as Uint8Array;
    const { data, width, height } = isBmp(bytes) ? decodeBmp(bytes) : isPnm(bytes) ? decodePnm(bytes) : codec(bytes);
    const { channels, write } = pixelFormats[pixel_format] as (typeof pixelFormats)[string];
    const y = Storage.empty("uint8", [height, width, channels]);
    const to = y.dense() as Uint8Array;
    for (let i = 0; i < width * height; i++) write(data, i * 3, to, i * channels);
    return y;
  },
});
