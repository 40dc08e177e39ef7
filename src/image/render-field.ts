// The patterns that rendered scenes are made of, as functions from a place in the plane to a number from 0 to 1. The middle of the
// picture is (0, 0) and its short side has length 1.
import type { Generator } from "../tensor/random.ts";

export type Field = (u: number, v: number) => number;

/** A random pattern: a "texture" fills the plane, a "mask" is the outline of something in it. */
export function randomField(g: Generator, role: keyof typeof kinds): Field {
  const choices = kinds[role];
  return (choices[g.integer(0, choices.length)] as (g: Generator) => Field)(g);
}

const kinds = {
  texture: [gradient, radial, stripes, checks, clouds, marble, cells, flat],
  mask: [ellipse, polygon, ground, dots, threads, clouded],
} as const;

const clamp = (x: number) => Math.min(Math.max(x, 0), 1);
/** 0 below `low`, 1 above `high`, smooth in between. */
const smooth = (low: number, high: number, x: number) => {
  const t = clamp((x - low) / (high - low));
  return t * t * (3 - 2 * t);
};
/** Between `low` and `high`, evenly in orders of magnitude. */
const scale = (g: Generator, low: number, high: number) => low * (high / low) ** g.uniform();
const direction = (g: Generator): readonly [number, number] => {
  const angle = 2 * Math.PI * g.uniform();
  return [Math.cos(angle), Math.sin(angle)];
};
const centre = (g: Generator): readonly [number, number] => [1.2 * (g.uniform() - 0.5), 1.2 * (g.uniform() - 0.5)];

function flat(g: Generator): Field {
  const value = g.uniform();
  return () => value;
}

function gradient(g: Generator): Field {
  const [a, b] = direction(g);
  return (u, v) => clamp(0.5 + a * u + b * v);
}

function radial(g: Generator): Field {
  const [x, y] = centre(g);
  const reach = scale(g, 0.2, 1.5);
  return (u, v) => clamp(Math.hypot(u - x, v - y) / reach);
}

function stripes(g: Generator): Field {
  const [a, b] = direction(g);
  const frequency = 2 * Math.PI * scale(g, 2, 60);
  const bend = g.uniform() < 0.5 ? 0 : scale(g, 0.01, 0.1);
  const bendFrequency = scale(g, 3, 20);
  const edge = scale(g, 1, 8);
  return (u, v) => {
    const along = a * u + b * v + bend * Math.sin(bendFrequency * (b * u - a * v));
    return clamp(0.5 + 0.5 * edge * Math.sin(frequency * along));
  };
}

function checks(g: Generator): Field {
  const [a, b] = direction(g);
  const frequency = scale(g, 2, 30);
  return (u, v) => (Math.floor(frequency * (a * u + b * v)) + Math.floor(frequency * (b * u - a * v))) & 1;
}

/** A number from 0 to 1 that belongs to a point of the integer lattice. */
function lattice(i: number, j: number, seed: number): number {
  let z = Math.imul(i, 0x9e3779b1) ^ Math.imul(j, 0x85ebca77) ^ seed;
  z = Math.imul(z ^ (z >>> 15), 0x2c1b3c6d);
  z = Math.imul(z ^ (z >>> 12), 0x297a2d39);
  return ((z ^ (z >>> 15)) >>> 0) * 2 ** -32;
}

/** Value noise: lattice numbers, smoothly interpolated. */
function noise(u: number, v: number, seed: number): number {
  const i = Math.floor(u);
  const j = Math.floor(v);
  const s = smooth(0, 1, u - i);
  const t = smooth(0, 1, v - j);
  const top = lattice(i, j, seed) * (1 - s) + lattice(i + 1, j, seed) * s;
  const bottom = lattice(i, j + 1, seed) * (1 - s) + lattice(i + 1, j + 1, seed) * s;
  return top * (1 - t) + bottom * t;
}

/** Noise of several octaves; `roughness` is how much of each finer octave is added. */
function clouds(g: Generator): Field {
  const seed = g.bits();
  const frequency = scale(g, 1.5, 25);
  const roughness = 0.25 + 0.6 * g.uniform();
  const octaves = g.integer(2, 7);
  const contrast = scale(g, 1, 3);
  let total = 0;
  for (let o = 0; o < octaves; o++) total += roughness ** o;
  return (u, v) => {
    let sum = 0;
    let weight = 1;
    let f = frequency;
    for (let o = 0; o < octaves; o++, weight *= roughness, f *= 2) sum += weight * noise(u * f, v * f, seed + o);
    return clamp(0.5 + contrast * (sum / total - 0.5));
  };
}

function marble(g: Generator): Field {
  const cloud = clouds(g);
  const [a, b] = direction(g);
  const frequency = scale(g, 4, 40);
  const turbulence = scale(g, 2, 15);
  return (u, v) => 0.5 + 0.5 * Math.sin(frequency * (a * u + b * v) + turbulence * cloud(u, v));
}

/** Distance to the nearest of one random point per lattice cell: scales, pebbles, foliage. */
function cells(g: Generator): Field {
  const seed = g.bits();
  const frequency = scale(g, 3, 30);
  const sharpness = scale(g, 0.8, 2);
  return (u, v) => {
    const x = u * frequency;
    const y = v * frequency;
    let nearest = 2;
    for (let j = Math.floor(y) - 1; j <= Math.floor(y) + 1; j++) {
      for (let i = Math.floor(x) - 1; i <= Math.floor(x) + 1; i++) {
        nearest = Math.min(nearest, Math.hypot(i + lattice(i, j, seed) - x, j + lattice(i, j, seed ^ 0x5bd1e995) - y));
      }
    }
    return clamp(nearest * sharpness);
  };
}

function ellipse(g: Generator): Field {
  const [x, y] = centre(g);
  const [a, b] = direction(g);
  const long = scale(g, 0.06, 0.5);
  const short = long * (0.3 + 0.7 * g.uniform());
  const blur = scale(g, 0.01, 0.6);
  return (u, v) => {
    const r = Math.hypot((a * (u - x) + b * (v - y)) / long, (b * (u - x) - a * (v - y)) / short);
    return 1 - smooth(1 - blur, 1 + blur, r);
  };
}

/** A star or polygon around a centre: the radius follows the angle. */
function polygon(g: Generator): Field {
  const [x, y] = centre(g);
  const corners = g.integer(3, 9);
  const turn = 2 * Math.PI * g.uniform();
  const radius = scale(g, 0.08, 0.45);
  const depth = g.uniform();
  return (u, v) => {
    const part = (Math.atan2(v - y, u - x) + turn) / (2 * Math.PI) + 1;
    const fromCorner = Math.abs(((part * corners) % 1) - 0.5) * 2;
    const limit = radius * (1 - depth * (1 - fromCorner) * 0.7);
    return 1 - smooth(limit - 0.005, limit + 0.005, Math.hypot(u - x, v - y));
  };
}

/** Everything on one side of a wavy line: a horizon, a hill, a wall. */
function ground(g: Generator): Field {
  const [a, b] = g.uniform() < 0.6 ? [0, 1] : direction(g);
  const level = 0.8 * (g.uniform() - 0.4);
  const seed = g.bits();
  const frequency = scale(g, 0.5, 8);
  const height = scale(g, 0.02, 0.4);
  return (u, v) => {
    const line = level + height * (noise((b * u - a * v) * frequency, 0.5, seed) - 0.5);
    return smooth(line - 0.006, line + 0.006, a * u + b * v);
  };
}

function dots(g: Generator): Field {
  const [a, b] = direction(g);
  const frequency = scale(g, 3, 25);
  const radius = 0.15 + 0.3 * g.uniform();
  const jitter = 0.5 * g.uniform();
  const seed = g.bits();
  return (u, v) => {
    const x = frequency * (a * u + b * v);
    const y = frequency * (b * u - a * v);
    const i = Math.floor(x);
    const j = Math.floor(y);
    const dx = x - i - 0.5 + jitter * (lattice(i, j, seed) - 0.5);
    const dy = y - j - 0.5 + jitter * (lattice(j, i, seed) - 0.5);
    return 1 - smooth(radius * 0.85, radius * 1.15, Math.hypot(dx, dy));
  };
}

/** Thin lines where noise crosses its middle value: branches, cracks, contour lines. */
function threads(g: Generator): Field {
  const cloud = clouds(g);
  const thickness = scale(g, 0.01, 0.08);
  return (u, v) => 1 - smooth(thickness * 0.5, thickness, Math.abs(cloud(u, v) - 0.5));
}

function clouded(g: Generator): Field {
  const cloud = clouds(g);
  const level = 0.35 + 0.4 * g.uniform();
  const blur = scale(g, 0.02, 0.3);
  return (u, v) => smooth(level - blur, level + blur, cloud(u, v));
}
