// Scaled dot-product attention, and the attention of several heads that share packed projections.
import { ones } from "../../eager/create.ts";
import { add, logicalNot, maskedFill, mul } from "../../eager/functions/math.ts";
import { matmul, softmax } from "../../eager/functions/reduce.ts";
import { transpose, tril } from "../../eager/functions/shape.ts";
import { tidy } from "../../eager/temporaries.ts";
import type { Tensor } from "../../eager/tensor.ts";
import { unfit } from "../options.ts";

export interface AttentionOptions {
  /** Added to the scores when float; when bool, true marks the keys that may be attended to. Broadcasts to [..., L, S]. */
  readonly attnMask?: Tensor | undefined;
  /** Position i attends to positions 0 … i only. */
  readonly isCausal?: boolean;
  /** Factor of the scores; 1/√E by default. */
  readonly scale?: number;
}

/** softmax(q·kᵀ·scale + mask): [..., L, S], for q [..., L, E], k [..., S, E]. */
export function attentionWeights(query: Tensor, key: Tensor, options: AttentionOptions = {}): Tensor {
  if (options.isCausal && options.attnMask)
    throw unfit("scaledDotProductAttention", "attnMask", "left out with isCausal", "a tensor", "Put the causal mask into attnMask.");
  const scale = options.scale ?? 1 / Math.sqrt(query.shape.at(-1) as number);
  return tidy(() => {
    let scores = tidy(() => matmul(mul(query, scale), transpose(key, -2, -1)));
    const mask = options.isCausal ? tril(ones([query.shape.at(-2) as number, key.shape.at(-2) as number])).to("bool") : options.attnMask;
    if (mask !== undefined)
      scores = mask.dtype === "bool" ? maskedFill(scores, logicalNot(mask), Number.NEGATIVE_INFINITY) : add(scores, mask);
    return softmax(scores, -1);
  });
}

/**
 * Attention: softmax(q·kᵀ/√E + mask)·v for q [..., L, E], k [..., S, E], v [..., S, Ev]; gives [..., L, Ev].
 * A. Vaswani and others, Attention Is All You Need, 2017.
 */
export function scaledDotProductAttention(query: Tensor, key: Tensor, value: Tensor, options: AttentionOptions = {}): Tensor {
  return tidy(() => matmul(attentionWeights(query, key, options), value));
}
