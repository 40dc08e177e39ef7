// Attention and FlexAttention: scaled dot-product attention of many heads. Kernel and decomposition are one composition.
import { ingotError } from "../errors/error.ts";
import { addDims, type Dim, divideExactly, floorDivDims, mulDims, unknownDim } from "../ir/dim.ts";
import type { Graph, Value } from "../ir/graph.ts";
import { inlineGraph } from "../ir/inline.ts";
import type { InferContext } from "../ir/schema.ts";
import { type TensorType, tensorType, type ValueType } from "../ir/type.ts";
import { dtypeFromOnnx, floats, numeric } from "../tensor/dtype.ts";
import { elementCount, formatShape } from "../tensor/shape.ts";
import type { Storage } from "../tensor/storage.ts";
import { composeAttention } from "./compose-attention.ts";
import { shapeWords } from "./compose-shapes.ts";
import { building, type Composer, evaluating } from "./composition.ts";
import { defineOp, float, graph, int } from "./define.ts";
import { inputType, requireRank } from "./infer.ts";
import { isHalf } from "./map-elements.ts";
import { finishSteps } from "./steps.ts";

interface AttentionAttributes {
  readonly is_causal: number;
  readonly q_num_heads?: number | undefined;
  readonly kv_num_heads?: number | undefined;
  readonly qk_matmul_output_mode: number;
  readonly scale?: number | undefined;
  readonly softcap: number;
  readonly softmax_precision?: number | undefined;
}

function compose<V>(c: Composer<V>, inputs: readonly (V | undefined)[], attributes: AttentionAttributes, count: number): readonly V[] {
  const [query, key, value, mask, pastKey, pastValue, keyCounts] = inputs as [V, V, V, ...(V | undefined)[]];
  const { output, presentKey, presentValue, stages } = composeAttention(
    c,
    { query, key, value, mask, pastKey, pastValue, keyCounts },
    {
      queryHeads: attributes.q_num_heads,
      keyHeads: attributes.kv_num_heads,
      scale: attributes.scale,
      softcap: attributes.softcap,
      causal: attributes.is_causal === 1,
      precision: dtypeFromOnnx(attributes.softmax_precision ?? 0),
    },
  );
  const outputs = [output, presentKey, presentValue];
  if (count > 3) outputs.push(shapeWords(c).cast(stages[attributes.qk_matmul_output_mode] as V, c.dtype(query)));
  return outputs.slice(0, count);
}

/**
 * `softmax(Q · Kᵀ · scale + masks) · V` for each head. `Q` is `[batch, heads, queries, size]`, or `[batch, queries, heads · size]` with the
 * numbers of heads as attributes; fewer heads of keys than of queries are shared. `past_key` and `past_value` come before `K` and `V`.
 */
export const attention = defineOp("Attention", {
  since: [23, 24],
  breaking: [23],
  minVersion: ({ inputCount }) => (inputCount > 6 ? 24 : 23),
  inputs: ["Q: T1", "K: T1", "V: T2", "attn_mask?: U", "past_key?: T1", "past_value?: T2", "nonpad_kv_seqlen?: int64"],
  outputs: ["Y: T1", "present_key?: T1", "present_value?: T2", "qk_matmul_output?: T1"],
  types: { T1: floats, T2: floats, U: [...numeric, "bool"] },
  attributes: {
    is_causal: int(0),
    kv_num_heads: int(),
    q_num_heads: int(),
    qk_matmul_output_mode: int(0),
    scale: float(),
    softcap: float(0),
    softmax_precision: int(),
  },
  accuracy: "approximate",
  infer: inferAttention,
  flops: attentionFlops,
  eval: (inputs, attributes, c) =>
    compose(
      evaluating,
      [inputs.Q, inputs.K, inputs.V, inputs.attn_mask, inputs.past_key, inputs.past_value, inputs.nonpad_kv_seqlen],
      attributes,
      c.outputs.length,
    ),
  decompose: (g, inputs, attributes, outputs) => compose(building(g), inputs, attributes, outputs.length),
});

/** The shapes of Q, K and V with their heads apart. */
interface Heads {
  readonly batch: Dim;
  readonly queryHeads: Dim;
  readonly keyHeads: Dim;
  readonly queries: Dim;
  readonly keys: Dim;
  readonly size: Dim;
  readonly valueSize: Dim;
  readonly packed: boolean;
}

function headsOf(c: InferContext): Heads | undefined {
  const q = requireRank(c, 0, "Q", 3, 4);
  const k = requireRank(c, 1, "K", 3, 4);
  const v = requireRank(c, 2, "V", 3, 4);
  if (!q || !k || !v) return undefined;
  if (k.length !== q.length || v.length !== q.length)
    throw ingotError("ShapeMismatch", {
      op: c.op,
      what: k.length === q.length ? "V" : "K",
      actual: formatShape((k.length === q.length ? v : k).map(String)),
      expected: `${q.length} dimensions, as Q has`,
      hint: "Q, K and V all have their heads apart, or none has.",
    });
  const heads = q.length === 3 ? packedHeads(c, q, k, v) : apartHeads(q, k, v);
  const { queryHeads, keyHeads, size } = heads;
  if (typeof queryHeads === "number" && typeof keyHeads === "number" && (keyHeads === 0 || queryHeads % keyHeads !== 0))
    throw ingotError("ShapeMismatch", {
      op: c.op,
      what: "K",
      actual: `${keyHeads} heads`,
      expected: `a number of heads that divides the ${queryHeads} of Q`,
      hint: "Each head of K and V serves the same number of heads of Q.",
    });
  const keySize = q.length === 3 ? divideExactly(k[2] as Dim, keyHeads) : (k[3] as Dim);
  const values = q.length === 3 ? (v[1] as Dim) : (v[2] as Dim);
  requireSame(c, "K", keySize ?? unknownDim(), size, "the head size of Q");
  requireSame(c, "V", values, heads.keys, "the length of K");
  return heads;
}

function requireSame(c: InferContext, what: string, actual: Dim, expected: Dim, meaning: string): void {
  if (typeof actual !== "number" || typeof expected !== "number" || actual === expected) return;
  throw ingotError("ShapeMismatch", {
    op: c.op,
    what,
    actual: String(actual),
    expected: `${expected}, ${meaning}`,
    hint: "Q is [batch, heads, queries, size], K is [batch, heads, keys, size], V is [batch, heads, keys, value size].",
  });
}

function packedHeads(c: InferContext, q: readonly Dim[], k: readonly Dim[], v: readonly Dim[]): Heads {
  const queryHeads = c.attributes.q_num_heads as number | undefined;
  const keyHeads = c.attributes.kv_num_heads as number | undefined;
  if (!queryHeads || !keyHeads || queryHeads < 1 || keyHeads < 1)
    throw ingotError("InvalidArgument", {
      op: c.op,
      name: queryHeads && queryHeads >= 1 ? "kv_num_heads" : "q_num_heads",
      expected: "a number of heads from 1, because Q has 3 dimensions",
      actual: String((queryHeads && queryHeads >= 1 ? keyHeads : queryHeads) ?? "none"),
      hint: "Give both numbers of heads, or inputs with their heads apart: [batch, heads, length, size].",
    });
  const part = (d: Dim, heads: number, what: string) => {
    if (typeof d === "number" && divideExactly(d, heads) === undefined)
      requireSame(c, what, d, floorDivDims(d, heads), `a multiple of ${heads} heads`);
    return floorDivDims(d, heads);
  };
  const [batch, queries, hidden] = q as [Dim, Dim, Dim];
  part(k[2] as Dim, keyHeads, "K");
  return {
    ...{ batch, queries, queryHeads, keyHeads, keys: k[1] as Dim, packed: true },
    size: part(hidden, queryHeads, "Q"),
    valueSize: part(v[2] as Dim, keyHeads, "V"),
  };
}

function apartHeads(q: readonly Dim[], k: readonly Dim[], v: readonly Dim[]): Heads {
  const [batch, queryHeads, queries, size] = q as [Dim, Dim, Dim, Dim];
  return { batch, queryHeads, keyHeads: k[1] as Dim, queries, keys: k[2] as Dim, size, valueSize: v[3] as Dim, packed: false };
}

const outputShape = ({ batch, queryHeads, queries, valueSize, packed }: Heads): Dim[] =>
  packed ? [batch, queries, mulDims(queryHeads, valueSize)] : [batch, queryHeads, queries, valueSize];

function inferAttention(c: InferContext): ValueType[] {
  const mode = c.attributes.qk_matmul_output_mode as number;
  if (mode < 0 || mode > 3)
    throw ingotError("InvalidArgument", {
      op: c.op,
      name: "qk_matmul_output_mode",
      expected: "0 (product), 1 (after softcap), 2 (with masks) or 3 (after softmax)",
      actual: mode,
      hint: "It says which stage of the scores the fourth output shows.",
    });
  requirePrecision(c);
  if ((c.inputs[4] === undefined) !== (c.inputs[5] === undefined))
    throw ingotError("InvalidArgument", {
      op: c.op,
      name: c.inputs[4] ? "past_value" : "past_key",
      expected: "a tensor, because the other of the two is given",
      actual: "none",
      hint: "past_key and past_value are given together or not at all.",
    });
  const [t1, t2] = [inputType(c, 0).dtype, inputType(c, 2).dtype];
  const heads = headsOf(c);
  if (!heads) return [t1, t1, t2, t1].map((dtype) => tensorType(dtype)).slice(0, c.outputCount);
  const past = c.inputs[4] && requireRank(c, 4, "past_key", 4);
  const total = c.inputs[4] ? (past ? addDims(past[2] as Dim, heads.keys) : unknownDim()) : heads.keys;
  const { batch, keyHeads, queryHeads, queries, size, valueSize } = heads;
  const mask = c.inputs[3] && requireRank(c, 3, "attn_mask", 2, 4);
  const columns = mask?.at(-1);
  if (typeof columns === "number" && typeof total === "number" && columns > total)
    throw ingotError("ShapeMismatch", {
      op: c.op,
      what: "attn_mask",
      actual: formatShape((mask ?? []).map(String)),
      expected: `at most ${total} columns, one per key`,
      hint: "A mask says which keys each query sees; keys that it leaves out at the end are not seen.",
    });
  return [
    tensorType(t1, outputShape(heads)),
    tensorType(t1, [batch, keyHeads, total, size]),
    tensorType(t2, [batch, keyHeads, total, valueSize]),
    tensorType(t1, [batch, queryHeads, queries, total]),
  ].slice(0, c.outputCount);
}

/** Throws `InvalidArgument` unless `softmax_precision` is left out or names a float. */
function requirePrecision(c: InferContext): void {
  const number = c.attributes.softmax_precision as number | undefined;
  if (number === undefined) return;
  const dtype = dtypeFromOnnx(number);
  if (dtype && floats.includes(dtype)) return;
  throw ingotError("InvalidArgument", {
    op: c.op,
    name: "softmax_precision",
    expected: "the ONNX number of a float: 1 float32, 10 float16, 11 float64 or 16 bfloat16",
    actual: number,
    hint: "Leave it out to compute the softmax in the dtype of Q.",
  });
}

function attentionFlops(inputs: readonly (TensorType | undefined)[], outputs: readonly TensorType[]): number {
  const count = (type: TensorType | undefined) => elementCount((type?.shape ?? [0]) as number[]);
  // Each element of Q meets every key, each of Y was summed over every key.
  const keys = ((inputs[1]?.shape?.at(-2) as number | undefined) ?? 0) + ((inputs[4]?.shape?.at(-2) as number | undefined) ?? 0);
  return 2 * keys * (count(inputs[0]) + count(outputs[0]));
}

// ---- FlexAttention -----------------------------------------------------------------------------------------------------

interface FlexAttributes {
  readonly score_mod?: Graph | undefined;
  readonly prob_mod?: Graph | undefined;
  readonly scale?: number | undefined;
  readonly softmax_precision?: number | undefined;
}

function composeFlex<V>(c: Composer<V>, [query, key, value]: readonly V[], attributes: FlexAttributes, run: (body: Graph, x: V) => V): V {
  const { score_mod: onScores, prob_mod: onProbabilities } = attributes;
  const narrow = isHalf(c.dtype(query as V));
  return composeAttention(
    c,
    { query: query as V, key: key as V, value: value as V },
    {
      scale: attributes.scale,
      precision: dtypeFromOnnx(attributes.softmax_precision ?? 0) ?? (narrow ? "float32" : undefined),
      raiseValues: true,
      onScores: onScores && ((x) => run(onScores, x)),
      onProbabilities: onProbabilities && ((x) => run(onProbabilities, x)),
    },
  ).output;
}

/** Attention whose scores and probabilities `[batch, heads, queries, keys]` go through sub-graphs. */
export const flexAttention = defineOp("ai.onnx.preview.FlexAttention", {
  since: [1],
  inputs: ["Q: T1", "K: T1", "V: T1"],
  outputs: ["Y: T1"],
  types: { T1: floats },
  attributes: { prob_mod: graph(), scale: float(), score_mod: graph(), softmax_precision: int() },
  accuracy: "approximate",
  infer(c) {
    requirePrecision(c);
    for (const [i, name] of ["Q", "K", "V"].entries()) requireRank(c, i, name, 4);
    const heads = headsOf(c);
    return [tensorType(inputType(c, 0).dtype, heads && outputShape(heads))];
  },
  flops: attentionFlops,
  // The bodies change scores one by one and hold no loops worth a break: each is run to its end.
  eval: ({ Q, K, V }, attributes, c) =>
    composeFlex(evaluating, [Q, K, V], attributes, (body, x) => finishSteps(c.run(body, [x]))[0] as Storage),
  decompose: (g, inputs, attributes) => [
    composeFlex(building(g), inputs as readonly Value[], attributes, (body, x) => inlineGraph(g, body, [x])[0] as Value),
  ],
});
