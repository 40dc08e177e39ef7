// One picture, painted by hand in code: a cat that sits on a hill and looks at you, before mountains at sunset.
import type { RgbImage } from "../src/image/rgb.ts";
import { Generator } from "../src/tensor/random.ts";

type Color = readonly [number, number, number];
/** Signed distance to an outline, in units of the picture's height: negative inside. */
type Outline = (x: number, y: number) => number;

const mix = (a: Color, b: Color, t: number): Color => [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t];
const clamp = (t: number) => Math.min(Math.max(t, 0), 1);
const ramp = (low: number, high: number, x: number) => {
  const t = clamp((x - low) / (high - low));
  return t * t * (3 - 2 * t);
};

const ellipse =
  (cx: number, cy: number, rx: number, ry: number): Outline =>
  (x, y) =>
    (Math.hypot((x - cx) / rx, (y - cy) / ry) - 1) * Math.min(rx, ry);

/** A line of changing thickness through points: limbs, tails, whiskers. */
const stroke =
  (points: readonly (readonly [number, number])[], from: number, to: number): Outline =>
  (x, y) => {
    let best = 1;
    for (let i = 0; i + 1 < points.length; i++) {
      const [ax, ay] = points[i] as readonly [number, number];
      const [bx, by] = points[i + 1] as readonly [number, number];
      const t = clamp(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2));
      const along = (i + t) / (points.length - 1);
      best = Math.min(best, Math.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay)) - (from + (to - from) * along));
    }
    return best;
  };

const triangle =
  (...[a, b, c]: readonly [readonly [number, number], readonly [number, number], readonly [number, number]]): Outline =>
  (x, y) => {
    const side = (p: readonly [number, number], q: readonly [number, number]) =>
      ((x - p[0]) * (q[1] - p[1]) - (y - p[1]) * (q[0] - p[0])) / Math.hypot(q[0] - p[0], q[1] - p[1]);
    return Math.max(side(a, b), side(b, c), side(c, a));
  };

/** Outlines that run into each other softly. */
const union =
  (...parts: readonly Outline[]): Outline =>
  (x, y) => {
    const softness = 0.018;
    return -softness * Math.log(parts.reduce((sum, part) => sum + Math.exp(-part(x, y) / softness), 0));
  };

const wave = (x: number, phase: number) =>
  Math.sin(x * 3.1 + phase) * 0.5 + Math.sin(x * 7.3 + phase * 2.7) * 0.3 + Math.sin(x * 17.9 + phase * 5.1) * 0.12;
const curl: [number, number][] = Array.from({ length: 24 }, (_, i) => [0.77 + 0.2 * Math.sin(0.1 * i), 0.86 - 0.42 * (i / 23) ** 1.6]);

const body = union(ellipse(0.66, 0.72, 0.125, 0.19), ellipse(0.66, 0.82, 0.155, 0.105));
const head = union(
  ellipse(0.66, 0.46, 0.118, 0.1),
  triangle([0.56, 0.43], [0.56, 0.3], [0.65, 0.39]),
  triangle([0.67, 0.39], [0.76, 0.3], [0.76, 0.43]),
);
const tail = stroke(curl, 0.036, 0.022);
const legs = union(
  stroke(
    [
      [0.615, 0.72],
      [0.612, 0.9],
    ],
    0.036,
    0.034,
  ),
  stroke(
    [
      [0.705, 0.72],
      [0.708, 0.9],
    ],
    0.036,
    0.034,
  ),
);
const chest = ellipse(0.66, 0.63, 0.058, 0.1);
const muzzle = union(ellipse(0.636, 0.497, 0.032, 0.026), ellipse(0.684, 0.497, 0.032, 0.026));
const innerEars = (x: number, y: number) =>
  Math.min(triangle([0.577, 0.4], [0.573, 0.335], [0.625, 0.385])(x, y), triangle([0.695, 0.385], [0.747, 0.335], [0.743, 0.4])(x, y));
const eyes = (x: number, y: number) => Math.min(ellipse(0.613, 0.447, 0.026, 0.021)(x, y), ellipse(0.7068, 0.447, 0.026, 0.021)(x, y));
const pupils = (x: number, y: number) => Math.min(ellipse(0.613, 0.447, 0.008, 0.019)(x, y), ellipse(0.7068, 0.447, 0.008, 0.019)(x, y));
const glints = (x: number, y: number) => Math.min(ellipse(0.618, 0.44, 0.005, 0.005)(x, y), ellipse(0.712, 0.44, 0.005, 0.005)(x, y));
const nose = triangle([0.646, 0.477], [0.674, 0.477], [0.66, 0.492]);
const mouth = (x: number, y: number) =>
  Math.min(
    stroke(
      [
        [0.66, 0.49],
        [0.657, 0.505],
        [0.64, 0.512],
      ],
      0.0022,
      0.0015,
    )(x, y),
    stroke(
      [
        [0.66, 0.49],
        [0.663, 0.505],
        [0.68, 0.512],
      ],
      0.0022,
      0.0015,
    )(x, y),
  );
const whiskers = (x: number, y: number) => {
  const left = Math.min(
    ...[0, 1, 2].map((i) =>
      stroke(
        [
          [0.622, 0.49 + 0.008 * i],
          [0.5, 0.468 + 0.026 * i],
        ],
        0.0016,
        0.0006,
      )(x, y),
    ),
  );
  return Math.min(
    left,
    ...[0, 1, 2].map((i) =>
      stroke(
        [
          [0.698, 0.49 + 0.008 * i],
          [0.82, 0.468 + 0.026 * i],
        ],
        0.0016,
        0.0006,
      )(x, y),
    ),
  );
};

const fur: Color = [0.86, 0.5, 0.2];
const darkFur: Color = [0.62, 0.3, 0.1];
const cream: Color = [0.98, 0.9, 0.78];

/** The picture at any size; 4:3 fits it best. */
export function renderScene(width: number, height: number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  const g = new Generator(2026);
  const samples = 2; // per pixel and direction
  for (let py = 0, at = 0; py < height; py++) {
    for (let px = 0; px < width; px++) {
      let sum: Color = [0, 0, 0];
      for (let s = 0; s < samples * samples; s++) {
        const x = (px + ((s % samples) + 0.5) / samples) / height;
        const y = (py + (Math.floor(s / samples) + 0.5) / samples) / height;
        const color = paint(x, y);
        sum = [sum[0] + color[0], sum[1] + color[1], sum[2] + color[2]];
      }
      const grain = 0.015 * (g.uniform() - 0.5);
      for (const c of [0, 1, 2] as const) data[at++] = Math.round(255 * clamp(sum[c] / samples ** 2 + grain));
    }
  }
  return { data, width, height };
}

function paint(x: number, y: number): Color {
  return paintCat(x, y, paintLand(x, y));
}

function paintLand(x: number, y: number): Color {
  const sun = Math.hypot(x - 0.27, y - 0.36);
  let color = mix([0.25, 0.33, 0.62], [0.98, 0.66, 0.42], ramp(0, 0.55, y));
  color = mix(color, [1, 0.86, 0.6], 0.75 * Math.exp(-sun * 6));
  color = mix(color, [1, 0.96, 0.82], 1 - ramp(0.075, 0.08, sun));
  const streak = Math.max(0, wave(x * 1.2 + y * 0.5, 4) * Math.exp(-(((y - 0.17 - 0.03 * wave(x, 1)) / 0.05) ** 2)));
  color = mix(color, [1, 0.9, 0.85], clamp(streak * 1.3));
  const ranges: readonly (readonly [number, number, number, Color])[] = [
    [0.44, 0.09, 0.3, [0.55, 0.45, 0.6]],
    [0.52, 0.07, 2.2, [0.38, 0.36, 0.52]],
    [0.6, 0.05, 5.1, [0.24, 0.32, 0.38]],
  ];
  for (const [level, rise, phase, tone] of ranges) {
    const ridge = level - rise * wave(x * 1.6, phase);
    color = mix(color, mix(tone, [0.95, 0.7, 0.55], 0.35 * ramp(0.15, 0, y - ridge)), ramp(-0.002, 0.002, y - ridge));
  }
  const hill = 0.76 + 0.1 * (x - 0.66) ** 2 - 0.012 * wave(x, 9);
  const blades = 0.5 + 0.5 * Math.sin(x * 260 + 9 * Math.sin(y * 31 + x * 13)) * Math.sin(y * 90 + x * 40);
  const grass = mix([0.16, 0.34, 0.14], [0.5, 0.58, 0.2], clamp(0.75 * blades * ramp(1.05, 0.75, y) + 0.15));
  color = mix(color, grass, ramp(-0.004, 0.004, y - hill + 0.012 * blades));
  return flowers(x, y, hill, color);
}

function flowers(x: number, y: number, hill: number, below: Color): Color {
  let color = below;
  for (let i = 0; i < 26; i++) {
    const fx = ((i * 0.381966 * 3.7) % 1.36) - 0.01;
    const fy = hill + 0.05 + 0.2 * ((i * 0.618034) % 1);
    if (Math.abs(fx - 0.66) < 0.2) continue;
    const r = 0.006 + 0.007 * (fy - 0.7);
    const angle = Math.atan2(y - fy, x - fx);
    const petal = Math.hypot(x - fx, (y - fy) * 1.3) - r * (1.1 + 0.5 * Math.cos(5 * angle + i));
    color = mix(color, i % 3 === 0 ? [0.98, 0.85, 0.3] : i % 3 === 1 ? [0.95, 0.95, 0.98] : [0.85, 0.35, 0.5], ramp(0.001, -0.001, petal));
    color = mix(color, [0.9, 0.6, 0.15], ramp(0.001, -0.001, Math.hypot(x - fx, y - fy) - r * 0.4));
  }
  return color;
}

function paintCat(x: number, y: number, ground: Color): Color {
  const over = (color: Color, top: Color, outline: Outline, edge = 0.0025) => mix(color, top, ramp(edge, -edge, outline(x, y)));
  // Light comes from the sun on the left; stripes follow the body.
  const lit = (outline: Outline) => {
    const slope = outline(x + 0.01, y) - outline(x - 0.01, y);
    const stripe = ramp(0.35, 0.8, Math.sin(y * 75 + 7 * Math.sin((x - 0.66) * 9) ** 2 + 3 * Math.abs(x - 0.66)));
    const rim = ramp(-0.035, 0, outline(x, y)) * ramp(0.002, -0.02, slope);
    return mix(mix(mix(fur, darkFur, 0.6 * stripe), [0.4, 0.2, 0.12], 0.35 * ramp(-0.01, 0.02, slope)), [1, 0.8, 0.5], 0.55 * rim);
  };
  let color = mix(ground, [0.07, 0.15, 0.08], 0.6 * ramp(0.05, -0.05, ellipse(0.72, 0.92, 0.22, 0.04)(x, y)));
  color = over(color, lit(tail), tail);
  color = over(color, lit(body), body);
  color = over(color, cream, chest, 0.03);
  color = mix(color, [0.35, 0.17, 0.08], 0.45 * ramp(0.012, -0.004, Math.abs(legs(x, y)) - 0.002) * ramp(0.75, 0.8, y));
  color = over(color, mix(lit(legs), cream, ramp(0.86, 0.89, y)), legs);
  color = mix(
    color,
    [0.3, 0.14, 0.06],
    0.35 * ramp(0.03, -0.01, head(x, y - 0.015)) * ramp(-0.002, 0.002, head(x, y)) * ramp(0.01, -0.01, body(x, y)),
  );
  color = over(color, lit(head), head);
  color = over(color, [0.93, 0.62, 0.55], innerEars, 0.006);
  color = over(color, cream, muzzle, 0.008);
  color = over(color, [0.25, 0.12, 0.06], (u, v) => eyes(u, v) - 0.004);
  color = over(color, mix([0.75, 0.85, 0.3], [0.35, 0.6, 0.25], ramp(0.43, 0.465, y)), eyes);
  color = over(color, [0.04, 0.05, 0.04], pupils);
  color = over(color, [1, 1, 1], glints);
  color = over(color, [0.78, 0.35, 0.35], nose);
  color = over(color, [0.3, 0.13, 0.08], mouth, 0.0015);
  return over(color, [1, 0.97, 0.92], whiskers, 0.0012);
}
