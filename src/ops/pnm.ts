// Netpbm pictures (P1 to P6): bitmaps, grey maps and pixel maps, as text or binary. Source: the netpbm format pages.
import type { Pixels } from "./image-decoder.ts";
import { checkPictureSize, corruptPicture as corrupt } from "./picture-bounds.ts";

interface PnmKind {
  readonly channels: 1 | 3;
  readonly text: boolean;
  readonly bitmap: boolean;
}

const kinds: Readonly<Record<string, PnmKind>> = {
  P1: { channels: 1, text: true, bitmap: true },
  P2: { channels: 1, text: true, bitmap: false },
  P3: { channels: 3, text: true, bitmap: false },
  P4: { channels: 1, text: false, bitmap: true },
  P5: { channels: 1, text: false, bitmap: false },
  P6: { channels: 3, text: false, bitmap: false },
};

const kindOf = (bytes: Uint8Array): PnmKind | undefined => kinds[String.fromCharCode(...bytes.subarray(0, 2))];

/** True for a file that begins as a Netpbm picture does. */
export function isPnm(bytes: Uint8Array): boolean {
  return kindOf(bytes) !== undefined && isSpace(bytes[2]);
}

const isSpace = (byte: number | undefined): boolean => byte === 0x20 || (byte !== undefined && byte >= 9 && byte <= 13);
const newline = 10;
const hash = 0x23;

class PnmReader {
  readonly #bytes: Uint8Array;
  at = 2;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Over white space and comments, which run to the end of their line. */
  #skip(): void {
    for (;;) {
      const byte = this.#bytes[this.at];
      if (byte === hash) while (this.at < this.#bytes.length && this.#bytes[this.at] !== newline) this.at++;
      else if (!isSpace(byte)) return;
      this.at++;
    }
  }

  /** A decimal number of at most `length` digits. */
  number(length = 9): number {
    this.#skip();
    let value = 0;
    let count = 0;
    for (; count < length; count++, this.at++) {
      const digit = (this.#bytes[this.at] ?? 0) - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (count === 0) throw corrupt(`a number is missing at byte ${this.at}`);
    return value;
  }
}

/** Throws `ImageCorrupt` and `ImageTooLarge`. Samples of any depth are scaled to 8 bits. */
export function decodePnm(bytes: Uint8Array): Pixels {
  const kind = kindOf(bytes) as PnmKind;
  const reader = new PnmReader(bytes);
  const width = reader.number();
  const height = reader.number();
  const most = kind.bitmap ? 1 : reader.number();
  if (width < 1 || height < 1 || most < 1 || most > 65535) throw corrupt(`${width} x ${height} with samples up to ${most} is no picture`);
  checkPictureSize(width, height);
  const sample = kind.text ? textSamples(reader, kind) : binarySamples(bytes, reader.at + 1, kind, width, height, most);
  const scale = (v: number): number => {
    if (v > most) throw corrupt(`a sample of ${v} is more than ${most}`);
    // In a bitmap, 1 is black.
    return kind.bitmap ? 255 * (1 - v) : Math.round((v * 255) / most);
  };
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++)
    for (let k = 0; k < 3; k++)
      data[i * 3 + k] = kind.channels === 3 || k === 0 ? scale(sample(i * kind.channels + k)) : (data[i * 3] as number);
  return { data, width, height };
}

/** Samples in the order of the file. The digits of a bitmap need no space between them. */
function textSamples(reader: PnmReader, { bitmap }: PnmKind): (i: number) => number {
  return () => reader.number(bitmap ? 1 : 9);
}

function binarySamples(bytes: Uint8Array, from: number, kind: PnmKind, width: number, height: number, most: number): (i: number) => number {
  const size = most > 255 ? 2 : 1;
  const row = kind.bitmap ? Math.ceil(width / 8) : width * kind.channels * size;
  if (bytes.length - from < row * height)
    throw corrupt(`it has ${Math.max(0, bytes.length - from)} bytes of pixels, ${row * height} are needed`);
  const byte = (at: number) => bytes[from + at] as number;
  if (kind.bitmap) return (i) => (byte(Math.floor(i / width) * row + ((i % width) >> 3)) >> (7 - ((i % width) & 7))) & 1;
  return size === 1 ? byte : (i) => byte(2 * i) * 256 + byte(2 * i + 1);
}
