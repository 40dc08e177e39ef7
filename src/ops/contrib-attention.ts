// Attention and MultiHeadAttention of the domain com.microsoft, which ONNX Runtime's own optimisers and exporters write for transformers.
// Both are compositions around the attention of the standard.
import { ingotError } from "../errors/error.ts";
import { addDims, type Dim, floorDivDims, unknownDim } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType, type ValueType } from "../ir/type.ts";
import type { DType } from "../tensor/dtype.ts";
import { formatShape } from "../tensor/shape.ts";
import { add, mul, sub } from "./arithmetic.ts";
import { composeAttention } from "./compose-attention.ts";
import { shapeWords } from "./compose-shapes.ts";
import { building, type Composer, evaluating } from "./composition.ts";
import { matMulIntegerToFloat } from "./contrib-matmul.ts";
import { defineOp, float, int, ints } from "./define.ts";
import { inputType, requireRank } from "./infer.ts";
import { less } from "./logic.ts";
import { matmul } from "./matmul.ts";
import { split } from "./slice.ts";
import { where } from "./where-clip.ts";

const narrowFloats: readonly DType[] = ["float32", "float16", "bfloat16"];

/**
 * What a padding mask adds to the scores `[batch, heads, queries, keys]`: `filter` where it says 0. A mask is `[batch, keys]`,
 * `[batch, queries, keys]` or `[batch, 1, queries, keys]`; or a list of lengths `[batch]`, or of ends and then starts `[2 · batch]`.
 */
function paddingBias<V>(c: Composer<V>, mask: V, like: V, keys: V, filter: number): V {
  const { cast, unsqueeze, reshape, countTo, join, slice, sizes } = shapeWords(c);
  const [zero, low] = [c.scalar(like, 0), c.scalar(like, filter)];
  const rank = c.rank(mask);
  if (rank > 1) {
    const numbers = cast(mask, c.dtype(like));
    const spread = rank === 2 ? unsqueeze(numbers, 1, 2) : rank === 3 ? unsqueeze(numbers, 1) : numbers;
    return c.apply(mul, [c.apply(sub, [c.scalar(like, 1), spread]), low]);
  }
  // One row of ends, or one more of starts, which are 0 where they are left out.
  const rows = reshape(mask, -1, sizes(like, 0, 1));
  const both = join(0, [rows, c.apply(mul, [slice(rows, 0, 0, 1), c.scalar(mask, 0)])]);
  const [end, start] = [0, 1].map((row) => reshape(slice(both, 0, row, row + 1), -1, 1, 1, 1)) as [V, V];
  const places = cast(countTo(keys), "int32");
  const within = c.apply(where, [c.apply(less, [places, end]), zero, low]);
  return c.apply(where, [c.apply(less, [places, start]), low, within]);
}

function sumOf<V>(c: Composer<V>, a: V | undefined, b: V | undefined): V | undefined {
  return a === undefined || b === undefined ? (a ?? b) : c.apply(add, [a, b]);
}

interface CoreOptions<V> {
  readonly scale?: number | undefined;
  readonly causal: boolean;
  readonly filter: number;
  readonly mask?: V | undefined;
  readonly bias?: V | undefined;
  readonly pastKey?: V | undefined;
  readonly pastValue?: V | undefined;
}

/** Attention over heads that stand apart; the output is `[batch, queries, heads · size]`. */
function core<V>(c: Composer<V>, query: V, key: V, value: V, o: CoreOptions<V>) {
  const { sizes, transpose, reshape } = shapeWords(c);
  const keys = o.pastKey === undefined ? sizes(key, 2, 3) : c.apply(add, [sizes(o.pastKey, 2, 3), sizes(key, 2, 3)]);
  const padding = o.mask === undefined ? undefined : paddingBias(c, o.mask, query, keys, o.filter);
  const result = composeAttention(
    c,
    { query, key, value, mask: sumOf(c, padding, o.bias), pastKey: o.pastKey, pastValue: o.pastValue },
    { scale: o.scale, causal: o.causal },
  );
  return { ...result, merged: reshape(transpose(result.output, 0, 2, 1, 3), 0, 0, -1) };
}

/** `[batch, length, heads · size]` → `[batch, heads, length, size]` */
function apart<V>(c: Composer<V>, x: V, heads: number): V {
  const { reshape, transpose } = shapeWords(c);
  return transpose(reshape(x, 0, 0, heads, -1), 0, 2, 1, 3);
}

const zeroOr = (scale: number | undefined): number | undefined => (scale === 0 ? undefined : scale);

// ---- Attention ---------------------------------------------------------------------------------------------------------

interface AttentionAttributes {
  readonly num_heads: number;
  readonly unidirectional: number;
  readonly mask_filter_value: number;
  readonly qkv_hidden_sizes?: readonly number[] | undefined;
  readonly scale?: number | undefined;
}

function composeProjected<V>(c: Composer<V>, inputs: readonly (V | undefined)[], a: AttentionAttributes, count: number): readonly V[] {
  const [input, weights, bias, mask, past, attentionBias] = inputs as [V, V, ...(V | undefined)[]];
  const product = c.apply(matmul, [input, weights]);
  const projected = bias === undefined ? product : c.apply(add, [product, bias]);
  return composeSelf(c, [projected, mask, past, attentionBias], a, count);
}

/** Attention of queries, keys and values that lie side by side, `[batch, length, widths of the three]`. */
function composeSelf<V>(
  c: Composer<V>,
  [projected, mask, past, attentionBias]: readonly [V, ...(V | undefined)[]],
  a: AttentionAttributes,
  count: number,
): readonly V[] {
  const { squeeze, unsqueeze, join } = shapeWords(c);
  const parts = a.qkv_hidden_sizes?.length
    ? c.applyAll(split, [projected, c.ints(a.qkv_hidden_sizes)], { axis: 2 }, 3)
    : c.applyAll(split, [projected], { axis: 2, num_outputs: 3 }, 3);
  const [query, key, value] = parts.map((x) => apart(c, x, a.num_heads)) as [V, V, V];
  const [pastKey, pastValue] =
    past === undefined ? [] : c.applyAll(split, [past], { axis: 0, num_outputs: 2 }, 2).map((x) => squeeze(x, 0));
  const { merged, presentKey, presentValue } = core(c, query, key, value, {
    ...{ scale: zeroOr(a.scale), causal: a.unidirectional === 1, filter: a.mask_filter_value },
    ...{ mask, bias: attentionBias, pastKey, pastValue },
  });
  return count > 1 ? [merged, join(0, [unsqueeze(presentKey, 0), unsqueeze(presentValue, 0)])] : [merged];
}

/**
 * Self-attention with its projection: query, key and value are thirds of `input · weights + bias`. `mask_index` is a padding mask or a
 * list of lengths; `past` and `present` are `[2, batch, heads, length, size]`, keys and then values.
 */
export const contribAttention = defineOp("com.microsoft.Attention", {
  since: [1],
  inputs: ["input: T", "weights: T", "bias?: T", "mask_index?: int32", "past?: T", "attention_bias?: T", "past_sequence_length?: int32"],
  outputs: ["output: T", "present?: T"],
  types: { T: narrowFloats },
  attributes: {
    do_rotary: int(0),
    mask_filter_value: float(-10000),
    num_heads: int.required,
    past_present_share_buffer: int(0),
    qkv_hidden_sizes: ints(),
    rotary_embedding_dim: int(0),
    scale: float(),
    unidirectional: int(0),
  },
  accuracy: "approximate",
  infer: (c) => inferProjection(c, { dtype: inputType(c, 0).dtype, mask: 3, past: 4 }),
  eval: ({ input, weights, bias, mask_index, past, attention_bias }, attributes, context) =>
    composeProjected(evaluating, [input, weights, bias, mask_index, past, attention_bias], attributes, context.outputs.length),
  decompose: (g, inputs, attributes, outputs) => composeProjected(building(g), inputs, attributes, outputs.length),
});

function composeQuantized<V>(c: Composer<V>, inputs: readonly (V | undefined)[], a: AttentionAttributes, count: number): readonly V[] {
  const [input, weight, bias, scale, weightScale, mask, zero, weightZero, past] = inputs as [V, V, V, V, V, ...(V | undefined)[]];
  const projected = c.apply(matMulIntegerToFloat, [input, weight, scale, weightScale, zero, weightZero, bias]);
  return composeSelf(c, [projected, mask, past], a, count);
}

/** Attention whose input and weights are quantised; the projection is a product of integers. */
export const qAttention = defineOp("com.microsoft.QAttention", {
  since: [1],
  inputs: [
    "input: T1",
    "weight: T2",
    "bias: T3",
    "input_scale: T3",
    "weight_scale: T3",
    "mask_index?: int32",
    "input_zero_point?: T1",
    "weight_zero_point?: T2",
    "past?: T3",
  ],
  outputs: ["output: T3", "present?: T3"],
  types: { T1: ["int8", "uint8"], T2: ["int8", "uint8"], T3: ["float32", "float16"] },
  attributes: {
    do_rotary: int(0),
    mask_filter_value: float(-10000),
    num_heads: int.required,
    past_present_share_buffer: int(0),
    scale: float(),
    unidirectional: int(0),
  },
  accuracy: "approximate",
  infer: (c) => inferProjection(c, { dtype: inputType(c, 2).dtype, mask: 5, past: 8 }),
  eval: (i, attributes, context) =>
    composeQuantized(
      evaluating,
      [...[i.input, i.weight, i.bias, i.input_scale, i.weight_scale], ...[i.mask_index, i.input_zero_point, i.weight_zero_point, i.past]],
      attributes,
      context.outputs.length,
    ),
  decompose: (g, inputs, attributes, outputs) => composeQuantized(building(g), inputs, attributes, outputs.length),
});

/** Throws `InvalidArgument` for attributes that only other devices than the CPU have. */
function requireOff(c: InferContext, ...names: readonly string[]): void {
  for (const name of names)
    if (c.attributes[name] !== 0)
      throw ingotError("InvalidArgument", {
        op: c.op,
        name,
        expected: "0",
        actual: String(c.attributes[name]),
        hint: "This form is for caches that are written in place, or is not supported; export the model without it.",
      });
}

/** Throws `InvalidArgument` unless the number of heads is one. */
function headsOf(c: InferContext): number {
  const heads = c.attributes.num_heads as number;
  if (heads >= 1) return heads;
  throw ingotError("InvalidArgument", {
    op: c.op,
    name: "num_heads",
    expected: "a number of heads from 1",
    actual: heads,
    hint: "The width of query and key is divided among the heads.",
  });
}

const part = (d: Dim, n: number): Dim => floorDivDims(d, n);

/** The outputs of an attention with its projection; `mask` and `past` say which inputs these are. */
function inferProjection(c: InferContext, at: { readonly dtype: DType; readonly mask: number; readonly past: number }): ValueType[] {
  requireOff(c, "do_rotary", "past_present_share_buffer");
  const heads = headsOf(c);
  const { qkv_hidden_sizes: hidden } = c.attributes as unknown as AttentionAttributes;
  if (hidden?.length && hidden.length !== 3)
    throw ingotError("InvalidArgument", {
      op: c.op,
      name: "qkv_hidden_sizes",
      expected: "three widths: of query, key and value",
      actual: formatShape(hidden),
      hint: "Leave it out where all three are alike.",
    });
  const { dtype } = at;
  const x = requireRank(c, 0, "input", 3);
  const w = requireRank(c, 1, "weights", 2);
  const past = c.inputs[at.past] && requireRank(c, at.past, "past", 5);
  if (c.inputs[at.mask]) requireRank(c, at.mask, "mask_index", 1, 4);
  if (!x || !w) return [tensorType(dtype), tensorType(dtype)].slice(0, c.outputCount);
  const [inner, width] = w as [Dim, Dim];
  if (typeof inner === "number" && typeof x[2] === "number" && inner !== x[2])
    throw ingotError("ShapeMismatch", {
      op: c.op,
      what: "weights",
      actual: formatShape(w.map(String)),
      expected: `${x[2]} rows, because the input has that many features`,
      hint: "The weights project the input to queries, keys and values, side by side.",
    });
  const valueWidth = hidden?.length ? (hidden[2] as number) : part(width, 3);
  const keyWidth = hidden?.length ? (hidden[1] as number) : part(width, 3);
  const total = c.inputs[at.past] ? (past ? addDims(past[3] as Dim, x[1] as Dim) : unknownDim()) : (x[1] as Dim);
  return [
    tensorType(dtype, [x[0] as Dim, x[1] as Dim, valueWidth]),
    tensorType(dtype, [2, x[0] as Dim, heads, total, part(keyWidth, heads)]),
  ].slice(0, c.outputCount);
}

// ---- MultiHeadAttention ------------------------------------------------------------------------------------------------

interface MultiHeadAttributes {
  readonly num_heads: number;
  readonly unidirectional: number;
  readonly mask_filter_value: number;
  readonly scale?: number | undefined;
}

function composeMultiHead<V>(c: Composer<V>, inputs: readonly (V | undefined)[], a: MultiHeadAttributes, count: number): readonly V[] {
  const [query, key, value, bias, mask, attentionBias, pastKey, pastValue] = inputs as [V, V, V, ...(V | undefined)[]];
  const { slice } = shapeWords(c);
  // Keys and values with their heads apart come from a cache; they have their bias already.
  const cached = c.rank(key) === 4;
  const biased = (x: V, from: number, to: number) => (bias === undefined ? x : c.apply(add, [x, slice(bias, 0, from, to)]));
  const hidden = bias === undefined ? 0 : sizeOf(c, query, 2);
  const end = 2 ** 31 - 1;
  const q = apart(c, biased(query, 0, hidden), a.num_heads);
  const k = cached ? key : apart(c, biased(key, hidden, 2 * hidden), a.num_heads);
  const v = cached ? value : apart(c, biased(value, 2 * hidden, end), a.num_heads);
  const { merged, presentKey, presentValue, stages } = core(c, q, k, v, {
    ...{ scale: zeroOr(a.scale), causal: a.unidirectional === 1, filter: a.mask_filter_value },
    ...{ mask, bias: attentionBias, pastKey, pastValue },
  });
  return [merged, presentKey, presentValue, stages[0]].slice(0, count);
}

function sizeOf<V>(c: Composer<V>, x: V, axis: number): number {
  const size = c.size(x, axis);
  if (size !== undefined) return size;
  throw ingotError("InvalidGraph", {
    problem: "MultiHeadAttention with a bias cannot be taken apart while the width of its query is unknown",
    where: "",
    hint: "Give the query a shape whose last size is a number.",
  });
}

/**
 * Attention of `query` `[batch, queries, heads · size]` over `key` and `value`, of the same form or with their heads apart
 * `[batch, heads, keys, size]`. `bias` is added to the three, side by side. `key_padding_mask` and `attention_bias` change the scores.
 */
export const multiHeadAttention = defineOp("com.microsoft.MultiHeadAttention", {
  since: [1],
  inputs: [
    "query: T",
    "key: T",
    "value: T",
    "bias?: T",
    "key_padding_mask?: int32",
    "attention_bias?: T",
    "past_key?: T",
    "past_value?: T",
    "past_sequence_length?: int32",
    "cache_indirection?: int32",
  ],
  outputs: ["output: T", "present_key?: T", "present_value?: T", "qk?: T"],
  types: { T: narrowFloats },
  attributes: { mask_filter_value: float(-10000), num_heads: int.required, scale: float(), unidirectional: int(0) },
  accuracy: "approximate",
  infer: inferMultiHead,
  eval: (i, attributes, context) =>
    composeMultiHead(
      evaluating,
      [i.query, i.key, i.value, i.bias, i.key_padding_mask, i.attention_bias, i.past_key, i.past_value],
      attributes,
      context.outputs.length,
    ),
  decompose: (g, inputs, attributes, outputs) => composeMultiHead(building(g), inputs, attributes, outputs.length),
});

function inferMultiHead(c: InferContext): ValueType[] {
  const heads = headsOf(c);
  const { dtype } = inputType(c, 0);
  const q = requireRank(c, 0, "query", 3);
  const k = requireRank(c, 1, "key", 3, 4);
  const v = requireRank(c, 2, "value", 3, 4);
  if (c.inputs[4]) requireRank(c, 4, "key_padding_mask", 1, 3);
  if (c.inputs[8] || c.inputs[9])
    throw ingotError("InvalidArgument", {
      op: c.op,
      name: c.inputs[8] ? "past_sequence_length" : "cache_indirection",
      expected: "none",
      actual: "a tensor",
      hint: "It belongs to caches that are written in place; export the model without it.",
    });
  const past = c.inputs[6] && requireRank(c, 6, "past_key", 4);
  if (!q || !k || !v) return [dtype, dtype, dtype, dtype].map((d) => tensorType(d)).slice(0, c.outputCount);
  const [keys, size] = k.length === 4 ? [k[2] as Dim, k[3] as Dim] : [k[1] as Dim, part(k[2] as Dim, heads)];
  const valueSize = v.length === 4 ? (v[3] as Dim) : part(v[2] as Dim, heads);
  const querySize = part(q[2] as Dim, heads);
  if (typeof querySize === "number" && typeof size === "number" && querySize !== size)
    throw ingotError("ShapeMismatch", {
      op: c.op,
      what: "key",
      actual: formatShape(k.map(String)),
      expected: `heads of size ${querySize}, as the query has with num_heads = ${heads}`,
      hint: "Query and key have the same width.",
    });
  const total = c.inputs[6] ? (past ? addDims(past[2] as Dim, keys) : unknownDim()) : keys;
  const width = v.length === 4 ? (typeof valueSize === "number" ? valueSize * heads : unknownDim()) : (v[2] as Dim);
  return [
    tensorType(dtype, [q[0] as Dim, q[1] as Dim, width]),
    tensorType(dtype, [q[0] as Dim, heads, total, size]),
    tensorType(dtype, [q[0] as Dim, heads, total, valueSize]),
    tensorType(dtype, [q[0] as Dim, heads, q[1] as Dim, total]),
  ].slice(0, c.outputCount);
}
