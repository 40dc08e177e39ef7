// Seeded random numbers: the same seed gives the same numbers on every machine. The generator is xoshiro128** (D. Blackman and
// S. Vigna, 2018), which needs 32-bit arithmetic only; its state is filled from the seed by a mixing function, so that seeds 0, 1, 2 … are unrelated.
// Normal numbers come from the ziggurat method: 99 % of them need one multiplication and no function of the C library. The rest
// use Math.log and Math.exp, which V8 computes by its own code (fdlibm), alike on all platforms.
import { describeValue } from "../errors/describe-value.ts";
import { ingotError } from "../errors/error.ts";
import type { NumberArray } from "./dtype.ts";
import { edges, heights, LAYERS, TAIL_START } from "./ziggurat.ts";

const LAYER_MASK = LAYERS - 1;
/** Edges for a position that is a 32-bit integer with a sign. */
const scaledEdges = edges.map((edge) => edge * 2 ** -31);

/** Four 32-bit words; never all zero. */
export type GeneratorState = readonly [number, number, number, number];

/**
 * A source of random numbers. Each call moves it on; `fillX(out)` gives what `out.length` calls of `x()` would.
 *
 * @example
 * const g = new Generator(42);
 * g.uniform();           // in [0, 1)
 * g.integer(0, 10);      // 0 … 9
 * g.fillNormal(weights); // mean 0, standard deviation 1
 */
export class Generator {
  private readonly words = new Int32Array(4);

  /** `seed` is an integer from 0 to 2^53 - 1. Throws `InvalidArgument`. */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed) || seed < 0)
      throw ingotError("InvalidArgument", {
        op: "Generator",
        name: "seed",
        expected: "an integer from 0 to 2^53 - 1",
        actual: describeValue(seed),
        hint: "Seeds are whole numbers, such as { seed: 42 }.",
      });
    // splitmix32: a Weyl sequence through the finaliser of MurmurHash3; the high word of the seed picks another sequence.
    let z = (seed >>> 0) ^ Math.imul(Math.floor(seed / 2 ** 32), 0x85ebca6b);
    for (let i = 0; i < 4; i++) {
      z = (z + 0x9e3779b9) | 0;
      this.words[i] = mix(z);
    }
    if (this.words.every((w) => w === 0)) this.words[0] = 1;
  }

  /** A generator that goes on from a `state` read earlier. */
  static fromState(state: GeneratorState): Generator {
    const g = new Generator(0);
    g.words.set(state);
    return g;
  }

  get state(): GeneratorState {
    const [a, b, c, d] = this.words as unknown as [number, number, number, number];
    return [a >>> 0, b >>> 0, c >>> 0, d >>> 0];
  }

  /** 32 random bits, as an integer from 0 to 2^32 - 1. */
  bits(): number {
    return this.next() >>> 0;
  }

  /** A multiple of 2^-24 in [0, 1): exact in float32, so a float32 tensor never holds 1. */
  uniform(): number {
    return (this.next() >>> 8) * 2 ** -24;
  }

  /** A multiple of 2^-53 in [0, 1). */
  uniform53(): number {
    const high = this.next() >>> 5;
    return (high * 2 ** 26 + (this.next() >>> 6)) * 2 ** -53;
  }

  /** An integer in [low, high), each equally likely. Throws `InvalidArgument` unless both are safe integers with low < high ≤ low + 2^53. */
  integer(low: number, high: number): number {
    const range = high - low;
    if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high) || range <= 0 || range > 2 ** 53)
      throw ingotError("InvalidArgument", {
        op: "randint",
        name: "low, high",
        expected: "whole numbers with low < high, at most 2^53 apart",
        actual: `${describeValue(low)}, ${describeValue(high)}`,
        hint: "The numbers drawn are low, low + 1, … high - 1.",
      });
    // Numbers at and above the largest multiple of the range are drawn again: a plain remainder would favour small values.
    const space = range <= 2 ** 32 ? 2 ** 32 : 2 ** 53;
    const limit = space - (space % range);
    for (;;) {
      const drawn = space === 2 ** 32 ? this.bits() : (this.next() >>> 5) * 2 ** 26 + (this.next() >>> 6);
      if (drawn < limit) return low + (drawn % range);
    }
  }

  /** A number from the normal distribution of mean 0 and standard deviation 1. */
  normal(): number {
    return this.drawNormal();
  }

  /** The numbers 0 … n-1 in random order (Fisher and Yates). */
  permutation(n: number): Uint32Array<ArrayBuffer> {
    const order = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(0, i + 1);
      const held = order[i] as number;
      order[i] = order[j] as number;
      order[j] = held;
    }
    return order;
  }

  /** Fills with `low + uniform() * (high - low)`, rounded to the array's type. */
  fillUniform<A extends NumberArray>(out: A, low = 0, high = 1): A {
    const scale = (high - low) * 2 ** -24;
    for (let i = 0; i < out.length; i++) out[i] = low + (this.next() >>> 8) * scale;
    return out;
  }

  /**
   * Fills with `mean + normal() * std`, rounded to the array's type. The loop is `drawNormal` and `next` written out over
   * local variables, which is five times faster: the 60 million weights of a ResNet-152 take half a second.
   */
  fillNormal<A extends NumberArray>(out: A, mean = 0, std = 1): A {
    const words = this.words;
    // Imported bindings are looked up at each use, which costs more than the rest of the loop: hold the tables in locals.
    const widths = scaledEdges;
    const insides = edges;
    let s0 = words[0] as number;
    let s1 = words[1] as number;
    let s2 = words[2] as number;
    let s3 = words[3] as number;
    for (let i = 0; i < out.length; i++) {
      let m = Math.imul(s1, 5);
      const layer = Math.imul((m << 7) | (m >>> 25), 9) & LAYER_MASK;
      let shifted = s1 << 9;
      s2 ^= s0;
      s3 ^= s1;
      s1 ^= s2;
      s0 ^= s3;
      s2 ^= shifted;
      s3 = (s3 << 11) | (s3 >>> 21);
      m = Math.imul(s1, 5);
      let x = (Math.imul((m << 7) | (m >>> 25), 9) + 0.5) * (widths[layer] as number);
      shifted = s1 << 9;
      s2 ^= s0;
      s3 ^= s1;
      s1 ^= s2;
      s0 ^= s3;
      s2 ^= shifted;
      s3 = (s3 << 11) | (s3 >>> 21);
      if (Math.abs(x) >= (insides[layer + 1] as number)) {
        words[0] = s0;
        words[1] = s1;
        words[2] = s2;
        words[3] = s3;
        x = this.settleNormal(layer, x);
        s0 = words[0] as number;
        s1 = words[1] as number;
        s2 = words[2] as number;
        s3 = words[3] as number;
      }
      out[i] = mean + x * std;
    }
    words[0] = s0;
    words[1] = s1;
    words[2] = s2;
    words[3] = s3;
    return out;
  }

  private drawNormal(): number {
    const layer = this.next() & LAYER_MASK;
    // 32 bits of position with a sign, shifted by a half so that both signs are alike.
    const x = (this.next() + 0.5) * (scaledEdges[layer] as number);
    return Math.abs(x) < (edges[layer + 1] as number) ? x : this.settleNormal(layer, x);
  }

  /** Decides on a point that is not surely under the curve: the tail, the sliver beside a box, or another draw. */
  private settleNormal(layer: number, x: number): number {
    if (layer === 0) return x < 0 ? -this.drawTail() : this.drawTail();
    const low = heights[layer] as number;
    const under = low + this.uniform53() * ((heights[layer + 1] as number) - low) < Math.exp(-0.5 * x * x);
    return under ? x : this.drawNormal();
  }

  /** A number from beyond `TAIL_START`, by Marsaglia's method. */
  private drawTail(): number {
    for (;;) {
      const x = -Math.log(1 - this.uniform53()) / TAIL_START;
      const y = -Math.log(1 - this.uniform53());
      if (y + y > x * x) return TAIL_START + x;
    }
  }

  private next(): number {
    const s = this.words;
    const s1 = s[1] as number;
    const m = Math.imul(s1, 5);
    const result = Math.imul((m << 7) | (m >>> 25), 9);
    const s2 = (s[2] as number) ^ (s[0] as number);
    const s3 = (s[3] as number) ^ s1;
    s[1] = s1 ^ s2;
    s[0] = (s[0] as number) ^ s3;
    s[2] = s2 ^ (s1 << 9);
    s[3] = (s3 << 11) | (s3 >>> 21);
    return result;
  }
}

function mix(z: number): number {
  let x = z ^ (z >>> 16);
  x = Math.imul(x, 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  return x ^ (x >>> 16);
}
