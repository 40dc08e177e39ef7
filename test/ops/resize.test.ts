// Resize: nearest, linear, cubic, coordinate modes, policies, cropping, symbolic sizes.
import assert from "node:assert/strict";
import type { Attributes } from "../../src/ir/schema.ts";
import { Storage } from "../../src/tensor/storage.ts";
import { counting, f32, i64, infer, result, run, sym } from "../support/run-op.ts";

const line = (...v: number[]) => f32([v.length], v);
const byScale = (x: Storage, scale: number, attributes: Attributes = {}) =>
  result("Resize", [x, undefined, f32([1], [scale])], attributes).values;
const toSize = (x: Storage, size: number, attributes: Attributes = {}) =>
  result("Resize", [x, undefined, undefined, i64([size])], attributes).values;

describe("Resize", () => {
  it("repeats the nearest element", () => {
    assert.deepEqual(byScale(line(1, 2), 2), [1, 1, 2, 2]);
    assert.deepEqual(toSize(line(1, 2, 3, 4), 2), [1, 3]);
    assert.deepEqual(result("Resize", [counting([1, 1, 2, 2]), undefined, f32([4], [1, 1, 2, 1])]).values, [0, 1, 0, 1, 2, 3, 2, 3]);
  });

  it("rounds halves as nearest_mode says", () => {
    // Four places become two: the coordinates are 0.5 and 2.5.
    const by = (nearest_mode: string) => toSize(line(0, 1, 2, 3), 2, { nearest_mode });
    assert.deepEqual(
      [by("round_prefer_floor"), by("round_prefer_ceil"), by("floor"), by("ceil")],
      [
        [0, 2],
        [1, 3],
        [0, 2],
        [1, 3],
      ],
    );
  });

  it("takes a scale for the decimal fraction that it stands for", () => {
    assert.equal(byScale(line(0, 1, 2, 3, 4), 1.4).length, 7);
    // 3.5 / 0.7 − 0.5 is 4.5: half way.
    assert.deepEqual(byScale(line(0, 1, 2, 3, 4, 5), 0.7), [0, 2, 3, 4]);
  });

  it("interpolates linearly in each coordinate mode", () => {
    const by = (coordinate_transformation_mode: string, size: number) =>
      toSize(line(0, 4), size, { mode: "linear", coordinate_transformation_mode });
    assert.deepEqual(by("half_pixel", 4), [0, 1, 3, 4]);
    assert.deepEqual(by("half_pixel_symmetric", 4), [0, 1, 3, 4]);
    assert.deepEqual(by("align_corners", 3), [0, 2, 4]);
    assert.deepEqual(by("asymmetric", 4), [0, 2, 4, 4]);
    assert.deepEqual(by("pytorch_half_pixel", 1), [0]);
    assert.deepEqual(by("half_pixel", 1), [2]);
    assert.throws(() => by("corner_pixel", 1), { code: "InvalidArgument" });
  });

  it("averages what antialiasing squeezes together", () => {
    assert.deepEqual(toSize(line(0, 0, 8, 8), 2, { mode: "linear", antialias: 1 }), [1, 7]);
    const flat = toSize(line(5, 5, 5, 5, 5, 5), 2, { mode: "cubic", antialias: 1 });
    assert.ok(flat.every((v) => Math.abs(v - 5) < 1e-6));
  });

  it("interpolates by cubics, which keep straight lines for a = −½ (Keys)", () => {
    const y = byScale(line(0, 1, 2, 3, 4, 5, 6, 7), 2, { mode: "cubic", cubic_coeff_a: -0.5 });
    for (let i = 4; i < 12; i++) assert.ok(Math.abs((y[i] as number) - ((i + 0.5) / 2 - 0.5)) < 1e-6);
  });

  it("crops to a region, with a value for what lies outside", () => {
    const crop = { mode: "linear", coordinate_transformation_mode: "tf_crop_and_resize", extrapolation_value: -1 };
    const at = (start: number, end: number, mode = "linear") =>
      result("Resize", [line(0, 1, 2, 3, 4), f32([2], [start, end]), undefined, i64([3])], { ...crop, mode }).values;
    assert.deepEqual(at(0.25, 0.75), [1, 2, 3]);
    assert.deepEqual(at(0.5, 1.5), [2, 4, -1]);
    assert.deepEqual(at(0.5, 1.5, "nearest"), [2, 4, -1]);
  });

  it("keeps the aspect ratio under a policy", () => {
    const shape = (keep_aspect_ratio_policy: string) =>
      result("Resize", [counting([1, 1, 2, 4]), undefined, undefined, i64([6, 8])], { axes: [2, 3], keep_aspect_ratio_policy }).shape;
    assert.deepEqual(shape("stretch"), [1, 1, 6, 8]);
    assert.deepEqual(shape("not_larger"), [1, 1, 4, 8]);
    assert.deepEqual(shape("not_smaller"), [1, 1, 6, 12]);
  });

  it("cuts interpolated integers towards zero and clamps them", () => {
    const bytes = run("Resize", [Storage.from("uint8", [0, 255, 255, 0], [4]), undefined, undefined, i64([8])], {
      mode: "cubic",
    })[0] as Storage;
    assert.ok(bytes.toNumbers().every((v) => v >= 0 && v <= 255));
    assert.equal(Math.max(...bytes.toNumbers()), 255);
  });

  it("wants either scales or sizes", () => {
    assert.throws(() => run("Resize", [line(1)]), { code: "InvalidArgument", summary: /neither/ });
    assert.throws(() => run("Resize", [line(1), undefined, f32([1], [1]), i64([1])]), { code: "InvalidArgument", summary: /both/ });
    assert.throws(() => run("Resize", [line(1), undefined, f32([2], [1, 1])]), { code: "InvalidArgument" });
    assert.deepEqual(result("Resize", [line(1, 2), f32([0], []), f32([0], []), i64([1])]).shape, [1]);
  });

  it("infers symbolic sizes where the scale is exact", () => {
    const scales = f32([4], [1, 1, 2, 0.5]);
    assert.deepEqual(infer("Resize", [sym("n", 3, "h", "w"), undefined, scales]), ["float[n,3,2*h,floor((w)/(2))]"]);
    assert.deepEqual(infer("Resize", [sym("n", 3, "h", "w"), undefined, undefined, i64([7, 9])], { axes: [2, 3] }), ["float[n,3,7,9]"]);
  });
});
