// The project's own pictures: seeded scenes with the variety of photographs (gradients, shapes, textures, blobs, stripes, noise at several
// scales), for calibrating BatchNorm statistics and for equivalence checks. White noise would not do: to a network all of it looks the same.
import { Generator } from "../tensor/random.ts";
import { type Rgb, randomPalette } from "./render-color.ts";
import { type Field, randomField } from "./render-field.ts";
import type { RgbImage } from "./rgb.ts";
import { checkSize } from "./rgb.ts";

export interface RenderSize {
  /** In pixels; 256 by default. */
  readonly width?: number;
  readonly height?: number;
}

interface Layer {
  /** How much of the layer shows at a place, 0 to 1. */
  readonly cover: Field;
  /** What the layer's colour is mixed by. */
  readonly texture: Field;
  readonly from: Rgb;
  readonly to: Rgb;
}

/**
 * A picture that depends on `seed` (an integer from 0) and the size only; different seeds differ in hue, layout and detail.
 * Throws `InvalidArgument`.
 *
 * @example
 * const { data, width, height } = renderImage(7, { width: 320, height: 240 });
 */
export function renderImage(seed: number, { width = 256, height = 256 }: RenderSize = {}): RgbImage {
  checkSize("renderImage", "width", width);
  checkSize("renderImage", "height", height);
  const g = new Generator(seed);
  const layers = randomLayers(g);
  const exposure = 0.55 + 0.6 * g.uniform();
  const grain = g.uniform() < 0.5 ? 0 : 0.12 * g.uniform();
  const data = new Uint8Array(width * height * 3);
  // One unit of a field's plane is the short side, so that a scene keeps its proportions at any size.
  const unit = 1 / Math.min(width, height);
  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const u = (x + 0.5 - width / 2) * unit;
      const v = (y + 0.5 - height / 2) * unit;
      const color: [number, number, number] = [0, 0, 0];
      for (const { cover, texture, from, to } of layers) {
        const alpha = cover(u, v);
        if (alpha <= 0) continue;
        const t = texture(u, v);
        for (const c of [0, 1, 2] as const) color[c] += (from[c] + (to[c] - from[c]) * t - color[c]) * alpha;
      }
      const noise = grain * (g.uniform() - 0.5);
      for (const c of [0, 1, 2] as const) data[at++] = Math.round(255 * Math.min(Math.max(color[c] * exposure + noise, 0), 1));
    }
  }
  return { data, width, height };
}

function randomLayers(g: Generator): Layer[] {
  const color = randomPalette(g);
  const background: Layer = { cover: () => 1, texture: randomField(g, "texture"), from: color(), to: color() };
  const objects = Array.from({ length: g.integer(1, 9) }, () => ({
    cover: randomField(g, "mask"),
    texture: randomField(g, "texture"),
    from: color(),
    to: color(),
  }));
  return [background, ...objects];
}
