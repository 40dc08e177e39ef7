// Colours for rendered scenes: each scene has a palette around one or two hues, so that scenes differ as photographs do.
import type { Generator } from "../tensor/random.ts";

/** Red, green and blue from 0 to 1. */
export type Rgb = readonly [number, number, number];

/** `hue` in turns (any real number), `saturation` and `lightness` from 0 to 1. */
export function fromHsl(hue: number, saturation: number, lightness: number): Rgb {
  const chroma = saturation * Math.min(lightness, 1 - lightness);
  const channel = (offset: number) => {
    const k = (((hue - Math.floor(hue)) * 12 + offset) % 12) - 3;
    return lightness - chroma * Math.max(-1, Math.min(k, 6 - k, 1));
  };
  return [channel(0), channel(8), channel(4)];
}

/** A source of colours that go together: near a main hue or its counterpart, between a dark and a light end that differ by scene. */
export function randomPalette(g: Generator): () => Rgb {
  const hue = g.uniform();
  const spread = 0.02 + 0.2 * g.uniform();
  const opposite = g.uniform() * 0.6;
  const saturation = g.uniform();
  const dark = 0.5 * g.uniform();
  const light = dark + (1 - dark) * (0.3 + 0.7 * g.uniform());
  return () => {
    const turn = g.uniform() < opposite ? 0.5 : 0;
    return fromHsl(hue + turn + spread * (g.uniform() - 0.5), saturation * (0.4 + 0.6 * g.uniform()), dark + (light - dark) * g.uniform());
  };
}
