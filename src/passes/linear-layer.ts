// A product with a constant matrix (Gemm, or MatMul of matrices) as one thing: y = alpha · A' · B' + beta · C. What can be folded into B and C
// without a change of the product's shape; used by the rules around Gemm and MatMul.
import type { Node, Value } from "../ir/graph.ts";
import type { Storage } from "../tensor/storage.ts";
import { type ChannelAffine, roundTo, scaleChannels, toFloat64 } from "./channel-arithmetic.ts";
import { attributeOf, type Match } from "./match.ts";
import type { ReplacementOps } from "./rewriter.ts";
import { shapeOf } from "./value-facts.ts";

/** A Gemm, or a MatMul of two matrices, whose B is constant. */
export interface LinearLayer {
  readonly node: Node;
  readonly a: Value;
  readonly b: Value;
  /** As stored: `[K, N]`, or `[N, K]` with `transB`. */
  readonly weight: Storage;
  readonly alpha: number;
  /** 0 where there is no C. */
  readonly beta: number;
  readonly transA: boolean;
  readonly transB: boolean;
  readonly c: Value | undefined;
  readonly inputs: number;
  readonly outputs: number;
}

/** The layer that `node` computes, or the reason why it is none. */
function linearLayer(node: Node): LinearLayer | string {
  const [a, b, c] = node.inputs;
  const weight = b?.constant;
  if (!a || !b || !weight) return "its weight is not constant";
  const number = (name: string, missing: number) => Number(attributeOf(node, name) ?? missing);
  const gemm = node.op === "Gemm";
  if (!gemm && (shapeOf(a)?.length !== 2 || weight.rank !== 2)) return "it is not a product of two matrices";
  const transB = gemm && number("transB", 0) !== 0;
  const [rows = 0, columns = 0] = weight.shape;
  const beta = c ? number("beta", 1) : 0;
  return {
    node,
    a,
    b,
    weight,
    alpha: gemm ? number("alpha", 1) : 1,
    beta,
    transA: gemm && number("transA", 0) !== 0,
    transB,
    c: beta === 0 ? undefined : c,
    inputs: transB ? columns : rows,
    outputs: transB ? rows : columns,
  };
}

/** B with column n of the product (output n) scaled by `factors[n]`. */
export function scaleOutputs({ weight, transB, outputs }: LinearLayer, factors: Float64Array): Storage {
  return transB ? scaleChannels(weight, factors, weight.shape[1] as number, outputs) : scaleChannels(weight, factors, 1, outputs);
}

/** B with what stands against column k of A (input k) scaled by `factors[k]`. */
export function scaleInputs({ weight, transB, inputs }: LinearLayer, factors: Float64Array): Storage {
  return transB ? scaleChannels(weight, factors, 1, inputs) : scaleChannels(weight, factors, weight.shape[1] as number, inputs);
}

/** For each output n: Σ over k of `left[k] · B'[k, n]`. */
export function throughWeight({ weight, transB, inputs, outputs }: LinearLayer, left: Float64Array): Float64Array {
  const elements = toFloat64(weight);
  const sums = new Float64Array(outputs);
  for (let k = 0; k < inputs; k++)
    for (let n = 0; n < outputs; n++)
      sums[n] = (sums[n] as number) + (left[k] as number) * (elements[transB ? n * inputs + k : k * outputs + n] as number);
  return sums;
}

/**
 * `beta · C · scale + shift` as a new C that stands with beta 1, per output; undefined when it would be larger than C was.
 * Without C it is `shift`, `[N]`.
 */
export function movedBias(layer: LinearLayer, { scale, shift }: ChannelAffine): Storage | undefined {
  const { c, beta, outputs, weight } = layer;
  const old = c?.constant;
  if (c && !old) return undefined;
  if (!old || old.size === 1) {
    const value = old ? beta * (toFloat64(old)[0] as number) : 0;
    return finite(
      weight.dtype,
      shift.map((t, n) => value * (scale[n] as number) + t),
      [outputs],
    );
  }
  // A column [M, 1] would have to become [M, N].
  if (old.shape[old.rank - 1] !== outputs) return undefined;
  const elements = toFloat64(old).map((v, i) => beta * v * (scale[i % outputs] as number) + (shift[i % outputs] as number));
  return finite(weight.dtype, elements, old.shape);
}

function finite(dtype: Storage["dtype"], values: Float64Array, shape: readonly number[]): Storage | undefined {
  const rounded = roundTo(dtype, values, shape);
  return rounded.toNumbers().every(Number.isFinite) ? rounded : undefined;
}

/** The layer with another weight and C, as a Gemm. C stands with beta 1. */
export function linearWith(
  op: ReplacementOps,
  layer: LinearLayer,
  a: Value,
  weight: Storage | Value,
  c: Storage | Value | undefined,
): Value {
  const { alpha, transA, transB, b } = layer;
  const value = (v: Storage | Value, name: string | undefined) => ("dtype" in v ? op.constant(v, name) : v);
  return op.call("Gemm", [a, value(weight, b.name), c && value(c, layer.c?.name ?? biasName(b))], {
    alpha,
    transA: Number(transA),
    transB: Number(transB),
  })[0] as Value;
}

/** `fc.bias` beside `fc.weight`. */
export function biasName(weight: Value): string | undefined {
  return weight.name?.replace(/(\.|_|\/)?weight$/, (_, dot = "") => `${dot}bias`);
}

/** The layer of the match's node of that name (of the root without one), or the reason why it is none. */
export function layerOf(m: Match, name?: string): LinearLayer | string {
  return linearLayer(name === undefined ? m.root : m.node(name));
}
