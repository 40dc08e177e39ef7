// Explains how an integer follows the dynamic dimensions: from its values in several recordings to one expression that fits them all.
import { addDims, type Dim, DimExpr, evaluateDim, floorDivDims, mulDims, subDims } from "../ir/dim.ts";

/** The size of every symbol in one recording. */
export type Sizes = ReadonlyMap<string, number>;

/** Divisors beyond this are not guessed; patch and window sizes lie well below. */
const maxDivisor = 64;

/**
 * Expressions that values may be made of: the symbols, and every dimension that occurred in a type so far. Dimensions met in types come
 * from shape inference, so `(h + 2·3 − 7)/2 + 1` need not be guessed.
 */
export class Basis {
  readonly recordings: readonly Sizes[];
  readonly #dims: { readonly dim: Dim; readonly values: readonly number[] }[] = [];
  readonly #keys = new Set<string>();
  /** True once the recordings left open which of several roundings a value follows. */
  uncertain = false;

  constructor(recordings: readonly Sizes[], symbols: readonly DimExpr[]) {
    this.recordings = recordings;
    for (const s of symbols) this.add(s);
  }

  /** Adds a dimension; numbers, repeats and ones with unknown symbols are passed over. */
  add(dim: Dim): void {
    if (!(dim instanceof DimExpr) || this.#keys.has(dim.key)) return;
    this.#keys.add(dim.key);
    const values = this.recordings.map((sizes) => evaluateDim(dim, sizes));
    if (values.every((v) => v !== undefined)) this.#dims.push({ dim, values: values as number[] });
  }

  /** The simplest expression with these values (one per recording), or undefined. */
  explain(values: readonly number[]): Dim | undefined {
    const first = values[0] as number;
    if (values.every((v) => v === first)) return first;
    if (!values.every(Number.isSafeInteger)) return undefined;
    return this.#same(values) ?? this.#affine(values) ?? this.#floor(values) ?? this.#product(values) ?? this.#several(values);
  }

  #same(values: readonly number[]): Dim | undefined {
    return this.#dims.find((d) => fits(d.values, values))?.dim;
  }

  /** a·d + b */
  #affine(values: readonly number[]): Dim | undefined {
    for (const d of this.#dims) {
      const line = lineThrough(d.values, values);
      if (line) return addDims(mulDims(line.slope, d.dim), line.offset);
    }
    return undefined;
  }

  /** ⌊(d + b)/k⌋ + c is ⌊(d + b + k·c)/k⌋: look for one offset at which the floor holds in every recording. */
  #floor(values: readonly number[]): Dim | undefined {
    // Small divisors first: a quarter that was computed as half of a half is found as that.
    for (let k = 2; k <= maxDivisor; k++)
      for (const d of this.#dims) {
        // k·v ≤ d + b < k·(v + 1) bounds b from both sides.
        let low = Number.NEGATIVE_INFINITY;
        let high = Number.POSITIVE_INFINITY;
        values.forEach((v, i) => {
          low = Math.max(low, k * v - (d.values[i] as number));
          high = Math.min(high, k * (v + 1) - 1 - (d.values[i] as number));
        });
        // Take the bounds' value nearest to the usual roundings: none, up, half.
        const b = [0, k - 1, Math.floor(k / 2)].find((c) => c >= low && c <= high) ?? (low <= high ? low : undefined);
        if (b === undefined) continue;
        if (low < high) this.uncertain = true;
        return floorDivDims(addDims(d.dim, b), k);
      }
    return undefined;
  }

  /** a·d·e + b */
  #product(values: readonly number[]): Dim | undefined {
    for (let i = 0; i < this.#dims.length && i < 32; i++)
      for (let j = i; j < this.#dims.length && j < 32; j++) {
        const d = this.#dims[i] as { dim: Dim; values: readonly number[] };
        const e = this.#dims[j] as { dim: Dim; values: readonly number[] };
        const line = lineThrough(
          d.values.map((v, n) => v * (e.values[n] as number)),
          values,
        );
        if (line) return addDims(mulDims(line.slope, mulDims(d.dim, e.dim)), line.offset);
      }
    return undefined;
  }

  /** ± d ± e + b over two dimensions. */
  #several(values: readonly number[]): Dim | undefined {
    for (const d of this.#dims)
      for (const e of this.#dims) {
        if (d === e) continue;
        const rest = values.map((v, n) => v - (e.values[n] as number));
        const line = lineThrough(d.values, rest);
        if (line) return addDims(e.dim, addDims(mulDims(line.slope, d.dim), line.offset));
        const sum = values.map((v, n) => v + (e.values[n] as number));
        const other = lineThrough(d.values, sum);
        if (other) return subDims(addDims(mulDims(other.slope, d.dim), other.offset), e.dim);
      }
    return undefined;
  }
}

function fits(a: readonly number[], b: readonly number[]): boolean {
  return a.every((v, i) => v === b[i]);
}

/** The line through all points (x, y), if there is one with whole coefficients. */
function lineThrough(xs: readonly number[], ys: readonly number[]): { slope: number; offset: number } | undefined {
  const x0 = xs[0] as number;
  const y0 = ys[0] as number;
  const at = xs.findIndex((x) => x !== x0);
  if (at < 0) return undefined;
  const slope = ((ys[at] as number) - y0) / ((xs[at] as number) - x0);
  if (!Number.isInteger(slope) || slope === 0) return undefined;
  const offset = y0 - slope * x0;
  return xs.every((x, i) => slope * x + offset === ys[i]) ? { slope, offset } : undefined;
}
