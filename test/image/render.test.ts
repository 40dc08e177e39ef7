import assert from "node:assert/strict";
import { renderImage } from "../../src/image/render.ts";
import { fromHsl } from "../../src/image/render-color.ts";
import type { RgbImage } from "../../src/image/rgb.ts";

/** Mean of each channel, spread of brightness, and mean step between neighbours in a row (how fine the detail is). */
function describeImage({ data, width }: RgbImage): number[] {
  const mean = [0, 0, 0];
  let square = 0;
  let step = 0;
  const n = data.length / 3;
  for (let p = 0; p < data.length; p += 3) {
    for (let c = 0; c < 3; c++) mean[c] = (mean[c] as number) + (data[p + c] as number) / n;
    square += (data[p + 1] as number) ** 2 / n;
    if ((p / 3) % width > 0) step += Math.abs((data[p + 1] as number) - (data[p - 2] as number)) / n;
  }
  return [...mean, Math.sqrt(square - (mean[1] as number) ** 2), step];
}

describe("rendered pictures", () => {
  const size = { width: 48, height: 40 };

  it("depend on the seed and the size only", () => {
    assert.deepEqual(renderImage(4, size), renderImage(4, size));
    const { data, width, height } = renderImage(4, size);
    assert.deepEqual([width, height, data.length], [48, 40, 48 * 40 * 3]);
    assert.notDeepEqual(renderImage(5, size).data, data);
    assert.deepEqual([renderImage(1).width, renderImage(1).height], [256, 256]);
  });

  it("differ between seeds in colour, contrast and fineness", () => {
    const all = Array.from({ length: 50 }, (_, seed) => describeImage(renderImage(seed, size)));
    const spread = (i: number) => {
      const sorted = all.map((d) => d[i] as number).sort((a, b) => a - b);
      return (sorted[45] as number) - (sorted[5] as number);
    };
    for (const channel of [0, 1, 2]) assert.ok(spread(channel) > 60, `channel ${channel}: ${spread(channel)}`);
    assert.ok(spread(3) > 25, `contrast ${spread(3)}`);
    assert.ok(spread(4) > 8, `fineness ${spread(4)}`);
    assert.ok(all.filter((d) => (d[3] as number) > 3).length >= 45, "nearly all pictures have structure");
  });

  it("know their colours: red, green, blue, grey", () => {
    const near = (actual: readonly number[], expected: number[]) =>
      actual.forEach((v, i) => void assert.ok(Math.abs(v - (expected[i] as number)) < 1e-9));
    near(fromHsl(0, 1, 0.5), [1, 0, 0]);
    near(fromHsl(1 / 3, 1, 0.5), [0, 1, 0]);
    near(fromHsl(-1 / 3, 1, 0.5), [0, 0, 1]);
    near(fromHsl(0.7, 0, 0.25), [0.25, 0.25, 0.25]);
  });

  it("refuse sizes and seeds that are not whole numbers", () => {
    assert.throws(() => renderImage(1, { width: 0 }), { code: "InvalidArgument" });
    assert.throws(() => renderImage(0.5), { code: "InvalidArgument" });
  });
});
