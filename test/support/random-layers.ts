// Random layers for property tests of rules: every attribute, optional input and shape that a rule could trip over.
import type { Graph, Value } from "../../src/ir/graph.ts";
import type { DType } from "../../src/tensor/dtype.ts";
import type { Dice } from "./check-rule.ts";

/** A constant of normal numbers, or of positive ones. */
export function parameter(
  graph: Graph,
  dice: Dice,
  shape: readonly number[],
  options: { readonly positive?: boolean; readonly dtype?: DType } = {},
): Value {
  const storage = options.positive ? dice.positive(shape, options.dtype) : dice.storage(shape, options.dtype);
  return graph.addInitializer(storage);
}

/** An inference-time BatchNormalization of `x`, whose second axis has `channels`. */
export function batchNorm(graph: Graph, dice: Dice, x: Value, channels: number): Value {
  const p = (positive = false) => parameter(graph, dice, [channels], { positive, dtype: x.tensorType.dtype });
  const attributes = dice.flip() ? { epsilon: 10 ** -dice.int(1, 5) } : {};
  return graph.add("BatchNormalization", [x, p(), p(), p(), p(true)], attributes).output;
}

export interface Product {
  readonly value: Value;
  readonly outputs: number;
}

/** Gemm (with any alpha, beta, transpositions and C) or MatMul of `x`: [m, k] (transposed as it needs) with a constant. */
export function product(graph: Graph, dice: Dice, x: Value, rows: number, inputs: number): Product {
  const { dtype } = x.tensorType;
  const outputs = dice.int(1, 4);
  if (dice.int(0, 3) === 0)
    return { value: graph.add("MatMul", [x, parameter(graph, dice, [inputs, outputs], { dtype })]).output, outputs };
  const transB = dice.int(0, 1);
  const transA = dice.int(0, 3) === 0 ? 1 : 0;
  const a = transA ? graph.add("Transpose", [x], { perm: [1, 0] }).output : x;
  const b = parameter(graph, dice, transB ? [outputs, inputs] : [inputs, outputs], { dtype });
  const shape = dice.pick([undefined, [], [1], [outputs], [1, outputs], [rows, 1], [rows, outputs]]);
  const attributes = {
    transA,
    transB,
    ...(dice.flip() && { alpha: dice.number() }),
    ...(dice.flip() && { beta: dice.pick([0, dice.number()]) }),
  };
  return { value: graph.add("Gemm", [a, b, shape && parameter(graph, dice, shape, { dtype })], attributes).output, outputs };
}
