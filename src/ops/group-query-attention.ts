// GroupQueryAttention of the domain com.microsoft: causal attention with a cache of keys and values, each sequence of the batch as long as it
// is, with rotary positions, a window, and a sink. It is what ONNX Runtime's exporters write for language models.
import { ingotError } from "../errors/error.ts";
import { type Dim, floorDivDims, maxDims, unknownDim } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType, type ValueType } from "../ir/type.ts";
import { formatShape } from "../tensor/shape.ts";
import { Storage } from "../tensor/storage.ts";
import { defineOp, float, int } from "./define.ts";
import { contentsOf, inputType, requireRank } from "./infer.ts";
import { decodedNumbers, encodeNumbers } from "./map-elements.ts";

interface GroupAttributes {
  readonly num_heads: number;
  readonly kv_num_heads: number;
  readonly scale: number;
  readonly softcap: number;
  readonly do_rotary: number;
  readonly rotary_interleaved: number;
  readonly local_window_size: number;
  readonly smooth_softmax: number;
}

/** The numbers of the operands; `query` may hold key and value beside it. */
interface Operands {
  readonly query: Storage;
  readonly key: Storage | undefined;
  readonly value: Storage | undefined;
  readonly past_key: Storage | undefined;
  readonly past_value: Storage | undefined;
  readonly seqlens_k: Storage;
  readonly total_sequence_length: Storage;
  readonly cos_cache: Storage | undefined;
  readonly sin_cache: Storage | undefined;
  readonly position_ids: Storage | undefined;
  readonly attention_bias: Storage | undefined;
  readonly head_sink: Storage | undefined;
}

/** Heads `[batch, length, heads, size]` inside a wider row, as a view. */
function headsIn(x: Storage, first: number, heads: number, size: number): Storage {
  const [batch, length, width] = x.shape as [number, number, number];
  const view = x.contiguous();
  return Storage.strided(x.dtype, view.data, [batch, length, heads, size], [length * width, width, size, 1], view.offset + first * size);
}

/** Turns the first `2 · half` features of each head by the angles of its position, in place. */
function rotate(
  x: Float64Array,
  shape: readonly number[],
  position: (b: number, s: number) => number,
  cos: Storage,
  sin: Storage,
  interleaved: boolean,
): void {
  const [batch = 0, length = 0, heads = 0, size = 0] = shape;
  const [rows, half] = cos.shape as [number, number];
  const [c, s] = [decodedNumbers(cos), decodedNumbers(sin)];
  for (let b = 0; b < batch; b++)
    for (let t = 0; t < length; t++) {
      const row = position(b, t);
      // Places after the end of a padded sequence have no position of their own.
      if (row < 0 || row >= rows) continue;
      for (let h = 0; h < heads; h++)
        for (let i = 0; i < half; i++) {
          const at = ((b * length + t) * heads + h) * size;
          const [p, q] = interleaved ? [at + 2 * i, at + 2 * i + 1] : [at + i, at + half + i];
          const [u, v] = [x[p] as number, x[q] as number];
          const [cosine, sine] = [c[row * half + i] as number, s[row * half + i] as number];
          x[p] = u * cosine - v * sine;
          x[q] = u * sine + v * cosine;
        }
    }
}

function evaluate(o: Operands, a: GroupAttributes): Storage[] {
  const { num_heads: heads, kv_num_heads: keyHeads } = a;
  const [batch, length, width] = o.query.shape as [number, number, number];
  const packed = o.key === undefined;
  const size = width / (packed ? heads + 2 * keyHeads : heads);
  const shape = (n: number) => [batch, length, n, size];
  const numbers = (x: Storage, first: number, n: number) => Float64Array.from(decodedNumbers(headsIn(x, first, n, size)));
  const q = numbers(o.query, 0, heads);
  const k = numbers(o.key ?? o.query, packed ? heads : 0, keyHeads);
  const v = numbers(o.value ?? o.query, packed ? heads + keyHeads : 0, keyHeads);
  const totals = o.seqlens_k.toNumbers().map((n) => n + 1);
  const longest = o.total_sequence_length.toNumbers()[0] as number;
  // The first call of a batch holds whole sequences, padded on the right; later calls hold the end of each.
  const pasts = totals.map((total) => (length === longest ? 0 : total - length));
  if (a.do_rotary === 1 && o.cos_cache && o.sin_cache) {
    const ids = o.position_ids?.toNumbers();
    const position = (b: number, t: number) => (ids ? (ids[b * length + t] as number) : (pasts[b] as number) + t);
    rotate(q, shape(heads), position, o.cos_cache, o.sin_cache, a.rotary_interleaved === 1);
    rotate(k, shape(keyHeads), position, o.cos_cache, o.sin_cache, a.rotary_interleaved === 1);
  }
  const buffer = o.past_key?.shape[2] ?? 0;
  const rows = Math.max(buffer, longest);
  checkLengths(totals, pasts, longest, buffer);
  const keys = joined(o.past_key, k, { batch, length, keyHeads, size, rows, pasts });
  const values = joined(o.past_value, v, { batch, length, keyHeads, size, rows, pasts });
  const y = attend(q, keys, values, { batch, length, heads, keyHeads, size, rows, pasts }, o, a);
  const present = [batch, keyHeads, rows, size];
  const { dtype } = o.query;
  return [
    encodeNumbers(dtype, y, [batch, length, heads * size]),
    encodeNumbers(o.past_key?.dtype ?? dtype, keys, present),
    encodeNumbers(o.past_value?.dtype ?? dtype, values, present),
  ];
}

/** Each sequence lies within the cache, and what is said to be past is there. Throws `InvalidArgument`. */
function checkLengths(totals: readonly number[], pasts: readonly number[], longest: number, buffer: number): void {
  const b = totals.findIndex((total, i) => {
    const past = pasts[i] as number;
    return total < 1 || total > longest || past < 0 || past > buffer;
  });
  if (b < 0) return;
  throw ingotError("InvalidArgument", {
    op: "GroupQueryAttention",
    name: "seqlens_k",
    expected: `lengths less one that end the new keys at ${longest} at most, behind a past of at most ${buffer}`,
    actual: `${(totals[b] as number) - 1} for sequence ${b}`,
    hint: "seqlens_k is the length of each sequence, the new keys included, less one.",
  });
}

interface Sizes {
  readonly batch: number;
  readonly length: number;
  readonly keyHeads: number;
  readonly size: number;
  /** How many keys the caches hold. */
  readonly rows: number;
  /** How many keys of each sequence came before this call. */
  readonly pasts: readonly number[];
}

/** The past and, behind what counts of it, the new rows: `[batch, heads, rows, size]`. */
function joined(
  past: Storage | undefined,
  fresh: Float64Array,
  { batch, length, keyHeads, size, rows, pasts }: Sizes,
): Float64Array<ArrayBuffer> {
  const out = new Float64Array(batch * keyHeads * rows * size);
  const before = past && decodedNumbers(past);
  const had = past?.shape[2] ?? 0;
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < keyHeads; h++) {
      const to = (b * keyHeads + h) * rows * size;
      const from = (b * keyHeads + h) * had * size;
      if (before) for (let i = 0; i < had * size; i++) out[to + i] = before[from + i] as number;
      for (let t = 0; t < length; t++) {
        const row = (pasts[b] as number) + t;
        const source = ((b * length + t) * keyHeads + h) * size;
        out.set(fresh.subarray(source, source + size), to + row * size);
      }
    }
  return out;
}

function attend(
  q: Float64Array,
  keys: Float64Array,
  values: Float64Array,
  { batch, length, heads, keyHeads, size, rows, pasts }: Sizes & { readonly heads: number },
  o: Operands,
  a: GroupAttributes,
): Float64Array<ArrayBuffer> {
  const y = new Float64Array(batch * length * heads * size);
  const scale = a.scale === 0 ? 1 / Math.sqrt(size) : a.scale;
  const longest = o.total_sequence_length.toNumbers()[0] as number;
  const bias = o.attention_bias && decodedNumbers(o.attention_bias.expand([batch, heads, length, o.attention_bias.shape[3] as number]));
  const columns = o.attention_bias?.shape[3] ?? 0;
  const sinks = o.head_sink && decodedNumbers(o.head_sink);
  const scores = new Float64Array(rows);
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < heads; h++) {
      const cache = (b * keyHeads + Math.floor(h / (heads / keyHeads))) * rows * size;
      const sink = sinks ? (sinks[h] as number) : a.smooth_softmax === 1 ? 0 : Number.NEGATIVE_INFINITY;
      for (let t = 0; t < length; t++) {
        const end = Math.min((pasts[b] as number) + t + 1, longest, rows);
        const start = a.local_window_size > 0 ? Math.max(0, end - a.local_window_size) : 0;
        const at = ((b * length + t) * heads + h) * size;
        let most = sink;
        for (let j = start; j < end; j++) {
          let sum = 0;
          for (let i = 0; i < size; i++) sum += (q[at + i] as number) * (keys[cache + j * size + i] as number);
          const product = sum * scale;
          const capped = a.softcap > 0 ? a.softcap * Math.tanh(product / a.softcap) : product;
          const score = capped + (bias ? (bias[((b * heads + h) * length + t) * columns + j] as number) : 0);
          scores[j] = score;
          most = Math.max(most, score);
        }
        let total = Math.exp(sink - most);
        for (let j = start; j < end; j++) {
          const weight = Math.exp((scores[j] as number) - most);
          scores[j] = weight;
          total += weight;
        }
        for (let j = start; j < end; j++)
          for (let i = 0; i < size; i++)
            y[at + i] = (y[at + i] as number) + ((scores[j] as number) / total) * (values[cache + j * size + i] as number);
      }
    }
  return y;
}

/**
 * Causal attention of `query` `[batch, length, heads · size]` (or with key and value beside it) over the keys of a cache
 * `[batch, kv heads, rows, size]` and its own. `seqlens_k` is the length of each sequence less one, after this call. A
 * window is how many keys up to its own a query sees; a sink takes part in the softmax without a value.
 */
export const groupQueryAttention = defineOp("com.microsoft.GroupQueryAttention", {
  since: [1],
  inputs: [
    "query: T",
    "key?: T",
    "value?: T",
    "past_key?: T",
    "past_value?: T",
    "seqlens_k: int32",
    "total_sequence_length: int32",
    "cos_cache?: T",
    "sin_cache?: T",
    "position_ids?: int64",
    "attention_bias?: T",
    "head_sink?: T",
  ],
  outputs: ["output: T", "present_key: T", "present_value: T"],
  types: { T: ["float32", "float16", "bfloat16"] },
  attributes: {
    do_rotary: int(0),
    kv_num_heads: int.required,
    local_window_size: int(-1),
    num_heads: int.required,
    rotary_interleaved: int(0),
    scale: float(0),
    smooth_softmax: int(0),
    softcap: float(0),
  },
  accuracy: "approximate",
  infer: inferGroup,
  eval: (operands, attributes, c) => evaluate(operands, attributes).slice(0, c.outputs.length),
});

function inferGroup(c: InferContext): ValueType[] {
  const { num_heads: heads, kv_num_heads: keyHeads, do_rotary } = c.attributes as unknown as GroupAttributes;
  const { dtype } = inputType(c, 0);
  const invalid = (name: string, expected: string, actual: string | number, hint: string) =>
    ingotError("InvalidArgument", { op: c.op, name, expected, actual, hint });
  if (heads < 1 || keyHeads < 1 || heads % keyHeads !== 0)
    throw invalid("num_heads", `a multiple of kv_num_heads (${keyHeads}) from 1`, heads, "Heads of keys serve groups of query heads.");
  if ((c.inputs[1] === undefined) !== (c.inputs[2] === undefined) || (c.inputs[3] === undefined) !== (c.inputs[4] === undefined))
    throw invalid("key", "keys and values together", "one without the other", "key and value, past_key and past_value, come in pairs.");
  if (do_rotary === 1 && !(c.inputs[7] && c.inputs[8]))
    throw invalid("cos_cache", "a table of cosines and one of sines, because do_rotary is 1", "none", "Give cos_cache and sin_cache.");
  if (!c.inputs[5] || !c.inputs[6] || contentsOf(c, 6)?.length === 0)
    throw invalid("seqlens_k", "the lengths of the sequences, and total_sequence_length", "none", "Both are needed in every call.");
  const q = requireRank(c, 0, "query", 3);
  const past = c.inputs[3] && requireRank(c, 3, "past_key", 4);
  const total = contentsOf(c, 6)?.[0] ?? unknownDim();
  const all = [tensorType(dtype), tensorType(dtype), tensorType(dtype)];
  if (!q) return all.slice(0, c.outputCount);
  const parts = c.inputs[1] ? heads : heads + 2 * keyHeads;
  const width = q[2] as Dim;
  const size = floorDivDims(width, parts);
  if (typeof width === "number" && width % parts !== 0)
    throw ingotError("ShapeMismatch", {
      op: c.op,
      what: "query",
      actual: formatShape(q.map(String)),
      expected: `a width that is a multiple of ${parts} heads`,
      hint: "Without key and value, the query holds them beside it.",
    });
  const rows = c.inputs[3] ? (past ? maxDims(past[2] as Dim, total) : unknownDim()) : total;
  const hidden = c.inputs[1] ? width : typeof size === "number" ? size * heads : unknownDim();
  const cache = tensorType(dtype, [q[0] as Dim, keyHeads, rows, size]);
  return [tensorType(dtype, [q[0] as Dim, q[1] as Dim, hidden]), cache, cache].slice(0, c.outputCount);
}
