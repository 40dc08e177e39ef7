// ImageDecoder: BMP and Netpbm files written here byte by byte, other formats through sharp, and files that are damaged.
import assert from "node:assert/strict";
import fc from "fast-check";
import sharp from "sharp";
import { IngotError } from "../../src/errors/error.ts";
import { decodeSync } from "../../src/image/codec.ts";
import { decodeBmp } from "../../src/ops/bmp.ts";
import { installImageCodec } from "../../src/ops/image-decoder.ts";
import { decodePnm } from "../../src/ops/pnm.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { infer, run } from "../support/run-op.ts";

installImageCodec(decodeSync);

const bytes = (data: Uint8Array) => Storage.of("uint8", Uint8Array.from(data), [data.length]);
const decode = (data: Uint8Array, pixel_format = "RGB") => {
  const [y] = run("ImageDecoder", [bytes(data)], { pixel_format }) as [Storage];
  return { shape: [...y.shape], values: y.toNumbers() };
};
const text = (s: string) => Buffer.from(s, "latin1");

/** A BMP with a header of 40 bytes. */
function bmp(
  width: number,
  height: number,
  bits: number,
  pixels: readonly number[],
  options: { compression?: number; palette?: number[]; masks?: number[] } = {},
) {
  const { compression = 0, palette = [], masks = [] } = options;
  const extra = Buffer.alloc(4 * masks.length);
  masks.forEach((m, i) => extra.writeUInt32LE(m, 4 * i));
  const head = Buffer.alloc(54);
  head.write("BM");
  head.writeUInt32LE(54 + extra.length + palette.length, 10);
  head.writeUInt32LE(40, 14);
  head.writeInt32LE(width, 18);
  head.writeInt32LE(height, 22);
  head.writeUInt16LE(1, 26);
  head.writeUInt16LE(bits, 28);
  head.writeUInt32LE(compression, 30);
  head.writeUInt32LE(palette.length / 4, 46);
  return Buffer.concat([head, extra, Buffer.from(palette), Buffer.from(pixels)]);
}
const redGreen = [0, 0, 255, 0, 0, 255, 0, 0];

describe("ImageDecoder on BMP", () => {
  it("reads 24 bits from the bottom row up, rows padded to four bytes", () => {
    const file = bmp(1, 2, 24, [1, 2, 3, 0, 4, 5, 6, 0]);
    assert.deepEqual(decode(file), { shape: [2, 1, 3], values: [6, 5, 4, 3, 2, 1] });
    assert.deepEqual(decode(file, "BGR").values, [4, 5, 6, 1, 2, 3]);
    assert.deepEqual(decode(bmp(1, -2, 24, [1, 2, 3, 0, 4, 5, 6, 0])).values, [3, 2, 1, 6, 5, 4]);
  });

  it("reads palettes of one, four and eight bits", () => {
    const rgb = [255, 0, 0, 0, 255, 0, 255, 0, 0];
    assert.deepEqual(decode(bmp(3, 1, 1, [0b01000000, 0, 0, 0], { palette: redGreen })).values, rgb);
    assert.deepEqual(decode(bmp(3, 1, 4, [0x01, 0x00, 0, 0], { palette: redGreen })).values, rgb);
    assert.deepEqual(decode(bmp(3, 1, 8, [0, 1, 0, 0], { palette: redGreen })).values, rgb);
    assert.throws(() => decode(bmp(1, 1, 8, [7, 0, 0, 0], { palette: redGreen })), { code: "ImageCorrupt" });
  });

  it("reads 16 bits and bit fields, scaled to 8", () => {
    assert.deepEqual(decode(bmp(1, 1, 16, [0xff, 0x7f, 0, 0])).values, [255, 255, 255]);
    assert.deepEqual(decode(bmp(1, 1, 16, [0x00, 0xf8, 0, 0], { compression: 3, masks: [0xf800, 0x7e0, 0x1f] })).values, [255, 0, 0]);
    assert.deepEqual(decode(bmp(1, 1, 32, [1, 2, 3, 99])).values, [3, 2, 1]);
  });

  it("reads runs: repeated, as they are, ends of rows and jumps", () => {
    const indices = (pixels: number[], compression: number, bits: number) =>
      decode(bmp(3, 2, bits, pixels, { compression, palette: [0, 0, 0, 0, 9, 9, 9, 0] })).values.filter((_, i) => i % 3 === 0);
    // Bottom row: 1 1 0; top row: 0 1 0.
    assert.deepEqual(indices([2, 1, 0, 0, 0, 3, 0, 1, 0, 0, 0, 1], 1, 8), [0, 9, 0, 9, 9, 0]);
    assert.deepEqual(indices([3, 0x11, 0, 2, 1, 0, 0, 1], 2, 4), [0, 0, 0, 9, 9, 9]);
  });

  it("refuses what is cut off or unknown", () => {
    const whole = bmp(2, 2, 24, new Array<number>(16).fill(5));
    assert.throws(() => decode(whole.subarray(0, 60)), { code: "ImageCorrupt" });
    assert.throws(() => decode(bmp(1, 1, 24, [1, 2, 3, 0], { compression: 4 })), { code: "ImageUnsupported" });
    assert.throws(() => decode(bmp(100_000, 100_000, 24, [])), { code: "ImageTooLarge" });
  });
});

describe("ImageDecoder on Netpbm", () => {
  it("reads grey and colour, as text and binary, with comments", () => {
    assert.deepEqual(decode(text("P2 # grey\n2 1\n# depth\n255\n7 200\n")), { shape: [1, 2, 3], values: [7, 7, 7, 200, 200, 200] });
    assert.deepEqual(decode(text("P3\n1 1\n10\n10 5 0")).values, [255, 128, 0]);
    assert.deepEqual(decode(Buffer.concat([text("P5\n2 1\n255\n"), Buffer.from([1, 2])]), "Grayscale"), {
      shape: [1, 2, 1],
      values: [1, 2],
    });
    assert.deepEqual(decode(Buffer.concat([text("P6\n1 1\n255\n"), Buffer.from([1, 2, 3])])).values, [1, 2, 3]);
    assert.deepEqual(decode(Buffer.concat([text("P5\n1 1\n65535\n"), Buffer.from([128, 0])]), "Grayscale").values, [128]);
  });

  it("reads bitmaps, in which 1 is black", () => {
    assert.deepEqual(decode(text("P1\n3 1\n010"), "Grayscale").values, [255, 0, 255]);
    assert.deepEqual(decode(Buffer.concat([text("P4\n3 1\n"), Buffer.from([0b01000000])]), "Grayscale").values, [255, 0, 255]);
  });

  it("refuses what is cut off or too deep", () => {
    assert.throws(() => decode(text("P2\n2 1\n255\n7")), { code: "ImageCorrupt" });
    assert.throws(() => decode(Buffer.concat([text("P6\n9 9\n255\n"), Buffer.from([1])])), { code: "ImageCorrupt" });
    assert.throws(() => decode(text("P2\n1 1\n10\n11")), { code: "ImageCorrupt" });
  });
});

describe("ImageDecoder on other formats", function () {
  this.timeout(60_000);
  const rgb = Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30);
  const picture = () => sharp(rgb, { raw: { width: 2, height: 2, channels: 3 } });

  it("waits for sharp, which decodes in a thread of its own", async () => {
    const png = await picture().png().toBuffer();
    assert.deepEqual(decode(png), { shape: [2, 2, 3], values: [...rgb] });
    assert.deepEqual(decode(png, "BGR").values.slice(0, 3), [0, 0, 255]);
    // Luma: 0.299 · 255, 0.587 · 255, 0.114 · 255.
    assert.deepEqual(decode(png, "Grayscale"), { shape: [2, 2, 1], values: [76, 150, 29, 18] });
    assert.deepEqual(decode(await picture().webp({ lossless: true }).toBuffer()).values, [...rgb]);
  });

  it("names what cannot be decoded", () => {
    assert.throws(() => decode(Uint8Array.of(1, 2, 3, 4)), { code: "ImageUnsupported" });
    assert.throws(() => decode(Uint8Array.of()), { code: "ImageUnsupported" });
    assert.throws(() => decode(text("P1\n1 1\n0"), "CMYK"), { code: "InvalidArgument" });
    assert.deepEqual(infer("ImageDecoder", [{ dtype: "uint8", shape: ["n"] }], { pixel_format: "Grayscale" }), ["uint8[?,?,1]"]);
  });
});

describe("the readers of BMP and Netpbm", () => {
  it("give only named errors for damaged files", () => {
    const files = [
      bmp(3, 2, 24, new Array<number>(24).fill(7)),
      bmp(3, 1, 8, [2, 1, 0, 1], { compression: 1, palette: redGreen }),
      text("P3\n2 1\n255\n1 2 3 4 5 6\n"),
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...files),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
        fc.nat(),
        (file, changes, cut) => {
          const damaged = Buffer.from(file);
          for (const [at, value] of changes) damaged[2 + (at % (damaged.length - 2))] = value;
          const data = damaged.subarray(0, 26 + (cut % (damaged.length - 25)));
          try {
            if (file[0] === 0x50) decodePnm(data);
            else decodeBmp(data);
          } catch (error) {
            assert.ok(error instanceof IngotError, String(error));
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
