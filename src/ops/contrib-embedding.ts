// EmbedLayerNormalization, SkipSimplifiedLayerNormalization and RotaryEmbedding of the domain com.microsoft: the ends of transformer layers
// as ONNX Runtime fuses them. All are compositions.
import { ingotError } from "../errors/error.ts";
import type { Dim } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { tensorType, type ValueType } from "../ir/type.ts";
import { type DType, floats } from "../tensor/dtype.ts";
import { formatShape } from "../tensor/shape.ts";
import { add, mul } from "./arithmetic.ts";
import { shapeWords } from "./compose-shapes.ts";
import { building, type Composer, evaluating } from "./composition.ts";
import { defineOp, float, int } from "./define.ts";
import { inferSkipNorm } from "./fused.ts";
import { gather } from "./gather.ts";
import { inputShape, inputType, requireRank } from "./infer.ts";
import { layerNormalization, rmsNormalization } from "./normalization.ts";
import { reduceMean, reduceSum } from "./reduce.ts";
import { rotaryEmbedding } from "./rotary-embedding.ts";
import { slice } from "./slice.ts";
import { reciprocal, sqrt } from "./unary-math.ts";

// ---- EmbedLayerNormalization -------------------------------------------------------------------------------------------

interface EmbedAttributes {
  readonly epsilon: number;
}

function composeEmbed<V>(c: Composer<V>, inputs: readonly (V | undefined)[], { epsilon }: EmbedAttributes, count: number): readonly V[] {
  const [ids, segments, words, places, kinds, gamma, beta, mask, positions] = inputs as [
    V,
    V | undefined,
    V,
    V,
    V | undefined,
    V,
    V,
    V?,
    V?,
  ];
  const { sizes, cast } = shapeWords(c);
  const rows = (table: V, at: V) => c.apply(gather, [table, at], { axis: 0 });
  const place = positions === undefined ? c.apply(slice, [places, c.ints([0]), sizes(ids, 1, 2), c.ints([0])]) : rows(places, positions);
  const sum = c.apply(add, [rows(words, ids), place]);
  const total = kinds === undefined || segments === undefined ? sum : c.apply(add, [sum, rows(kinds, segments)]);
  const output = c.apply(layerNormalization, [total, gamma, beta], { axis: -1, epsilon });
  // How many places of each sequence count; 0 where there is no mask.
  const lengths = (): V => {
    const counted = mask ?? c.apply(mul, [ids, c.scalar(ids, 0)]);
    return cast(c.apply(reduceSum, [counted, c.ints([1])], { keepdims: 0 }), "int32");
  };
  return [() => output, lengths, () => total].slice(0, count).map((make) => make());
}

/**
 * LayerNormalization of the sum of word, position and segment embeddings: `[batch, length, hidden]`. The second output counts the mask of
 * each sequence, the third is the sum before it is normalised.
 */
export const embedLayerNormalization = defineOp("com.microsoft.EmbedLayerNormalization", {
  since: [1],
  inputs: [
    "input_ids: int32",
    "segment_ids?: int32",
    "word_embedding: T",
    "position_embedding: T",
    "segment_embedding?: T",
    "gamma: T",
    "beta: T",
    "mask?: int32",
    "position_ids?: int32",
  ],
  // ONNX Runtime does not load a node without the second output, though its schema calls it optional.
  outputs: ["output: T", "mask_index: int32", "embedding_sum?: T"],
  types: { T: floats },
  attributes: { epsilon: float(Math.fround(1e-12)), mask_index_type: int(0) },
  accuracy: "ulp",
  infer: inferEmbed,
  eval: (i, attributes, context) =>
    composeEmbed(
      evaluating,
      [
        ...[i.input_ids, i.segment_ids, i.word_embedding, i.position_embedding, i.segment_embedding],
        ...[i.gamma, i.beta, i.mask, i.position_ids],
      ],
      attributes,
      context.outputs.length,
    ),
  decompose: (g, inputs, attributes, outputs) => composeEmbed(building(g), inputs, attributes, outputs.length),
});

function inferEmbed(c: InferContext): ValueType[] {
  const type = c.attributes.mask_index_type as number;
  if (type > 1 || type < 0)
    throw ingotError("InvalidArgument", {
      op: c.op,
      name: "mask_index_type",
      expected: "0 (none) or 1 (lengths of the sequences)",
      actual: type,
      hint: "Other forms of the mask are not supported.",
    });
  const ids = requireRank(c, 0, "input_ids", 2);
  const words = requireRank(c, 2, "word_embedding", 2);
  requireRank(c, 3, "position_embedding", 2);
  const { dtype } = inputType(c, 2);
  const shape = ids && words && [...ids, words[1] as Dim];
  return [tensorType(dtype, shape), tensorType("int32", ids && [ids[0] as Dim]), tensorType(dtype, shape)].slice(0, c.outputCount);
}

// ---- SkipSimplifiedLayerNormalization ----------------------------------------------------------------------------------

function composeSkip<V>(c: Composer<V>, inputs: readonly (V | undefined)[], epsilon: number, count: number): readonly V[] {
  const [input, skip, gamma, bias] = inputs as [V, V, V, V?];
  const { cast } = shapeWords(c);
  const sum = c.apply(add, [input, skip]);
  const total = bias === undefined ? sum : c.apply(add, [sum, bias]);
  const mean = (x: V): V => c.apply(reduceMean, [x, c.ints([-1])]);
  const wide = (): V => cast(total, "float32");
  const deviation = (): V => {
    const square = mean(c.apply(mul, [wide(), wide()]));
    return c.apply(reciprocal, [c.apply(sqrt, [c.apply(add, [square, c.scalar(square, epsilon)])])]);
  };
  const outputs = [() => c.apply(rmsNormalization, [total, gamma], { axis: -1, epsilon }), () => mean(wide()), deviation, () => total];
  return outputs.slice(0, count).map((make) => make());
}

/** RMSNormalization(input + skip + bias) over the last axis; the sum comes as the fourth output. */
export const skipSimplifiedLayerNormalization = defineOp("com.microsoft.SkipSimplifiedLayerNormalization", {
  since: [1],
  inputs: ["input: T", "skip: T", "gamma: T", "bias?: T"],
  outputs: ["output: T", "mean?: U", "inv_std_var?: U", "input_skip_bias_sum?: T"],
  types: { T: floats, U: ["float32"] },
  attributes: { epsilon: float(Math.fround(1e-12)) },
  accuracy: "ulp",
  infer: inferSkipNorm,
  eval: ({ input, skip, gamma, bias }, { epsilon }, context) =>
    composeSkip(evaluating, [input, skip, gamma, bias], epsilon, context.outputs.length),
  decompose: (g, inputs, { epsilon }, outputs) => composeSkip(building(g), inputs, epsilon, outputs.length),
});

// ---- RotaryEmbedding ---------------------------------------------------------------------------------------------------

interface RotaryAttributes {
  readonly interleaved: number;
  readonly num_heads: number;
  readonly rotary_embedding_dim: number;
}

function composeRotary<V>(c: Composer<V>, [input, positions, cos, sin]: readonly V[], a: RotaryAttributes): V {
  const { sizes, countTo, unsqueeze } = shapeWords(c);
  const packed = c.rank(input as V) === 3;
  // One number is where every sequence starts.
  const batch = (x: V) => c.apply(mul, [unsqueeze(sizes(input as V, 0, 1), 1), c.scalar(x, 0)]);
  const steps = () => countTo(packed ? sizes(input as V, 1, 2) : sizes(input as V, 2, 3));
  const started = () => unsqueeze(c.apply(add, [positions as V, steps()]), 0);
  const at = c.rank(positions as V) === 1 ? c.apply(add, [batch(positions as V), started()]) : (positions as V);
  const heads = a.num_heads > 0 ? a.num_heads : packed ? headsOf(c, input as V, cos as V) : 0;
  return c.apply(rotaryEmbedding, [input, cos, sin, at], {
    interleaved: a.interleaved,
    rotary_embedding_dim: a.rotary_embedding_dim,
    ...(heads > 0 && { num_heads: heads }),
  });
}

/** The number of heads when all features of a head turn: the caches have half as many columns as a head has features. */
function headsOf<V>(c: Composer<V>, input: V, cos: V): number {
  const [width, half] = [c.size(input, 2), c.size(cos, 1)];
  if (width !== undefined && half !== undefined && half > 0) return width / (2 * half);
  throw ingotError("InvalidGraph", {
    problem: "RotaryEmbedding without num_heads cannot be taken apart while its width is unknown",
    where: "",
    hint: "Give num_heads.",
  });
}

const narrowFloats: readonly DType[] = ["float32", "float16", "bfloat16"];

/** As the standard's RotaryEmbedding, with the positions before the caches: `[batch, length]`, or one number where all sequences start. */
export const contribRotaryEmbedding = defineOp("com.microsoft.RotaryEmbedding", {
  since: [1],
  inputs: ["input: T", "position_ids: int64", "cos_cache: T", "sin_cache: T"],
  outputs: ["output: T"],
  types: { T: narrowFloats },
  attributes: { interleaved: int(0), is_packed_batching: int(0), num_heads: int(0), rotary_embedding_dim: int(0), scale: float(1) },
  accuracy: "ulp",
  infer(c) {
    requireRank(c, 0, "input", 3, 4);
    const positions = requireRank(c, 1, "position_ids", 1, 2);
    requireRank(c, 2, "cos_cache", 2);
    requireRank(c, 3, "sin_cache", 2);
    if (positions?.length === 1 && typeof positions[0] === "number" && positions[0] !== 1)
      throw ingotError("ShapeMismatch", {
        op: c.op,
        what: "position_ids",
        actual: formatShape((inputShape(c, 1) ?? []).map(String)),
        expected: "[1] or [batch, length]",
        hint: "One number is where every sequence starts.",
      });
    if (c.attributes.is_packed_batching !== 0 || c.attributes.scale !== 1)
      throw ingotError("InvalidArgument", {
        op: c.op,
        name: c.attributes.scale === 1 ? "is_packed_batching" : "scale",
        expected: c.attributes.scale === 1 ? "0" : "1",
        actual: String(c.attributes.scale === 1 ? c.attributes.is_packed_batching : c.attributes.scale),
        hint: "That form is not supported.",
      });
    return [inputType(c, 0)];
  },
  eval: ({ input, position_ids, cos_cache, sin_cache }, attributes) =>
    composeRotary(evaluating, [input, position_ids, cos_cache, sin_cache], attributes),
  decompose: (g, inputs, attributes) => [
    composeRotary(
      building(g),
      inputs.filter((v) => v !== undefined),
      attributes,
    ),
  ],
});
