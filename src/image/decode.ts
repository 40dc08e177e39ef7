// Decoding a picture file to raw RGB. `sharp` does only that: no shrinking while loading, no colour profile, no rotation unless asked,
// because Pillow under torchvision does none of these either. It is loaded at the first call.
import { readFile } from "node:fs/promises";
import { IngotError, ingotError } from "../errors/error.ts";
import { fileError } from "../errors/file-error.ts";
import { maxPixels as largest } from "../ops/picture-bounds.ts";
import type { RgbImage } from "./rgb.ts";

export interface DecodeOptions {
  /** Turn the picture as its EXIF orientation says; false by default, as in Pillow and torchvision. */
  readonly rotate?: boolean;
  /** Larger pictures are refused before they are decoded; 2^28 pixels (268 million) by default. */
  readonly maxPixels?: number;
}

const formats: readonly string[] = ["jpeg", "png", "webp", "gif", "tiff", "heif"];
const formatNames = "JPEG, PNG, WebP, GIF, TIFF and AVIF";

/**
 * Decodes a file, or the bytes of one, to 8-bit RGB; transparency is dropped, grey becomes three equal channels.
 * Throws `FileNotFound`, `FileNotReadable`, `ImageUnsupported`, `ImageCorrupt`, `ImageTooLarge`, `ImageDecoderMissing`.
 *
 * @example
 * const { data, width, height } = await decode("cat.jpg");
 */
export async function decode(source: string | Uint8Array, options: DecodeOptions = {}): Promise<RgbImage> {
  const { rotate = false, maxPixels = largest } = options;
  if (!Number.isSafeInteger(maxPixels) || maxPixels < 1) {
    const hint = "It is the largest width * height that is decoded.";
    throw ingotError("InvalidArgument", {
      op: "decode",
      name: "maxPixels",
      expected: "an integer from 1",
      actual: String(maxPixels),
      hint,
    });
  }
  const image = typeof source === "string" ? source : "the picture";
  const bytes = await readSource(source);
  const sharp = await loadSharp();
  const unsupported = (what: string) => ingotError("ImageUnsupported", { image, what, formats: formatNames });
  if (bytes.length === 0) throw unsupported("it is empty");
  // `limitInputPixels` is off because the limit is checked below, where the size can be named.
  const picture = sharp(bytes, { limitInputPixels: false, ignoreIcc: true, failOn: "warning" });
  try {
    const { format, width, height } = await picture.metadata().catch((cause: unknown) => {
      throw /unsupported image format/i.test(String(cause)) ? unsupported("its content has no known format") : cause;
    });
    if (format === undefined || !formats.includes(format)) throw unsupported(`its format is ${format ?? "unknown"}`);
    if (width * height > maxPixels) throw ingotError("ImageTooLarge", { image, width, height, limit: maxPixels });
    const upright = rotate ? picture.rotate() : picture;
    const { data, info } = await upright.toColourspace("srgb").removeAlpha().raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
    return { data: new Uint8Array(data.buffer, data.byteOffset, data.length), width: info.width, height: info.height };
  } catch (cause) {
    if (cause instanceof IngotError) throw cause;
    const why = cause instanceof Error ? (cause.message.split("\n")[0] as string) : String(cause);
    throw ingotError("ImageCorrupt", { image, why }, { cause });
  }
}

async function readSource(source: string | Uint8Array): Promise<Uint8Array> {
  if (typeof source === "string") {
    return readFile(source).catch((cause) => {
      throw fileError("read", source, cause);
    });
  }
  if (source instanceof Uint8Array) return source;
  const actual = source === null ? "null" : typeof source;
  const hint = "Read the file first, or give its path.";
  throw ingotError("InvalidArgument", { op: "decode", name: "source", expected: "a path or a Uint8Array", actual, hint });
}

async function loadSharp() {
  try {
    return (await import("sharp")).default;
  } catch (cause) {
    const why = cause instanceof Error ? (cause.message.split("\n").find((line) => line.trim() !== "") ?? cause.name) : String(cause);
    throw ingotError("ImageDecoderMissing", { why }, { cause });
  }
}
