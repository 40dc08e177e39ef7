// BMP pictures: palettes of 1, 4 and 8 bits (also run-length encoded), 16, 24 and 32 bits, bit fields, rows from either end.
// Source: Microsoft's description of the bitmap headers.
import { ingotError } from "../errors/error.ts";
import type { Pixels } from "./image-decoder.ts";
import { checkPictureSize, corruptPicture as corrupt, picture } from "./picture-bounds.ts";

/** True for a file that begins as a BMP picture does. */
export function isBmp(bytes: Uint8Array): boolean {
  return bytes[0] === 0x42 && bytes[1] === 0x4d && bytes.length >= 26;
}

const compressions = { none: 0, rle8: 1, rle4: 2, fields: 3, alphaFields: 6 } as const;

interface Header {
  readonly width: number;
  readonly height: number;
  readonly topDown: boolean;
  readonly bits: number;
  readonly compression: number;
  /** Where the pixels are. */
  readonly pixels: number;
  /** Where the palette is, how many colours it has, and bytes per colour. */
  readonly palette: { readonly at: number; readonly count: number; readonly size: number };
  /** The bits of red, green and blue in 16 and 32-bit pixels. */
  readonly masks: readonly [number, number, number];
}

function readHeader(view: DataView): Header {
  const pixels = view.getUint32(10, true);
  const size = view.getUint32(14, true);
  const old = size === 12;
  if (!old && size < 40)
    throw ingotError("ImageUnsupported", { image: picture, what: `a BMP header of ${size} bytes`, formats: "BMP of Windows 2 and later" });
  const width = old ? view.getUint16(18, true) : view.getInt32(18, true);
  const signed = old ? view.getUint16(20, true) : view.getInt32(22, true);
  const bits = view.getUint16(old ? 24 : 28, true);
  const compression = old ? 0 : view.getUint32(30, true);
  const height = Math.abs(signed);
  if (width < 1 || height < 1) throw corrupt(`${width} x ${signed} is no size`);
  checkPictureSize(width, height);
  const bitFields = compression === compressions.fields || compression === compressions.alphaFields;
  const masks: Header["masks"] = bitFields
    ? [view.getUint32(54, true), view.getUint32(58, true), view.getUint32(62, true)]
    : bits === 16
      ? [0x7c00, 0x3e0, 0x1f]
      : [0xff0000, 0xff00, 0xff];
  const given = old ? 0 : view.getUint32(46, true);
  const count = bits <= 8 ? given || 2 ** bits : 0;
  if (count > 256) throw corrupt(`its palette has ${count} colours`);
  const at = 14 + size + (bitFields && size === 40 ? (compression === compressions.fields ? 12 : 16) : 0);
  return { width, height, topDown: signed < 0, bits, compression, pixels, palette: { at, count, size: old ? 3 : 4 }, masks };
}

/** Throws `ImageCorrupt`, `ImageUnsupported` and `ImageTooLarge`. Transparency is dropped. */
export function decodeBmp(bytes: Uint8Array): Pixels {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return decodePixels(bytes, view, readHeader(view));
  } catch (cause) {
    if (cause instanceof RangeError) throw corrupt("it is cut off");
    throw cause;
  }
}

function decodePixels(bytes: Uint8Array, view: DataView, header: Header): Pixels {
  const { width, height, topDown, bits, compression, palette } = header;
  const runs = (compression === compressions.rle8 && bits === 8) || (compression === compressions.rle4 && bits === 4);
  const plain =
    compression === compressions.none ||
    ((bits === 16 || bits === 32) && [compressions.fields, compressions.alphaFields].includes(compression as 3));
  if (![1, 4, 8, 16, 24, 32].includes(bits) || !(runs || plain))
    throw ingotError("ImageUnsupported", {
      image: picture,
      what: `a BMP of ${bits} bits with compression ${compression}`,
      formats: "BMP of 1, 4, 8, 16, 24 and 32 bits, plain or run-length encoded",
    });
  const data = new Uint8Array(width * height * 3);
  const indices = runs ? decodeRuns(bytes, header) : undefined;
  const stride = Math.floor((bits * width + 31) / 32) * 4;
  const colour = colourReader(view, header);
  for (let y = 0; y < height; y++) {
    const to = (topDown ? y : height - 1 - y) * width * 3;
    const row = header.pixels + y * stride;
    for (let x = 0; x < width; x++) {
      if (bits > 8) {
        colour(row + (x * bits) / 8, data, to + 3 * x);
        continue;
      }
      const index = indices ? (indices[y * width + x] as number) : indexAt(view, row, x, bits);
      if (index >= palette.count) throw corrupt(`a pixel has colour ${index} of ${palette.count}`);
      const at = palette.at + index * palette.size;
      for (let k = 0; k < 3; k++) data[to + 3 * x + k] = view.getUint8(at + 2 - k);
    }
  }
  return { data, width, height };
}

/** Several pixels to a byte, the first in the highest bits. */
function indexAt(view: DataView, row: number, x: number, bits: number): number {
  const place = x * bits;
  return (view.getUint8(row + (place >> 3)) >> (8 - bits - (place & 7))) & (2 ** bits - 1);
}

/** Reads the colour of a pixel of 16, 24 or 32 bits. */
function colourReader(view: DataView, { bits, masks }: Header): (at: number, to: Uint8Array, out: number) => void {
  if (bits === 24)
    return (at, to, out) => {
      for (let k = 0; k < 3; k++) to[out + k] = view.getUint8(at + 2 - k);
    };
  const parts = masks.map((mask) => {
    const shift = mask === 0 ? 0 : 31 - Math.clz32(mask & -mask);
    return { mask, shift, most: mask >>> shift };
  });
  return (at, to, out) => {
    const pixel = bits === 16 ? view.getUint16(at, true) : view.getUint32(at, true);
    for (const [k, { mask, shift, most }] of parts.entries())
      to[out + k] = most === 0 ? 0 : Math.floor((((pixel & mask) >>> shift) * 255) / most);
  };
}

/** Run-length encoded indices, rows from the bottom: a count and a colour, or 0 and: end of row, end, a jump, or pixels as they are. */
function decodeRuns(bytes: Uint8Array, { width, height, bits, pixels }: Header): Uint8Array {
  const out = new Uint8Array(width * height);
  let [x, y, at] = [0, 0, pixels];
  const next = (): number => {
    const byte = bytes[at++];
    if (byte === undefined) throw corrupt("it is cut off");
    return byte;
  };
  const put = (index: number) => {
    if (x < width && y < height) out[y * width + x] = index;
    x++;
  };
  const half = (byte: number, i: number) => (bits === 8 ? byte : i % 2 === 0 ? byte >> 4 : byte & 15);
  while (y < height) {
    const count = next();
    const byte = next();
    if (count > 0) for (let i = 0; i < count; i++) put(half(byte, i));
    else if (byte === 0) [x, y] = [0, y + 1];
    else if (byte === 1) return out;
    else if (byte === 2) {
      x += next();
      y += next();
    } else {
      const from = at;
      const length = bits === 8 ? byte : Math.ceil(byte / 2);
      for (let i = 0; i < byte; i++) put(half(bytes[from + (bits === 8 ? i : i >> 1)] ?? 0, i));
      at = from + length + (length % 2);
    }
  }
  return out;
}
