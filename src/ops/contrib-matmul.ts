// Matrix products of the domain com.microsoft with quantised weights: MatMulNBits, DynamicQuantizeMatMul and MatMulIntegerToFloat, as
// compositions.
import { ingotError } from "../errors/error.ts";
import type { Dim } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { type TensorType, tensorType, type ValueType } from "../ir/type.ts";
import type { DType } from "../tensor/dtype.ts";
import { elementCount, formatShape } from "../tensor/shape.ts";
import { add, mul, sub } from "./arithmetic.ts";
import { shapeWords } from "./compose-shapes.ts";
import { building, type Composer, evaluating } from "./composition.ts";
import { defineOp, int } from "./define.ts";
import { gather } from "./gather.ts";
import { inputType, requireRank } from "./infer.ts";
import { bitShift, bitwiseAnd } from "./logic.ts";
import { inferMatMul, matmul } from "./matmul.ts";
import { dynamicQuantizeLinear } from "./quantize.ts";
import { matMulInteger } from "./quantized-linear.ts";

// ---- MatMulNBits -------------------------------------------------------------------------------------------------------

interface BitsAttributes {
  readonly K: number;
  readonly N: number;
  readonly bits: number;
  readonly block_size: number;
}

/** Bytes `[..., n]` as the codes that they hold, lowest bits first: `[..., n · 8 / bits]`, in the dtype of the product. */
function codesOf<V>(c: Composer<V>, bytes: V, bits: number, dtype: DType): V {
  const { unsqueeze, join, reshape, sizes, cast } = shapeWords(c);
  const rank = c.rank(bytes);
  const parts = Array.from({ length: 8 / bits }, (_, i) => {
    const shifted = i === 0 ? bytes : c.apply(bitShift, [bytes, c.scalar(bytes, bits * i)], { direction: "RIGHT" });
    return unsqueeze(bits === 8 ? shifted : c.apply(bitwiseAnd, [shifted, c.scalar(bytes, 2 ** bits - 1)]), rank);
  });
  return cast(reshape(join(rank, parts), sizes(bytes, 0, rank - 1), -1), dtype);
}

function composeBits<V>(c: Composer<V>, inputs: readonly (V | undefined)[], { K, N, bits, block_size }: BitsAttributes): V {
  const [a, b, scales, zeroPoints, groups, bias] = inputs as [V, V, V, ...(V | undefined)[]];
  const { reshape, slice, transpose, unsqueeze, cast } = shapeWords(c);
  const dtype = c.dtype(a);
  const blocks = Math.ceil(K / block_size);
  const scale = reshape(scales, N, blocks);
  const packed = zeroPoints !== undefined && c.dtype(zeroPoints) === "uint8";
  const zero =
    zeroPoints === undefined
      ? undefined
      : packed
        ? slice(codesOf(c, reshape(zeroPoints, N, -1), bits, dtype), 1, 0, blocks)
        : reshape(zeroPoints, N, blocks);
  const middle = c.scalar(scale, 2 ** (bits - 1));
  const codes = codesOf(c, reshape(b, N, blocks, -1), bits, dtype);
  // The parameters of a column follow from its block, or from a list of groups.
  const spread = (x: V) => (groups === undefined ? unsqueeze(x, 2) : c.apply(gather, [x, groups], { axis: 1 }));
  const laid = groups === undefined ? codes : slice(reshape(codes, N, -1), 1, 0, K);
  const centred = c.apply(sub, [laid, zero === undefined ? middle : spread(cast(zero, dtype))]);
  const weights = slice(reshape(c.apply(mul, [centred, spread(cast(scale, dtype))]), N, -1), 1, 0, K);
  const product = c.apply(matmul, [a, transpose(weights, 1, 0)]);
  return bias === undefined ? product : c.apply(add, [product, bias]);
}

/**
 * `A · Bᵀ` for weights of 2, 4 or 8 bits in blocks along K: `B` is `[N, blocks, bytes per block]`, `scales` one per block, zero points as
 * many (packed like B, or numbers), the middle of the range by default. `g_idx` names the block of each of the K columns.
 */
export const matMulNBits = defineOp("com.microsoft.MatMulNBits", {
  since: [1],
  inputs: ["A: T1", "B: T2", "scales: T1", "zero_points?: T3", "g_idx?: int32", "bias?: T1"],
  outputs: ["Y: T1"],
  types: { T1: ["float32", "float16", "bfloat16"], T2: ["uint8"], T3: ["uint8", "float32", "float16", "bfloat16"] },
  attributes: { K: int.required, N: int.required, accuracy_level: int(0), bits: int(4), block_size: int.required },
  accuracy: "approximate",
  infer: inferBits,
  flops: ([a], [y]) => 2 * elementCount((y as TensorType).shape as number[]) * (a?.shape?.at(-1) as number),
  eval: ({ A, B, scales, zero_points, g_idx, bias }, attributes) =>
    composeBits(evaluating, [A, B, scales, zero_points, g_idx, bias], attributes),
  decompose: (g, inputs, attributes) => [composeBits(building(g), inputs, attributes)],
});

function inferBits(c: InferContext): ValueType[] {
  const { K, N, bits, block_size } = c.attributes as unknown as BitsAttributes;
  if (![2, 4, 8].includes(bits) || block_size < 16 || (block_size & (block_size - 1)) !== 0)
    throw ingotError("InvalidArgument", {
      op: c.op,
      name: [2, 4, 8].includes(bits) ? "block_size" : "bits",
      expected: [2, 4, 8].includes(bits) ? "a power of two from 16" : "2, 4 or 8",
      actual: [2, 4, 8].includes(bits) ? block_size : bits,
      hint: "Weights are quantised in blocks along K.",
    });
  const a = requireRank(c, 0, "A", 1, Number.POSITIVE_INFINITY);
  const b = requireRank(c, 1, "B", 2, 3);
  const mismatch = (what: string, actual: readonly Dim[], expected: string) =>
    ingotError("ShapeMismatch", {
      op: c.op,
      what,
      actual: formatShape(actual.map(String)),
      expected,
      hint: `K is ${K}, N is ${N}, and blocks have ${block_size} columns of ${bits} bits.`,
    });
  if (a && typeof a.at(-1) === "number" && a.at(-1) !== K) throw mismatch("A", a, `${K} columns`);
  const bytes = N * Math.ceil(K / block_size) * ((block_size * bits) / 8);
  if (b?.every((d) => typeof d === "number") && elementCount(b as number[]) !== bytes) throw mismatch("B", b, `${bytes} bytes in all`);
  return [tensorType(inputType(c, 0).dtype, a && [...a.slice(0, -1), N])];
}

// ---- DynamicQuantizeMatMul, MatMulIntegerToFloat -----------------------------------------------------------------------

interface IntegerOperands<V> {
  readonly a: V;
  readonly aScale: V;
  readonly aZero: V | undefined;
  readonly b: V;
  readonly bScale: V;
  readonly bZero: V | undefined;
  readonly bias: V | undefined;
}

function composeInteger<V>(c: Composer<V>, { a, aScale, aZero, b, bScale, bZero, bias }: IntegerOperands<V>): V {
  const sums = shapeWords(c).cast(c.apply(matMulInteger, [a, b, aZero, bZero]), c.dtype(bScale));
  const scaled = c.apply(mul, [sums, c.apply(mul, [aScale, bScale])]);
  return bias === undefined ? scaled : c.apply(add, [scaled, bias]);
}

function composeDynamic<V>(c: Composer<V>, inputs: readonly (V | undefined)[]): V {
  const [x, b, bScale, bZero, bias] = inputs as [V, V, V, V?, V?];
  const [a, aScale, aZero] = c.applyAll(dynamicQuantizeLinear, [x], {}, 3) as [V, V, V];
  return composeInteger(c, { a, aScale, aZero, b, bScale, bZero, bias });
}

const productIn = (c: InferContext, dtype: DType): ValueType[] =>
  inferMatMul({ ...c, inputs: c.inputs.slice(0, 2) }).map((t) => (t.kind === "tensor" ? tensorType(dtype, t.shape) : t));
const bytes: readonly DType[] = ["int8", "uint8"];

/** `A · B · b_scale + bias`, with A quantised to uint8 on the way by its own range. */
export const dynamicQuantizeMatMul = defineOp("com.microsoft.DynamicQuantizeMatMul", {
  since: [1],
  inputs: ["A: T1", "B: T2", "b_scale: T1", "b_zero_point?: T2", "bias?: T1"],
  outputs: ["Y: T1"],
  types: { T1: ["float32"], T2: bytes },
  accuracy: "approximate",
  infer: (c) => productIn(c, "float32"),
  eval: ({ A, B, b_scale, b_zero_point, bias }) => composeDynamic(evaluating, [A, B, b_scale, b_zero_point, bias]),
  decompose: (g, inputs) => [composeDynamic(building(g), inputs)],
});

function composeToFloat<V>(c: Composer<V>, inputs: readonly (V | undefined)[]): V {
  const [a, b, aScale, bScale, aZero, bZero, bias] = inputs as [V, V, V, V, V?, V?, V?];
  return composeInteger(c, { a, aScale, aZero, b, bScale, bZero, bias });
}

/** The product of 8-bit matrices, times their scales, plus a bias. */
export const matMulIntegerToFloat = defineOp("com.microsoft.MatMulIntegerToFloat", {
  since: [1],
  inputs: ["A: T1", "B: T2", "a_scale: T3", "b_scale: T3", "a_zero_point?: T1", "b_zero_point?: T2", "bias?: T3"],
  outputs: ["Y: T3"],
  types: { T1: bytes, T2: bytes, T3: ["float32", "float16"] },
  accuracy: "ulp",
  infer: (c) => productIn(c, inputType(c, 2).dtype),
  eval: ({ A, B, a_scale, b_scale, a_zero_point, b_zero_point, bias }) =>
    composeToFloat(evaluating, [A, B, a_scale, b_scale, a_zero_point, b_zero_point, bias]),
  decompose: (g, inputs) => [composeToFloat(building(g), inputs)],
});
