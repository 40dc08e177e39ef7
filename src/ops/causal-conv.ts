// CausalConvWithState: a depthwise convolution along a sequence that sees no future, and what it has to remember of the past.
import { ingotError } from "../errors/error.ts";
import { type Dim, subDims } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { type TensorType, tensorType, type ValueType } from "../ir/type.ts";
import { elementCount } from "../tensor/shape.ts";
import { sigmoid } from "./activation.ts";
import { mul, sub } from "./arithmetic.ts";
import { shapeWords } from "./compose-shapes.ts";
import { building, type Composer, evaluating } from "./composition.ts";
import { conv } from "./conv.ts";
import { defineOp, string } from "./define.ts";
import { inputType, requireRank, requireShape, requireWord } from "./infer.ts";
import { pad } from "./pad.ts";
import { slice } from "./slice.ts";

const activations = ["none", "silu", "swish"];

function compose<V>(c: Composer<V>, inputs: readonly (V | undefined)[], activation: string): readonly V[] {
  const { sizes, join, cast } = shapeWords(c);
  const [input, weight, bias, past] = inputs as [V, V, V | undefined, V | undefined];
  const remembered = c.apply(sub, [sizes(weight, 2, 3), c.ints([1])]);
  const padded =
    past === undefined ? c.apply(pad, [input, join(0, [remembered, c.ints([0])]), undefined, c.ints([2])]) : join(2, [past, input]);
  const channels = c.size(weight, 0) ?? c.size(input, 1);
  if (channels === undefined)
    throw ingotError("InvalidGraph", {
      problem: "CausalConvWithState cannot be taken apart while its number of channels is unknown",
      where: "",
      hint: "Give its weight a shape.",
    });
  const sum = c.apply(conv, bias === undefined ? [padded, weight] : [padded, weight, bias], { group: channels });
  const wide = cast(sum, c.dtype(sum) === "float64" ? "float64" : "float32");
  const output = activation === "none" ? sum : cast(c.apply(mul, [wide, c.apply(sigmoid, [wide])]), c.dtype(input));
  const length = sizes(padded, 2, 3);
  const state = c.apply(slice, [padded, c.apply(sub, [length, remembered]), length, c.ints([2])]);
  return [output, state];
}

/**
 * `input` `[batch, channels, length]` convolved channel by channel with `weight` `[channels, 1, kernel]`; `past_state` (zeros when left
 * out) is what came before it, `present_state` what the next call needs: `[batch, channels, kernel − 1]`.
 */
export const causalConvWithState = defineOp("CausalConvWithState", {
  since: [27],
  inputs: ["input: T", "weight: T", "bias?: T", "past_state?: T"],
  outputs: ["output: T", "present_state: T"],
  types: { T: ["float32", "float16", "bfloat16"] },
  attributes: { activation: string("none") },
  accuracy: "ulp",
  infer: inferCausalConv,
  flops: ([, weight], [y]) => 2 * elementCount((y as TensorType).shape as number[]) * ((weight?.shape?.[2] as number | undefined) ?? 0),
  eval: ({ input, weight, bias, past_state }, { activation }) => compose(evaluating, [input, weight, bias, past_state], activation),
  decompose: (g, inputs, { activation }) => compose(building(g), inputs, activation),
});

const shapesHint = "The input is [batch, channels, length], the weight [channels, 1, kernel], a state [batch, channels, kernel - 1].";

function inferCausalConv(c: InferContext): ValueType[] {
  requireWord(c, "activation", activations, "silu and swish are the same.");
  const x = requireRank(c, 0, "input", 3);
  const w = requireRank(c, 1, "weight", 3);
  const { dtype } = inputType(c, 0);
  if (c.inputs[2]) requireRank(c, 2, "bias", 1);
  const past = c.inputs[3] && requireRank(c, 3, "past_state", 3);
  if (!x || !w) return [inputType(c, 0), tensorType(dtype)];
  const state: Dim[] = [x[0] as Dim, x[1] as Dim, subDims(w[2] as Dim, 1)];
  requireShape(c, "weight", w, [x[1] as Dim, 1, w[2] as Dim], shapesHint);
  requireShape(c, "past_state", past, state, shapesHint);
  return [inputType(c, 0), tensorType(dtype, state)];
}
