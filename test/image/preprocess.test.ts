import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { centerCrop, type PreprocessOptions, preprocessRgb, resizeShortSide } from "../../src/image/preprocess.ts";
import type { RgbImage } from "../../src/image/rgb.ts";
import { fnv1a32, ruleImage, ruleValue } from "./rule.ts";

const picture = (width: number, height: number, data = Uint8Array.from({ length: width * height * 3 }, (_, i) => i)): RgbImage => ({
  data,
  width,
  height,
});
const reds = ({ data }: RgbImage) => [...data].filter((_, i) => i % 3 === 0);

describe("preprocessing a picture", () => {
  it("scales the short side and keeps the proportion, rounding the long side down", () => {
    const size = (w: number, h: number) => {
      const { width, height } = resizeShortSide(picture(w, h), 4);
      return [width, height];
    };
    assert.deepEqual(size(8, 6), [5, 4]);
    assert.deepEqual(size(6, 8), [4, 5]);
    assert.deepEqual(size(5, 5), [4, 4]);
  });

  it("cuts out the middle, a half pixel going to the even side", () => {
    const row = (width: number) =>
      picture(
        width,
        1,
        Uint8Array.from({ length: width * 3 }, (_, i) => Math.floor(i / 3)),
      );
    assert.deepEqual(reds(centerCrop(row(3), 1)), [1]);
    assert.deepEqual(reds(centerCrop(row(2), 1)), [0]); // excess 1: round(0.5) = 0
    assert.deepEqual(reds(centerCrop(row(4), 1)), [2]); // excess 3: round(1.5) = 2
    assert.deepEqual(reds(centerCrop(row(6), 1)), [2]); // excess 5: round(2.5) = 2
  });

  it("pads a picture that is smaller than the crop with zeros", () => {
    const cropped = centerCrop(picture(1, 1, Uint8Array.of(7, 8, 9)), 4);
    const expected = new Array<number>(16).fill(0);
    expected[5] = 7; // one before, two after: the middle rounds up
    assert.deepEqual(reds(cropped), expected);
  });

  it("computes only what the crop leaves: the same pixels as cutting the whole resized picture, in memory for a line of any length", () => {
    for (const [w, h] of [
      [9, 7],
      [40, 17],
      [6, 31],
      [5, 5],
    ] as const) {
      const image = picture(w, h);
      for (const [resize, crop] of [
        [8, 5],
        [6, 8],
        [5, 5],
      ] as const) {
        const whole = centerCrop(resizeShortSide(image, resize), crop);
        const expected = preprocessRgb(whole, { resize: false, crop: false }).data;
        assert.deepEqual(preprocessRgb(image, { resize, crop }).data, expected, `${w} x ${h} to ${resize}, ${crop}`);
      }
    }
    const line = preprocessRgb(picture(1, 200_000, new Uint8Array(600_000).fill(51)), { mean: [0, 0, 0], std: [1, 1, 1] });
    assert.deepEqual(line.shape, [1, 3, 224, 224]);
    assert.ok((line.data as Float32Array).every((v) => v === Math.fround(0.2)));
  });

  it("gives planes of (value / 255 - mean) / std", () => {
    const image = picture(1, 1, Uint8Array.of(0, 255, 51));
    const s = preprocessRgb(image, { resize: false, crop: false, mean: [0.5, 0, 0], std: [0.5, 2, 1] });
    assert.deepEqual(s.shape, [1, 3, 1, 1]);
    assert.deepEqual([...(s.data as Float32Array)], [-1, 0.5, Math.fround(0.2)]);
    assert.deepEqual(preprocessRgb(picture(30, 20)).shape, [1, 3, 224, 224]);
  });

  it("refuses data that do not fit the size, and options that make no sense", () => {
    assert.throws(() => preprocessRgb(picture(2, 2, new Uint8Array(11))), { name: "ImageError", code: "ImageDataMismatch" });
    assert.throws(() => preprocessRgb(picture(0, 2, new Uint8Array(0))), { code: "InvalidArgument" });
    const wrong: unknown[] = [
      { resize: 0 },
      { resize: 2.5 },
      { crop: -1 },
      { crop: "224" },
      { mean: [1, 2] },
      { std: [1, 0, 1] },
      { mean: [1, 2, Number.NaN] },
    ];
    for (const options of wrong)
      assert.throws(() => preprocessRgb(picture(2, 2), options as PreprocessOptions), { code: "InvalidArgument" });
  });
});

interface Case {
  readonly kind: "noise" | "gradient";
  readonly width: number;
  readonly height: number;
  readonly resized: readonly [number, number];
  readonly pixels: readonly {
    readonly y: number;
    readonly x: number;
    readonly rgb: readonly number[];
    readonly normalised: readonly number[];
  }[];
  readonly mean_rgb: readonly number[];
  readonly mean: number;
  readonly std: number;
}

describe("preprocessing as torchvision on Pillow", () => {
  const folder = process.env.INGOT_TEST_DATA;
  let cases: readonly Case[] = [];
  before(function () {
    if (folder === undefined) {
      console.error("SKIPPED: INGOT_TEST_DATA names no folder, so preprocessing is not compared with torchvision's outputs");
      this.skip();
    }
    cases = JSON.parse(readFileSync(join(folder, "models", "preprocess-outputs.json"), "utf8")).cases;
  });

  it("makes the pictures by the same rule", () => {
    assert.equal(fnv1a32("input"), 4191711099);
    assert.deepEqual(
      [0, 1, 2, 3].map((i) => ruleValue(fnv1a32("input"), i)),
      [0.5980662722140551, 0.3703484949655831, 0.9605294466018677, -0.9915206991136074],
    );
  });

  it("agrees in every sampled value within 1 of 255, in at least 99 % exactly, and in mean and spread", () => {
    let exact = 0;
    let total = 0;
    for (const { kind, width, height, resized, pixels, mean_rgb, mean, std } of cases) {
      const label = `${kind} ${width}x${height}`;
      const small = resizeShortSide(ruleImage(kind, width, height), 256);
      assert.deepEqual([small.width, small.height], resized, label);
      const cropped = centerCrop(small, 224);
      const values = preprocessRgb(ruleImage(kind, width, height)).data as Float32Array;
      for (const { y, x, rgb, normalised } of pixels) {
        for (const c of [0, 1, 2]) {
          const ours = cropped.data[(y * 224 + x) * 3 + c] as number;
          const theirs = rgb[c] as number;
          assert.ok(Math.abs(ours - theirs) <= 1, `${label} (${x}, ${y}) channel ${c}: ${ours}, expected ${theirs}`);
          total++;
          if (ours !== theirs) continue;
          exact++;
          assert.ok(Math.abs((values[c * 224 * 224 + y * 224 + x] as number) - (normalised[c] as number)) < 2e-6, label);
        }
      }
      for (const c of [0, 1, 2]) {
        const channel = cropped.data.filter((_, i) => i % 3 === c);
        assert.ok(Math.abs(channel.reduce((a, b) => a + b, 0) / channel.length - (mean_rgb[c] as number)) < 0.01, label);
      }
      const average = values.reduce((a, b) => a + b, 0) / values.length;
      const spread = Math.sqrt(values.reduce((a, b) => a + (b - average) ** 2, 0) / values.length);
      assert.ok(
        Math.abs(average - mean) < 1e-3 && Math.abs(spread - std) < 1e-3,
        `${label}: mean ${average} (${mean}), std ${spread} (${std})`,
      );
    }
    assert.ok(total >= 100 && exact / total >= 0.99, `${exact} of ${total} sampled values are equal`);
  });
});
