// TfIdfVectorizer: counts the n-grams of a pool in rows of tokens.
import { ingotError } from "../errors/error.ts";
import { tensorType } from "../ir/type.ts";
import { Storage } from "../tensor/storage.ts";
import { defineOp, floats_, int, ints, string, strings } from "./define.ts";
import { requireAtLeast, requireRank, requireWord } from "./infer.ts";

/** How a count becomes a number, by the mode; `w` is the weight of its place in the output. */
const modes: Readonly<Record<string, (count: number, w: number) => number>> = {
  TF: (count) => count,
  IDF: (count, w) => (count > 0 ? w : 0),
  TFIDF: (count, w) => count * w,
};

interface Pool {
  readonly pool_int64s: readonly number[] | undefined;
  readonly pool_strings: readonly string[] | undefined;
  readonly ngram_counts: readonly number[];
  readonly ngram_indexes: readonly number[];
  readonly min_gram_length: number;
  readonly max_gram_length: number;
}

const keyOf = (tokens: readonly unknown[]): string => tokens.map((t) => JSON.stringify(String(t))).join();

/**
 * Places in the output by n-gram. `ngram_counts[n − 1]` is where the n-grams of length n begin in the pool; `ngram_indexes` has one place
 * per n-gram, in the pool's order.
 */
function placesByNgram(pool: Pool): Map<string, number> {
  const tokens: readonly (number | string)[] = pool.pool_int64s?.length ? pool.pool_int64s : (pool.pool_strings ?? []);
  const places = new Map<string, number>();
  let id = 0;
  for (const [i, start] of pool.ngram_counts.entries()) {
    const n = i + 1;
    const end = pool.ngram_counts[i + 1] ?? tokens.length;
    if (start < 0 || end < start || end > tokens.length || (end - start) % n !== 0)
      throw invalid("ngram_counts", `rising places in a pool of ${tokens.length} tokens, ${n} tokens to each ${n}-gram`, pool.ngram_counts);
    for (let at = start; at < end; at += n, id++) {
      const place = pool.ngram_indexes[id];
      if (place === undefined || place < 0)
        throw invalid("ngram_indexes", "one place from 0 for each n-gram of the pool", pool.ngram_indexes);
      if (n >= pool.min_gram_length && n <= pool.max_gram_length) places.set(keyOf(tokens.slice(at, at + n)), place);
    }
  }
  return places;
}

function invalid(name: string, expected: string, actual: readonly number[]): Error {
  const hint = "The pool holds all 1-grams, then all 2-grams, and so on; ngram_counts says where each length begins.";
  return ingotError("InvalidArgument", { op: "TfIdfVectorizer", name, expected, actual: `[${actual.join(", ")}]`, hint });
}

const widthOf = (indexes: readonly number[]): number => indexes.reduce((most, i) => Math.max(most, i + 1), 0);

/** Counts n-grams of `[C]` or `[N, C]` tokens, whose members may stand up to `max_skip_count` tokens apart. Gives `[D]` or `[N, D]`. */
export const tfIdfVectorizer = defineOp("TfIdfVectorizer", {
  since: [9],
  inputs: ["X: T"],
  outputs: ["Y: float32"],
  types: { T: ["string", "int32", "int64"] },
  attributes: {
    max_gram_length: int.required,
    max_skip_count: int.required,
    min_gram_length: int.required,
    mode: string.required,
    ngram_counts: ints.required,
    ngram_indexes: ints.required,
    pool_int64s: ints(),
    pool_strings: strings(),
    weights: floats_(),
  },
  accuracy: "exact",
  infer(c) {
    requireWord(c, "mode", Object.keys(modes), "TF counts.");
    requireAtLeast(c, "min_gram_length", 1, "The shortest n-grams are single tokens.");
    requireAtLeast(c, "max_gram_length", c.attributes.min_gram_length as number, "It is the length of the longest n-grams.");
    requireAtLeast(c, "max_skip_count", 0, "0 takes tokens that stand side by side.");
    const shape = requireRank(c, 0, "X", 0, 2);
    return [tensorType("float32", shape && [...shape.slice(0, -1), widthOf(c.attributes.ngram_indexes as readonly number[])])];
  },
  eval({ X }, attributes, context) {
    const places = placesByNgram(attributes);
    const width = widthOf(attributes.ngram_indexes);
    const size = X.shape[X.rank - 1] ?? 1;
    const rows = X.rank === 2 ? (X.shape[0] as number) : 1;
    const tokens = Array.from(X.dense() as ArrayLike<unknown>);
    const out = new Float32Array(rows * width);
    // Longer ones than the pool and the rows have, and tokens further apart than a row is long, are not found.
    const longest = Math.min(attributes.max_gram_length, attributes.ngram_counts.length, size);
    const widest = Math.min(attributes.max_skip_count + 1, size);
    const count = (row: number, n: number, step: number) => {
      for (let start = 0; start + step * (n - 1) < size; start++) {
        const gram = Array.from({ length: n }, (_, k) => tokens[row * size + start + k * step]);
        const place = places.get(keyOf(gram));
        if (place !== undefined) out[row * width + place] = (out[row * width + place] as number) + 1;
      }
    };
    for (let row = 0; row < rows; row++)
      for (let n = attributes.min_gram_length; n <= longest; n++)
        // Single tokens have nothing to skip.
        for (let step = 1; step <= (n === 1 ? 1 : widest); step++) count(row, n, step);
    const weigh = modes[attributes.mode] as (count: number, w: number) => number;
    const { weights } = attributes;
    for (let i = 0; i < out.length; i++) out[i] = weigh(out[i] as number, weights?.length ? (weights[i % width] ?? 0) : 1);
    return Storage.of("float32", out, context.shape(0));
  },
});
