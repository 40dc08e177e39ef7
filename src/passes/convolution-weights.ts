// What the rules that fold something into a convolution share: its channels, and its weight and bias after a change per output channel.
import type { Node, Value } from "../ir/graph.ts";
import { elementCount } from "../tensor/shape.ts";
import type { Storage } from "../tensor/storage.ts";
import { batchNormAffine, type ChannelAffine, isFinite64, roundTo, scaleChannels, toFloat64 } from "./channel-arithmetic.ts";
import type { Match } from "./match.ts";
import { attributeOf } from "./match.ts";
import type { ReplacementOps } from "./rewriter.ts";

/** The number of output channels of a Conv or ConvTranspose with this weight. */
export function outputChannels(conv: Node, weight: Storage): number {
  const group = Number(attributeOf(conv, "group") ?? 1);
  return conv.op === "ConvTranspose" ? (weight.shape[1] as number) * group : (weight.shape[0] as number);
}

/**
 * The affine map of the match's BatchNormalization (its root, or the node of that name; its parameters are called gamma, beta, mean, var);
 * undefined when it is not finite.
 */
export function batchNormOf(m: Match, name?: string): ChannelAffine | undefined {
  const [gamma, beta, mean, variance] = ["gamma", "beta", "mean", "var"].map((name) => m.constant(name)) as [
    Storage,
    Storage,
    Storage,
    Storage,
  ];
  const affine = batchNormAffine(gamma, beta, mean, variance, Number(m.attribute("epsilon", name)));
  return isFinite64(affine) ? affine : undefined;
}

/** The match's convolution (names conv, x, w, b) with W·scale and b·scale + shift. */
export function scaledConvolution(op: ReplacementOps, m: Match, affine: ChannelAffine | undefined): Value {
  const conv = m.node("conv");
  const weight = m.constant("w") as Storage;
  const bias = m.constant("b");
  const { scale, shift } = affine as ChannelAffine;
  const kernel = elementCount(weight.shape.slice(2));
  const scaled = scale.every((s) => s === 1)
    ? m.value("w")
    : op.constant(
        conv.op === "ConvTranspose"
          ? scaleChannels(
              weight,
              scale,
              kernel,
              weight.shape[1] as number,
              (weight.shape[0] as number) / Number(attributeOf(conv, "group") ?? 1),
            )
          : scaleChannels(weight, scale, kernel * (weight.shape[1] as number), weight.shape[0] as number),
        m.value("w").name,
      );
  const old = bias ? toFloat64(bias) : new Float64Array(scale.length);
  const moved = roundTo(
    weight.dtype,
    old.map((b, c) => b * (scale[c] as number) + (shift[c] as number)),
    [scale.length],
  );
  return op.call(conv.op, [m.value("x"), scaled, op.constant(moved, biasName(m))], conv.attributes)[0] as Value;
}

/** `conv1.bias` beside `conv1.weight`. */
function biasName(m: Match): string | undefined {
  return m.optional("b")?.name ?? m.value("w").name?.replace(/(\.|_|\/)?weight$/, (_, dot = "") => `${dot}bias`);
}
