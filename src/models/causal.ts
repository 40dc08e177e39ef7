// What decoders share: positions behind what was read before, the mask that hides the future, and the keys and values that are kept.
import { arange } from "../eager/create.ts";
import { ge } from "../eager/functions/math.ts";
import { cat, permute, reshape, unsqueeze } from "../eager/functions/shape.ts";
import { isTensor } from "../eager/operand.ts";
import type { Tensor } from "../eager/tensor.ts";
import { invalid } from "../nn/options.ts";

/** Keys and values of one layer, each [N, heads, S, E / heads]. */
export type KeyValue = readonly [key: Tensor, value: Tensor];

/** Keys and values of all layers, for what was read so far. */
export type Past = readonly KeyValue[];

/** What a decoder gives: scores [N, L, vocabulary] of what comes next, and the keys and values with which to go on. */
export interface CausalOutput {
  readonly logits: Tensor;
  readonly past: Past;
}

/** How many positions were read before. Throws `InvalidArgument` unless there are keys and values for each of `layers` layers. */
export function pastLength(op: string, past: Past | undefined, layers: number): number {
  if (past === undefined) return 0;
  checkPast(op, "past", past, layers);
  return past[0]?.[0].shape[2] ?? 0;
}

/** Throws `InvalidArgument` unless `past` holds keys and values for each of `layers` layers. */
export function checkPast(op: string, name: string, past: Past, layers: number): void {
  const given: unknown = past;
  const isPair = (pair: unknown) => Array.isArray(pair) && pair.length === 2 && pair.every(isTensor);
  if (Array.isArray(given) && given.length === layers && given.every(isPair)) return;
  throw invalid(op, name, `${layers} pairs of keys and values, one per layer`, given, "Give back what an earlier call gave.");
}

/** int64 [L]: the positions of `length` new tokens behind `past` old ones. */
export function positionsBehind(past: number, length: number): Tensor {
  return arange(past, past + length);
}

/** bool [L, S]: true where a position may look, which is at itself and what stands before it. */
export function causalMask(positions: Tensor, total: number): Tensor {
  return ge(unsqueeze(positions, 1), arange(total));
}

/** The old keys and values with the new ones behind them. */
export function append(past: KeyValue | undefined, [key, value]: KeyValue): KeyValue {
  return past ? [cat([past[0], key], 2), cat([past[1], value], 2)] : [key, value];
}

/** [N, L, E] → [N, heads, L, E / heads] */
export function splitHeads(x: Tensor, heads: number): Tensor {
  const [, length, width] = x.shape as [number, number, number];
  return permute(reshape(x, [-1, length, heads, width / heads]), [0, 2, 1, 3]);
}

/** [N, heads, L, E / heads] → [N, L, E] */
export function joinHeads(x: Tensor): Tensor {
  const [, heads, length, width] = x.shape as [number, number, number, number];
  return reshape(permute(x, [0, 2, 1, 3]), [-1, length, heads * width]);
}
