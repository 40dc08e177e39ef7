import assert from "node:assert/strict";
import fc from "fast-check";
import { resize } from "../../src/image/resize.ts";
import type { RgbImage } from "../../src/image/rgb.ts";

const grey = (values: number[], width: number): RgbImage => ({
  data: Uint8Array.from(values.flatMap((v) => [v, v, v])),
  width,
  height: values.length / width,
});
const values = (image: RgbImage) => [...image.data].filter((_, i) => i % 3 === 0);

describe("resizing a picture", () => {
  it("weighs neighbours by a triangle over twice the shrinking factor", () => {
    // Halving: output 0 sits at 1.0 and spans [-1, 3] → pixels 0, 1, 2 at distances 0.5, 0.5, 1.5 of 2: weights 0.75, 0.75, 0.25 of 1.75.
    assert.deepEqual(values(resize(grey([0, 70, 140, 210], 4), 2, 1)), [50, 160]);
    assert.deepEqual(values(resize(grey([0, 70, 140, 210], 1), 1, 2)), [50, 160]);
  });

  it("interpolates between neighbours when it enlarges", () => {
    // Doubling: outputs sit at 0.25, 0.75, 1.25, 1.75 of pixels centred at 0.5 and 1.5.
    assert.deepEqual(values(resize(grey([0, 100], 2), 4, 1)), [0, 25, 75, 100]);
  });

  it("keeps the channels apart", () => {
    const image = { data: Uint8Array.of(10, 20, 30, 10, 20, 30), width: 2, height: 1 };
    assert.deepEqual([...resize(image, 1, 1).data], [10, 20, 30]);
  });

  it("keeps the picture at its own size, one colour at any size, and the range of values", () => {
    const side = fc.integer({ min: 1, max: 12 });
    fc.assert(
      fc.property(side, side, side, side, fc.nat(255), fc.infiniteStream(fc.nat(255)), (w, h, newW, newH, color, stream) => {
        const image = grey(
          [...Array(w * h)].map(() => stream.next().value),
          w,
        );
        assert.deepEqual(resize(image, w, h).data, image.data);
        assert.deepEqual(new Set(resize(grey(Array(w * h).fill(color), w), newW, newH).data), new Set([color]));
        const seen = resize(image, newW, newH).data;
        assert.ok(Math.min(...seen) >= Math.min(...image.data) && Math.max(...seen) <= Math.max(...image.data));
      }),
    );
  });

  it("refuses sizes that are not whole numbers from 1", () => {
    for (const size of [0, -1, 1.5, Number.NaN]) assert.throws(() => resize(grey([1], 1), size, 1), { code: "InvalidArgument" });
    assert.throws(() => resize({ data: new Uint8Array(2), width: 1, height: 1 }, 1, 1), { code: "ImageDataMismatch" });
  });
});
