import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import sharp from "sharp";
import { decode } from "../../src/image/decode.ts";
import { preprocess } from "../../src/image/index.ts";
import { preprocessRgb } from "../../src/image/preprocess.ts";
import { renderImage } from "../../src/image/render.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const pixels = { data: Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 8, 7, 100, 110, 120, 250, 251, 252), width: 3, height: 2 };
const raw = { width: 3, height: 2, channels: 3 as const };

describe("decoding a picture", () => {
  const inFolder = temporaryFolder();

  it("gives the pixels of a lossless file, from its path or its bytes", async () => {
    const png = await sharp(pixels.data, { raw }).png().toBuffer();
    writeFileSync(inFolder("a.png"), png);
    assert.deepEqual(await decode(png), pixels);
    assert.deepEqual(await decode(inFolder("a.png")), pixels);
  });

  it("decides by content, not by name, and decodes JPEG, WebP, GIF, TIFF and AVIF", async () => {
    for (const format of ["jpeg", "webp", "gif", "tiff", "avif"] as const) {
      const bytes = await sharp(renderImage(3, { width: 40, height: 20 }).data, { raw: { width: 40, height: 20, channels: 3 } })
        .toFormat(format)
        .toBuffer();
      const { data, width, height } = await decode(bytes);
      assert.deepEqual([format, width, height, data.length], [format, 40, 20, 2400]);
    }
  });

  it("makes three channels of grey, drops transparency, and reduces 16 bits to 8", async () => {
    const one = (channels: 1 | 4, data: Uint8Array) => sharp(data, { raw: { width: 1, height: 1, channels } });
    assert.deepEqual([...(await decode(await one(1, Uint8Array.of(77)).toColourspace("b-w").png().toBuffer())).data], [77, 77, 77]);
    assert.deepEqual(
      [
        ...(
          await decode(
            await one(4, Uint8Array.of(10, 20, 30, 0))
              .png()
              .toBuffer(),
          )
        ).data,
      ],
      [10, 20, 30],
    );
    const deep = await sharp(pixels.data, { raw }).toColourspace("rgb16").png().toBuffer();
    assert.deepEqual(await decode(deep), pixels);
  });

  it("turns the picture only when asked", async () => {
    const turned = await sharp(pixels.data, { raw }).png().withMetadata({ orientation: 6 }).toBuffer();
    assert.deepEqual(await decode(turned), pixels);
    const { width, height, data } = await decode(turned, { rotate: true });
    assert.deepEqual([width, height], [2, 3]);
    assert.deepEqual([...data.subarray(0, 6)], [9, 8, 7, 255, 0, 0]); // a quarter turn clockwise: the lower left comes first
  });

  it("names what is wrong with a file", async () => {
    const missing = inFolder("missing.jpg");
    await assert.rejects(decode(missing), { name: "FileError", code: "FileNotFound", summary: `there is no file at ${missing}` });
    await assert.rejects(decode(inFolder()), { code: "FileNotReadable" });
    const text = inFolder("cat.jpg");
    writeFileSync(text, "not a picture at all");
    await assert.rejects(decode(text), { name: "ImageError", code: "ImageUnsupported" });
    await assert.rejects(decode(new Uint8Array(0)), { code: "ImageUnsupported", summary: /it is empty/ });
    await assert.rejects(decode(new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')), {
      code: "ImageUnsupported",
      summary: /its format is svg/,
    });
    await assert.rejects(decode(7 as unknown as string), { code: "InvalidArgument" });
  });

  it("refuses a picture that is cut off", async () => {
    const image = renderImage(1, { width: 64, height: 64 });
    for (const format of ["jpeg", "png"] as const) {
      const whole = await sharp(image.data, { raw: { width: 64, height: 64, channels: 3 } })
        .toFormat(format)
        .toBuffer();
      await assert.rejects(decode(whole.subarray(0, whole.length >> 1)), { code: "ImageCorrupt" });
    }
  });

  it("refuses a picture beyond the limit, with its size", async () => {
    const png = await sharp(pixels.data, { raw }).png().toBuffer();
    await assert.rejects(decode(png, { maxPixels: 5 }), {
      code: "ImageTooLarge",
      summary: "the picture is 3 x 2 pixels, more than the limit of 5 pixels",
    });
    assert.equal((await decode(png, { maxPixels: 6 })).width, 3);
    await assert.rejects(decode(png, { maxPixels: 0 }), { code: "InvalidArgument" });
  });

  it("preprocesses a file into a tensor [1, 3, 224, 224]", async () => {
    const png = await sharp(pixels.data, { raw }).png().toBuffer();
    const x = await preprocess(png);
    assert.deepEqual(x.shape, [1, 3, 224, 224]);
    assert.equal(x.dtype, "float32");
    assert.deepEqual([...x.data.slice(0, 50)], [...(preprocessRgb(pixels).data as Float32Array).slice(0, 50)]);
  });
});
