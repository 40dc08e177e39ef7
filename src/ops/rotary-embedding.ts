// RotaryEmbedding: turns pairs of features by angles that depend on the position. Kernel and decomposition are one composition.
import { ingotError } from "../errors/error.ts";
import type { InferContext } from "../ir/schema.ts";
import type { ValueType } from "../ir/type.ts";
import { formatShape } from "../tensor/shape.ts";
import { add, mul, sub } from "./arithmetic.ts";
import { shapeWords } from "./compose-shapes.ts";
import { building, type Composer, evaluating } from "./composition.ts";
import { defineOp, int } from "./define.ts";
import { gather } from "./gather.ts";
import { inputShape, inputType, requireRank } from "./infer.ts";
import { split } from "./slice.ts";

/** Larger than any size: where a slice runs to the end. */
const end = 2 ** 31 - 1;

interface RotaryAttributes {
  readonly interleaved: number;
  readonly num_heads?: number | undefined;
  readonly rotary_embedding_dim: number;
}

function compose<V>(c: Composer<V>, inputs: readonly (V | undefined)[], attributes: RotaryAttributes): V {
  const { reshape, unsqueeze, slice, join, sizes } = shapeWords(c);
  const [input, cosCache, sinCache, positions] = inputs as [V, V, V, V | undefined];
  const packed = c.rank(input) === 3;
  const x = packed ? reshape(input, 0, 0, attributes.num_heads ?? 1, -1) : input;
  // [batch, sequence, half] beside x, whose heads are before the sequence when they came apart.
  const angles = (cache: V) =>
    unsqueeze(positions === undefined ? cache : c.apply(gather, [cache, positions], { axis: 0 }), packed ? 2 : 1);
  const [cos, sin] = [angles(cosCache), angles(sinCache)];
  const width = attributes.rotary_embedding_dim;
  const partial = width > 0 && c.size(x, -1) !== width;
  const turned = partial ? slice(x, -1, 0, width) : x;
  const [a, b] = attributes.interleaved
    ? [slice(turned, -1, 0, end, 2), slice(turned, -1, 1, end, 2)]
    : c.applyAll(split, [turned], { axis: -1, num_outputs: 2 }, 2);
  const real = c.apply(sub, [c.apply(mul, [cos, a]), c.apply(mul, [sin, b])]);
  const imaginary = c.apply(add, [c.apply(mul, [sin, a]), c.apply(mul, [cos, b])]);
  const y = attributes.interleaved
    ? reshape(join(-1, [unsqueeze(real, -1), unsqueeze(imaginary, -1)]), sizes(turned, 0))
    : join(-1, [real, imaginary]);
  const whole = partial ? join(-1, [y, slice(x, -1, width, end)]) : y;
  return packed ? reshape(whole, sizes(input, 0)) : whole;
}

/**
 * Rotates the first `rotary_embedding_dim` features (all when 0) of each head of X `[batch, heads, sequence, size]`, or of
 * `[batch, sequence, heads · size]` with `num_heads`. Pairs are the two halves, or neighbours when interleaved. The caches hold a row per
 * position, or with no `position_ids` a row per place of each sequence.
 */
export const rotaryEmbedding = defineOp("RotaryEmbedding", {
  since: [23],
  inputs: ["X: T", "cos_cache: T", "sin_cache: T", "position_ids?: M"],
  outputs: ["Y: T"],
  types: { T: ["float32", "float16", "bfloat16"], M: ["int64"] },
  attributes: { interleaved: int(0), num_heads: int(), rotary_embedding_dim: int(0) },
  accuracy: "ulp",
  infer: inferRotary,
  eval: ({ X, cos_cache, sin_cache, position_ids }, attributes) => compose(evaluating, [X, cos_cache, sin_cache, position_ids], attributes),
  decompose: (g, inputs, attributes) => [compose(building(g), inputs, attributes)],
});

function inferRotary(c: InferContext): ValueType[] {
  const shape = requireRank(c, 0, "X", 3, 4);
  const { num_heads: heads, rotary_embedding_dim: width } = c.attributes as unknown as RotaryAttributes;
  const rank = c.inputs[3] ? 2 : 3;
  for (const [i, name] of [
    [1, "cos_cache"],
    [2, "sin_cache"],
  ] as const)
    requireRank(c, i, name, rank);
  if (!shape) return [inputType(c, 0)];
  if (shape.length === 3 && !(heads && heads >= 1))
    throw ingotError("InvalidArgument", {
      op: c.op,
      name: "num_heads",
      expected: "a number of heads from 1, because X has 3 dimensions",
      actual: String(heads ?? "none"),
      hint: "Give the number of heads, or X as [batch, heads, sequence, size].",
    });
  const last = shape.at(-1);
  const size = typeof last === "number" ? (shape.length === 3 ? last / (heads as number) : last) : undefined;
  const rotated = width > 0 ? width : size;
  const cached = inputShape(c, 1)?.at(-1);
  const fits = rotated === undefined || (rotated % 2 === 0 && (size === undefined || rotated <= size));
  if (!fits || (rotated !== undefined && typeof cached === "number" && cached !== rotated / 2))
    throw ingotError("ShapeMismatch", {
      op: c.op,
      what: fits ? "cos_cache" : "X",
      actual: formatShape((fits ? (inputShape(c, 1) ?? []) : shape).map(String)),
      expected: fits ? `${(rotated as number) / 2} columns` : `heads of an even size of at least ${rotated}`,
      hint: "Features turn in pairs: the caches have half as many columns as features are rotated.",
    });
  return [inputType(c, 0)];
}
