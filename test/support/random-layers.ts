// Random layers for property tests of rules: every attribute, optional input and shape that a rule could trip over.
import { symbol } from "../../src/ir/dim.ts";
import type { Graph, Value } from "../../src/ir/graph.ts";
import { tensorType } from "../../src/ir/type.ts";
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

export interface Convolution {
  readonly value: Value;
  readonly channels: number;
  /** Its input. */
  readonly x: Value;
  readonly inputs: number;
}

export interface ConvolutionOptions {
  readonly dtype?: DType;
  readonly transposed?: boolean;
  /** Without padding. */
  readonly valid?: boolean;
  /** What stands between the input and the convolution. */
  readonly before?: (x: Value, channels: number) => Value;
}

/** A graph input and a Conv (or ConvTranspose) of it with constant weight: 1 to 3 dimensions, groups, strides, dilations, pads, with or without bias. */
export function convolution(graph: Graph, dice: Dice, options: ConvolutionOptions = {}): Convolution {
  const { dtype = "float32", valid = false } = options;
  const transposed = options.transposed ?? false;
  const axes = dice.pick([1, 2, 2, 2, 3]);
  const group = dice.pick([1, 1, 2]);
  const [inputs, channels] = [group * dice.int(1, 2), group * dice.int(1, 3)];
  const each = (low: number, high: number) => Array.from({ length: axes }, () => dice.int(low, high));
  const kernel = each(1, 3);
  const x = graph.addInput("x", tensorType(dtype, [dice.flip() ? dice.int(1, 2) : symbol("batch"), inputs, ...each(5, 7)]));
  const attributes = {
    ...(group > 1 && { group }),
    ...(dice.flip() && { strides: each(1, 2) }),
    ...(dice.flip() && { dilations: each(1, 2) }),
    ...(dice.flip() && { kernel_shape: kernel }),
    ...(valid
      ? dice.flip() && { auto_pad: "VALID" }
      : dice.int(0, 3) === 0
        ? { auto_pad: dice.pick(["SAME_UPPER", "SAME_LOWER", "VALID"]) }
        : dice.flip() && { pads: [...each(0, 1), ...each(0, 1)] }),
  };
  const w = parameter(graph, dice, transposed ? [inputs, channels / group, ...kernel] : [channels, inputs / group, ...kernel], { dtype });
  const b = dice.flip() ? parameter(graph, dice, [channels], { dtype }) : undefined;
  const read = options.before?.(x, inputs) ?? x;
  return { value: graph.add(transposed ? "ConvTranspose" : "Conv", [read, w, b], attributes).output, channels, x, inputs };
}

/** `x op k` (or `k op x`) with a constant k: one number, one per channel, or (seldom) another shape. */
export function aroundChannels(graph: Graph, dice: Dice, x: Value, channels: number): Value {
  const { dtype, shape = [] } = x.tensorType;
  const ones = new Array<number>(shape.length - 2).fill(1);
  const k = parameter(graph, dice, dice.pick([[], [1], [channels, ...ones], [1, channels, ...ones], [1, 1, ...ones], [...ones, 1]]), {
    dtype,
    positive: true,
  });
  return withConstant(graph, dice, x, k);
}

/** `x op k` or `k op x`; never k / x, which makes any rounding of an x near 0 a large one. */
export function withConstant(graph: Graph, dice: Dice, x: Value, k: Value): Value {
  const op = dice.pick(["Mul", "Div", "Add", "Sub"]);
  return graph.add(op, op !== "Div" && dice.int(0, 3) === 0 ? [k, x] : [x, k]).output;
}
