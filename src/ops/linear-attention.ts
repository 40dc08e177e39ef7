// LinearAttention: attention as a recurrence over a state of keys and values, with or without decay and with or without correction of what
// the state already gives for a key.
import { ingotError } from "../errors/error.ts";
import { type Dim, floorDivDims, mulDims } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { type TensorType, tensorType, type ValueType } from "../ir/type.ts";
import { elementCount } from "../tensor/shape.ts";
import { decomposeLinearAttention } from "./decompose-linear-attention.ts";
import { defineOp, float, int, string } from "./define.ts";
import { inputType, requireRank, requireShape, requireWord } from "./infer.ts";
import { decodedNumbers, encodeNumbers } from "./map-elements.ts";

/** Which optional inputs the rules use. */
const updateRules = {
  linear: { decay: false, beta: false },
  gated: { decay: true, beta: false },
  delta: { decay: false, beta: true },
  gated_delta: { decay: true, beta: true },
} as const;
type UpdateRule = keyof typeof updateRules;

/**
 * `S ← exp(g)·S + k ⊗ v` (with correction: `k ⊗ β(v − Sᵀk)`), `o = scale · qᵀS`, step by step along the sequence. Query, key and value are
 * `[batch, length, heads · size]`; the states `[batch, kv heads, key size, value size]`. The scale is 1 / √(key size) when 0.
 */
export const linearAttention = defineOp("LinearAttention", {
  since: [27],
  inputs: ["query: T", "key: T", "value: T", "past_state?: S", "decay?: T", "beta?: T"],
  outputs: ["output: T", "present_state: S"],
  types: { T: ["float32", "float16", "bfloat16"], S: ["float32", "float16", "bfloat16"] },
  attributes: {
    chunk_size: int(64),
    kv_num_heads: int.required,
    q_num_heads: int.required,
    scale: float(0),
    update_rule: string("gated_delta"),
  },
  accuracy: "approximate",
  infer: inferLinearAttention,
  flops: ([, , value], [y]) => {
    // Writing and reading the state: two multiply-adds per entry of the state, step and head, and as many for its correction.
    const count = (type: TensorType | undefined) => elementCount((type?.shape ?? [0]) as number[]);
    return 4 * (count(value) + count(y));
  },
  eval({ query, key, value, past_state, decay, beta }, { kv_num_heads: heads, q_num_heads, scale, update_rule }, c) {
    const [batch, length] = query.shape as [number, number];
    const [, , keySize, valueSize] = c.shape(1) as [number, number, number, number];
    const group = q_num_heads / heads;
    const [q, k, v] = [decodedNumbers(query), decodedNumbers(key), decodedNumbers(value)];
    const { decay: decays, beta: corrects } = updateRules[update_rule as UpdateRule];
    const g = decays && decay ? decodedNumbers(decay) : undefined;
    const b = corrects && beta ? decodedNumbers(beta) : undefined;
    // One decay for each feature of the key, or one for all.
    const decayWidth = g ? (decay?.shape[2] as number) / heads : 0;
    const betaHeads = b ? (beta?.shape[2] as number) : 0;
    const factor = scale === 0 ? 1 / Math.sqrt(keySize) : scale;
    const state = past_state ? Float64Array.from(decodedNumbers(past_state)) : new Float64Array(batch * heads * keySize * valueSize);
    const y = new Float64Array(batch * length * q_num_heads * valueSize);
    const written = new Float64Array(valueSize);
    for (let n = 0; n < batch; n++)
      for (let t = 0; t < length; t++)
        for (let h = 0; h < heads; h++) {
          const step = n * length + t;
          const s = (n * heads + h) * keySize * valueSize;
          const kAt = (step * heads + h) * keySize;
          const vAt = (step * heads + h) * valueSize;
          if (g)
            for (let i = 0; i < keySize; i++) {
              const keep = Math.exp(g[(step * heads + h) * decayWidth + (decayWidth === 1 ? 0 : i)] as number);
              for (let j = 0; j < valueSize; j++) state[s + i * valueSize + j] = keep * (state[s + i * valueSize + j] as number);
            }
          for (let j = 0; j < valueSize; j++) {
            let known = 0;
            if (b) for (let i = 0; i < keySize; i++) known += (k[kAt + i] as number) * (state[s + i * valueSize + j] as number);
            const strength = b ? (b[step * betaHeads + (betaHeads === 1 ? 0 : h)] as number) : 1;
            written[j] = strength * ((v[vAt + j] as number) - known);
          }
          for (let i = 0; i < keySize; i++)
            for (let j = 0; j < valueSize; j++) {
              const at = s + i * valueSize + j;
              state[at] = (state[at] as number) + (k[kAt + i] as number) * (written[j] as number);
            }
          for (let r = h * group; r < (h + 1) * group; r++) {
            const qAt = (step * q_num_heads + r) * keySize;
            const yAt = (step * q_num_heads + r) * valueSize;
            for (let j = 0; j < valueSize; j++) {
              let sum = 0;
              for (let i = 0; i < keySize; i++) sum += (q[qAt + i] as number) * (state[s + i * valueSize + j] as number);
              y[yAt + j] = factor * sum;
            }
          }
        }
    return [encodeNumbers(c.dtype(0), y, c.shape(0)), encodeNumbers(c.dtype(1), state, c.shape(1))];
  },
  decompose: decomposeLinearAttention,
});

function inferLinearAttention(c: InferContext): ValueType[] {
  const rule = c.attributes.update_rule as string;
  const invalid = (name: string, expected: string, actual: string | number, hint: string) =>
    ingotError("InvalidArgument", { op: c.op, name, expected, actual, hint });
  requireWord(c, "update_rule", Object.keys(updateRules), "It says how the state changes with each step.");
  const uses = updateRules[rule as UpdateRule];
  for (const [i, name] of [
    [4, "decay"],
    [5, "beta"],
  ] as const)
    if ((c.inputs[i] !== undefined) !== uses[name])
      throw invalid(
        name,
        uses[name] ? "a tensor" : "no tensor",
        uses[name] ? "none" : "a tensor",
        `That is what update_rule "${rule}" needs.`,
      );
  const [heads, queryHeads] = [c.attributes.kv_num_heads as number, c.attributes.q_num_heads as number];
  if (heads < 1 || queryHeads < 1 || queryHeads % heads !== 0)
    throw invalid("q_num_heads", `a multiple of kv_num_heads (${heads}) from 1`, queryHeads, "Heads of keys serve groups of query heads.");
  const [q, k, v] = [requireRank(c, 0, "query", 3), requireRank(c, 1, "key", 3), requireRank(c, 2, "value", 3)];
  const { dtype } = inputType(c, 0);
  const past = c.inputs[3] && requireRank(c, 3, "past_state", 4);
  const stateType = c.inputs[3] ? inputType(c, 3).dtype : dtype;
  if (!q || !k || !v) return [tensorType(dtype), tensorType(stateType)];
  const part = (d: Dim, n: number) => floorDivDims(d, n);
  const [keySize, valueSize] = [part(q[2] as Dim, queryHeads), part(v[2] as Dim, heads)];
  const state: Dim[] = [q[0] as Dim, heads, keySize, valueSize];
  const expect = (what: string, actual: readonly Dim[], expected: readonly Dim[]) =>
    requireShape(
      c,
      what,
      actual,
      expected,
      "Query, key and value are [batch, length, heads · size], a state [batch, kv heads, key size, value size].",
    );
  expect("query", q, [q[0] as Dim, q[1] as Dim, mulDims(keySize, queryHeads)]);
  expect("key", k, [q[0] as Dim, q[1] as Dim, mulDims(keySize, heads)]);
  expect("value", v, [q[0] as Dim, q[1] as Dim, mulDims(valueSize, heads)]);
  if (past) expect("past_state", past, state);
  const decay = c.inputs[4] && requireRank(c, 4, "decay", 3);
  if (decay) expect("decay", decay, [q[0] as Dim, q[1] as Dim, decay[2] === heads ? heads : mulDims(keySize, heads)]);
  const beta = c.inputs[5] && requireRank(c, 5, "beta", 3);
  if (beta) expect("beta", beta, [q[0] as Dim, q[1] as Dim, beta[2] === 1 ? 1 : heads]);
  return [tensorType(dtype, [q[0] as Dim, q[1] as Dim, mulDims(valueSize, queryHeads)]), tensorType(stateType, state)];
}
