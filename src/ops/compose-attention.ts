// Scaled dot-product attention in terms of simpler operators, as the standard's function body orders them: what rounds where decides the
// result in float16. Heads stay apart from batches, so that keys and values which several query heads share are not copied.
import type { DType } from "../tensor/dtype.ts";
import { add, div, mul, sub } from "./arithmetic.ts";
import { shapeWords } from "./compose-shapes.ts";
import type { Composer } from "./composition.ts";
import { less } from "./logic.ts";
import { matmul } from "./matmul.ts";
import { pad } from "./pad.ts";
import { softmax } from "./softmax.ts";
import { reciprocal, sqrt, tanh } from "./unary-math.ts";
import { where } from "./where-clip.ts";

export interface AttentionInputs<V> {
  /** `[batch, heads, sequence, head size]`, or `[batch, sequence, heads · head size]` where `queryHeads` and `keyHeads` are given. */
  readonly query: V;
  readonly key: V;
  readonly value: V;
  /** Booleans (true takes part) or numbers that are added; fewer columns than keys mean that the rest takes no part. */
  readonly mask?: V | undefined;
  readonly pastKey?: V | undefined;
  readonly pastValue?: V | undefined;
  /** `[batch]`: how many of the keys count. */
  readonly keyCounts?: V | undefined;
}

export interface AttentionOptions<V> {
  readonly queryHeads?: number | undefined;
  readonly keyHeads?: number | undefined;
  readonly scale?: number | undefined;
  readonly softcap?: number | undefined;
  readonly causal?: boolean;
  /** The dtype of scores and probabilities; that of the query by default. */
  readonly precision?: DType | undefined;
  /** Weigh the values in that dtype too, instead of in their own. */
  readonly raiseValues?: boolean;
  /** Changes scores before and probabilities after the softmax. */
  readonly onScores?: ((scores: V) => V) | undefined;
  readonly onProbabilities?: ((probabilities: V) => V) | undefined;
}

export interface AttentionResult<V> {
  /** In the layout of the query. */
  readonly output: V;
  /** `[batch, heads, keys, head size]` */
  readonly presentKey: V;
  readonly presentValue: V;
  /** `[batch, query heads, queries, keys]` at four stages: the scaled product, after softcap, with the masks, after softmax. */
  readonly stages: readonly [product: V, capped: V, masked: V, probabilities: V];
}

/** Attention as a composition. Source: ONNX Attention-24, function body and reference. */
export function composeAttention<V>(c: Composer<V>, inputs: AttentionInputs<V>, options: AttentionOptions<V>): AttentionResult<V> {
  const { join, transpose, reshape, sizes, cast } = shapeWords(c);
  const packed = c.rank(inputs.query) === 3;
  const apart = (x: V, heads: number | undefined) =>
    packed && heads !== undefined ? transpose(reshape(x, 0, 0, heads, -1), 0, 2, 1, 3) : x;
  const query = apart(inputs.query, options.queryHeads);
  const newKey = apart(inputs.key, options.keyHeads);
  const newValue = apart(inputs.value, options.keyHeads);
  const key = inputs.pastKey === undefined ? newKey : join(2, [inputs.pastKey, newKey]);
  const value = inputs.pastValue === undefined ? newValue : join(2, [inputs.pastValue, newValue]);

  const dtype = c.dtype(inputs.query);
  const precision = options.precision ?? dtype;
  const shared = sharing(c, query, key, options.raiseValues ?? false);
  // Half of the scale goes to either side, so that products of float16 stay in its range.
  const [forQuery, forKey] = rootsOfScale(c, query, options.scale);
  const product = shared.scores(c.apply(mul, [query, forQuery]), c.apply(mul, [transpose(key, 0, 1, 3, 2), forKey]));
  const scores = cast(product, precision);
  const capped = options.softcap ? softcapped(c, scores, options.softcap) : scores;
  const bias = composeBias(c, { ...inputs, query, key }, options.causal ?? false);
  const masked = bias === undefined ? capped : c.apply(add, [capped, cast(bias, precision)]);
  const changed = options.onScores ? options.onScores(masked) : masked;
  const softened = c.apply(softmax, [changed], { axis: -1 });
  const probabilities = options.onProbabilities ? options.onProbabilities(softened) : softened;
  const weighted = shared.weigh(probabilities, value);
  const heads = cast(weighted, dtype);
  const output = packed ? reshape(transpose(heads, 0, 2, 1, 3), sizes(inputs.query, 0, 2), -1) : heads;
  return { output, presentKey: key, presentValue: value, stages: [scores, capped, masked, probabilities] };
}

/** How query heads meet the heads of keys and values: one by one, or a group of query heads to each. */
function sharing<V>(c: Composer<V>, query: V, key: V, raiseValues: boolean) {
  const { reshape, sizes, unsqueeze, cast } = shapeWords(c);
  const [q, k] = [c.size(query, 1), c.size(key, 1)];
  const product = (p: V, value: V) => c.apply(matmul, raiseValues ? [p, cast(value, c.dtype(p))] : [cast(p, c.dtype(value)), value]);
  if (q !== undefined && q === k) return { scores: (a: V, b: V) => c.apply(matmul, [a, b]), weigh: product };
  return {
    scores(a: V, b: V) {
      const grouped = reshape(a, sizes(key, 0, 2), -1, sizes(a, 2));
      return reshape(c.apply(matmul, [grouped, unsqueeze(b, 2)]), sizes(a, 0, 3), sizes(b, 3));
    },
    weigh(p: V, value: V) {
      const grouped = reshape(p, sizes(value, 0, 2), -1, sizes(p, 2));
      return reshape(product(grouped, unsqueeze(value, 2)), sizes(p, 0, 3), sizes(value, 3));
    },
  };
}

/** Two factors of the scale, each √|scale|, in the dtype of the query; the scale is 1 / √(head size) by default. */
function rootsOfScale<V>(c: Composer<V>, query: V, scale: number | undefined): [forQuery: V, forKey: V] {
  const headSize = c.size(query, 3);
  const known = scale ?? (headSize === undefined ? undefined : 1 / Math.sqrt(headSize));
  if (known !== undefined) {
    const root = Math.sqrt(Math.abs(known));
    const forKey = c.scalar(query, root);
    return [known < 0 ? c.scalar(query, -root) : forKey, forKey];
  }
  const { sizes, squeeze, cast } = shapeWords(c);
  const size = squeeze(cast(sizes(query, 3), "float32"), 0);
  const root = cast(c.apply(sqrt, [c.apply(reciprocal, [c.apply(sqrt, [size])])]), c.dtype(query));
  return [root, root];
}

function softcapped<V>(c: Composer<V>, scores: V, softcap: number): V {
  const cap = c.scalar(scores, softcap);
  return c.apply(mul, [c.apply(tanh, [c.apply(div, [scores, cap])]), cap]);
}

/** What is added to the scores: the mask, minus infinity above the diagonal, minus infinity beyond the keys that count. */
function composeBias<V>(c: Composer<V>, inputs: AttentionInputs<V>, causal: boolean): V | undefined {
  const { query, key, mask, pastKey, keyCounts } = inputs;
  const { sizes, countTo, unsqueeze, reshape } = shapeWords(c);
  const [zero, lowest] = [c.scalar(query, 0), c.scalar(query, Number.NEGATIVE_INFINITY)];
  const terms: V[] = mask === undefined ? [] : [composeMask(c, mask, query, key)];
  const columns = () => countTo(sizes(key, 2, 3));
  const counts = keyCounts === undefined ? undefined : reshape(keyCounts, -1, 1, 1, 1);
  if (causal) {
    // The last query sees every key before it: those of the past, or all that count of a cache that was filled from outside.
    const first =
      pastKey !== undefined ? sizes(pastKey, 2, 3) : counts !== undefined ? c.apply(sub, [counts, sizes(query, 2, 3)]) : undefined;
    const rows = unsqueeze(countTo(sizes(query, 2, 3)), 1);
    const reach = first === undefined ? rows : c.apply(add, [rows, first]);
    terms.push(c.apply(where, [c.apply(less, [reach, columns()]), lowest, zero]));
  }
  if (counts !== undefined) terms.push(c.apply(where, [c.apply(less, [columns(), counts]), zero, lowest]));
  return terms.length === 0 ? undefined : terms.reduce((sum, term) => c.apply(add, [sum, term]));
}

function composeMask<V>(c: Composer<V>, mask: V, query: V, key: V): V {
  const { sizes, join, cast } = shapeWords(c);
  const lowest = c.scalar(query, Number.NEGATIVE_INFINITY);
  const bias = c.dtype(mask) === "bool" ? c.apply(where, [mask, c.scalar(query, 0), lowest]) : cast(mask, c.dtype(query));
  const [columns, keys] = [c.size(bias, -1), c.size(key, 2)];
  if (columns !== undefined && columns === keys) return bias;
  const missing = c.apply(sub, [sizes(key, 2, 3), sizes(bias, -1)]);
  return c.apply(pad, [bias, join(0, [c.ints([0]), missing]), lowest, c.ints([-1])]);
}
