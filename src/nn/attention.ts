// MultiheadAttention under PyTorch's parameter names.

import { add, where } from "../eager/functions/math.ts";
import { linear, matmul } from "../eager/functions/reduce.ts";
import { chunk, permute, reshape, squeeze, transpose, unsqueeze } from "../eager/functions/shape.ts";
import { rankMismatch } from "../eager/operand.ts";
import type { Tensor } from "../eager/tensor.ts";
import { ingotError } from "../errors/error.ts";
import { formatShape } from "../tensor/shape.ts";
import { attentionWeights } from "./functional/attention.ts";
import { dropout } from "./functional/dropout.ts";
import { xavierUniform, zeros } from "./init.ts";
import { initSkipped } from "./init-scope.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";
import { integerFrom, invalid, numberIn } from "./options.ts";
import type { Parameter } from "./parameter.ts";

/** PyTorch's name for the output projection of attention; a Linear in every respect. */
export class NonDynamicallyQuantizableLinear extends Linear {}

export interface MultiheadAttentionOptions {
  /** Share of the attention weights that train mode drops; 0 by default. */
  readonly dropout?: number;
  /** With a seed, train mode drops the same weights at every call. */
  readonly seed?: number;
  /** True by default. */
  readonly bias?: boolean;
  /** Features of keys and values; embedDim by default. */
  readonly kdim?: number;
  readonly vdim?: number;
  /** Inputs are [N, L, E] rather than [L, N, E]; false by default, as in PyTorch. */
  readonly batchFirst?: boolean;
}

export interface AttentionCall {
  /** bool [N, S]: true marks keys to ignore; float: added to the scores. */
  readonly keyPaddingMask?: Tensor;
  /** [L, S] or [N·heads, L, S]. bool: true marks places that may *not* be attended to; float: added to the scores. */
  readonly attnMask?: Tensor;
  /** Also give the attention weights; true by default. */
  readonly needWeights?: boolean;
  /** Give the mean of the heads' weights [N, L, S] rather than each head's [N, heads, L, S]; true by default. */
  readonly averageAttnWeights?: boolean;
}

/**
 * Attention by several heads, each over its share of the features.
 *
 * @example
 * const mha = new MultiheadAttention(768, 12, { batchFirst: true });
 * const [out] = mha.forward(x, x, x, { needWeights: false }); // [N, L, 768]
 */
export class MultiheadAttention extends Module {
  readonly embedDim: number;
  readonly numHeads: number;
  readonly headDim: number;
  readonly dropout: number;
  readonly seed: number | undefined;
  readonly batchFirst: boolean;
  declare in_proj_weight: Parameter | undefined;
  declare q_proj_weight: Parameter | undefined;
  declare k_proj_weight: Parameter | undefined;
  declare v_proj_weight: Parameter | undefined;
  declare in_proj_bias: Parameter | undefined;
  readonly out_proj: NonDynamicallyQuantizableLinear;

  constructor(embedDim: number, numHeads: number, options: MultiheadAttentionOptions = {}) {
    super();
    const op = "MultiheadAttention";
    const { kdim = embedDim, vdim = embedDim, bias = true } = options;
    this.embedDim = integerFrom(op, "embedDim", embedDim, 1);
    this.numHeads = integerFrom(op, "numHeads", numHeads, 1);
    if (embedDim % numHeads !== 0) throw invalid(op, "numHeads", `a divisor of embedDim (${embedDim})`, numHeads);
    this.headDim = embedDim / numHeads;
    this.dropout = numberIn(op, "dropout", options.dropout ?? 0, 0, 1);
    this.seed = options.seed;
    this.batchFirst = options.batchFirst ?? false;
    const packed = kdim === embedDim && vdim === embedDim;
    this.registerParameter("in_proj_weight", packed ? xavierUniform([3 * embedDim, embedDim]) : undefined);
    this.registerParameter("q_proj_weight", packed ? undefined : xavierUniform([embedDim, embedDim]));
    this.registerParameter("k_proj_weight", packed ? undefined : xavierUniform([embedDim, integerFrom(op, "kdim", kdim, 1)]));
    this.registerParameter("v_proj_weight", packed ? undefined : xavierUniform([embedDim, integerFrom(op, "vdim", vdim, 1)]));
    this.registerParameter("in_proj_bias", bias ? zeros([3 * embedDim]) : undefined);
    this.out_proj = new NonDynamicallyQuantizableLinear(embedDim, embedDim, { bias });
    if (bias && !initSkipped()) this.out_proj.registerParameter("bias", zeros([embedDim]));
  }

  /** Attends from `query` [N, L, E] to `key` and `value` [N, S, …] (or L and N exchanged, or without N). Gives the output and the weights. */
  forward(query: Tensor, key: Tensor, value: Tensor, options: AttentionCall = {}): [output: Tensor, weights: Tensor | undefined] {
    this.check(query, key, value);
    const batched = query.rank === 3;
    const bring = (x: Tensor) => (!batched ? unsqueeze(x, 0) : this.batchFirst ? x : transpose(x, 0, 1));
    const self = query === key && key === value;
    const [q, k, v] = this.project(bring(query), self ? undefined : [bring(key), bring(value)]);
    const weights = attentionWeights(this.split(q), this.split(k), { attnMask: this.mask(options) });
    const kept =
      this.dropout > 0 && this.training ? dropout(weights, this.dropout, { ...(this.seed !== undefined && { seed: this.seed }) }) : weights;
    const joined = reshape(permute(matmul(kept, this.split(v)), [0, 2, 1, 3]), [-1, q.shape[1] as number, this.embedDim]);
    const out = this.out_proj.forward(joined);
    const output = !batched ? squeeze(out, 0) : this.batchFirst ? out : transpose(out, 0, 1);
    if (!(options.needWeights ?? true)) return [output, undefined];
    const shown = (options.averageAttnWeights ?? true) ? kept.mean(1) : kept;
    return [output, batched ? shown : squeeze(shown, 0)];
  }

  private check(query: Tensor, key: Tensor, value: Tensor): void {
    for (const [what, x] of [
      ["query", query],
      ["key", key],
      ["value", value],
    ] as const)
      if ((x.rank !== 3 && x.rank !== 2) || x.rank !== query.rank)
        throw rankMismatch("MultiheadAttention", `the ${what}`, x.shape, this.batchFirst ? "3: [N, L, E]" : "3: [L, N, E]");
    if (query.shape.at(-1) !== this.embedDim)
      throw ingotError("ShapeMismatch", {
        op: "MultiheadAttention",
        what: "the query",
        actual: formatShape(query.shape),
        expected: `[..., ${this.embedDim}]`,
        hint: `The layer was built with embedDim = ${this.embedDim}.`,
      });
  }

  /** Query, key and value projections [N, L, E]; one product when all three are the same tensor. */
  private project(query: Tensor, others: readonly [Tensor, Tensor] | undefined): readonly [Tensor, Tensor, Tensor] {
    if (this.in_proj_weight && !others) return three(chunk(linear(query, this.in_proj_weight, this.in_proj_bias), 3, -1));
    const [key, value] = others ?? [query, query];
    const weights = this.in_proj_weight
      ? three(chunk(this.in_proj_weight, 3, 0))
      : ([this.q_proj_weight as Tensor, this.k_proj_weight as Tensor, this.v_proj_weight as Tensor] as const);
    const biases = this.in_proj_bias ? three(chunk(this.in_proj_bias, 3, 0)) : [undefined, undefined, undefined];
    return [linear(query, weights[0], biases[0]), linear(key, weights[1], biases[1]), linear(value, weights[2], biases[2])];
  }

  /** [N, L, E] → [N, heads, L, E / heads] */
  private split(x: Tensor): Tensor {
    return permute(reshape(x, [-1, x.shape[1] as number, this.numHeads, this.headDim]), [0, 2, 1, 3]);
  }

  /** Both masks as one that is added to the scores [N, heads, L, S]. */
  private mask({ attnMask, keyPaddingMask }: AttentionCall): Tensor | undefined {
    const additive = (mask: Tensor) => (mask.dtype === "bool" ? where(mask, Number.NEGATIVE_INFINITY, 0) : mask);
    const places = attnMask && additive(attnMask);
    const perHead = places?.rank === 3 ? reshape(places, [-1, this.numHeads, ...places.shape.slice(1)]) : places;
    if (!keyPaddingMask) return perHead;
    const keys = additive(keyPaddingMask);
    const spread = keys.rank === 2 ? unsqueeze(unsqueeze(keys, 1), 1) : keys;
    return perHead ? add(perHead, spread) : spread;
  }
}

function three(list: readonly Tensor[]): readonly [Tensor, Tensor, Tensor] {
  return [list[0] as Tensor, list[1] as Tensor, list[2] as Tensor];
}
