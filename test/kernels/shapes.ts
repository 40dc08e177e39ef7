// Random operands and shapes for the kernel tests, and the bound on rounding errors they are held to.
import assert from "node:assert/strict";
import fc from "fast-check";

/** Numbers from −1 to 1 that a seed determines. */
export function randomF32(length: number, seed: number): Float32Array {
  let state = seed | 1;
  return Float32Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state / 2 ** 31;
  });
}

export function product(sizes: readonly number[]): number {
  return sizes.reduce((a, b) => a * b, 1);
}

/** The sizes of a random convolution; `pads` from −1 (cropping) to 3. */
export interface ConvCase {
  readonly batch: number;
  readonly groups: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly spatial: readonly number[];
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly pads: readonly number[];
  readonly outputPadding: readonly number[];
  readonly bias: boolean;
  readonly seed: number;
}

export const convCase: fc.Arbitrary<ConvCase> = fc.integer({ min: 1, max: 3 }).chain((rank) => {
  const each = (min: number, max: number, length = rank) => fc.array(fc.integer({ min, max }), { minLength: length, maxLength: length });
  return fc.record({
    batch: fc.integer({ min: 1, max: 2 }),
    groups: fc.integer({ min: 1, max: 3 }),
    inChannels: fc.integer({ min: 1, max: 5 }),
    outChannels: fc.integer({ min: 1, max: 9 }),
    spatial: each(1, [70, 18, 7][rank - 1] as number),
    kernel: each(1, 4),
    strides: each(1, 3),
    dilations: each(1, 2),
    pads: each(-1, 3, 2 * rank),
    outputPadding: each(0, 1),
    bias: fc.boolean(),
    seed: fc.integer({ min: 1, max: 2 ** 30 }),
  });
});

/**
 * Checks `actual` against float64 `expected`, element by element: the error of a float32 sum of `terms` products is at most
 * `Σ|a·b| · terms · 2⁻²⁴`, and `magnitudes` holds these sums of absolute products.
 */
export function worstExcess(actual: ArrayLike<number>, expected: ArrayLike<number>, magnitudes: ArrayLike<number>, terms: number): number {
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const bound = (magnitudes[i] as number) * terms * 2 ** -24 + 1e-45;
    const excess = Math.abs((actual[i] as number) - (expected[i] as number)) / bound;
    if (!(excess <= worst)) worst = excess;
  }
  return worst;
}

/** Random operands of a convolution: `wShape` is that of its filters. */
export function convOperands(c: ConvCase, wShape: readonly number[]) {
  const xShape = [c.batch, c.groups * c.inChannels, ...c.spatial];
  const bias = c.bias ? randomF32(c.groups * c.outChannels, c.seed + 2) : null;
  const { groups, strides, dilations, pads } = c;
  return {
    ...{ x: randomF32(product(xShape), c.seed), xShape, w: randomF32(product(wShape), c.seed + 1), wShape, bias },
    ...{ groups, strides, dilations, pads },
  };
}

interface Sums {
  readonly x: Float32Array;
  readonly w: Float32Array;
  readonly bias?: Float32Array | null;
}

/** Asserts that the result of a convolution of `terms` products is within the bound of what `reference` writes into a float64 `y`. */
export function checkConvolution(
  y: Float32Array,
  { x, w, bias = null }: Sums,
  terms: number,
  reference: (operands: Required<Sums> & { readonly y: Float64Array }) => void,
): void {
  const expected = new Float64Array(y.length);
  reference({ x, w, bias, y: expected });
  const magnitudes = new Float64Array(y.length);
  reference({ x: x.map(Math.abs), w: w.map(Math.abs), bias: bias?.map(Math.abs) ?? null, y: magnitudes });
  const excess = worstExcess(y, expected, magnitudes, terms);
  assert.ok(excess <= 1, `error is ${excess} times the bound`);
}
