// What the rules that fold something into a convolution share: its channels, and its weight and bias after a change per output channel.
import type { Node, Value } from "../ir/graph.ts";
import { elementCount } from "../tensor/shape.ts";
import type { Storage } from "../tensor/storage.ts";
import { batchNormAffine, type ChannelAffine, isFinite64, roundTo, scaleChannels, toFloat64 } from "./channel-arithmetic.ts";
import { biasName } from "./linear-layer.ts";
import { attributeOf, type Match } from "./match.ts";
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
  if (!bias && shift.every((t) => t === 0)) return op.call(conv.op, [m.value("x"), scaled], conv.attributes)[0] as Value;
  const old = bias ? toFloat64(bias) : new Float64Array(scale.length);
  const moved = roundTo(
    weight.dtype,
    old.map((b, c) => b * (scale[c] as number) + (shift[c] as number)),
    [scale.length],
  );
  return op.call(conv.op, [m.value("x"), scaled, op.constant(moved, nameOfBias(m))], conv.attributes)[0] as Value;
}

const nameOfBias = (m: Match): string | undefined => m.optional("b")?.name ?? biasName(m.value("w"));

/** The number of input channels of a Conv with this weight. */
export function inputChannels(conv: Node, weight: Storage): number {
  return (weight.shape[1] as number) * Number(attributeOf(conv, "group") ?? 1);
}

/** True when a Conv reads nothing but its input: a padded zero would not go through what is done to the input first. */
export function isUnpadded(conv: Node): boolean {
  const pads = attributeOf(conv, "pads");
  const autoPad = attributeOf(conv, "auto_pad") ?? "NOTSET";
  return autoPad === "VALID" || (autoPad === "NOTSET" && (!Array.isArray(pads) || pads.every((p) => p === 0)));
}

/**
 * The match's root, a Conv (names x, w, b), of `x · scale + shift` per input channel, as a Conv of x: W·scale, and b + Σ W·shift. The shift
 * must be zero where the Conv pads.
 */
export function convolutionOfAffine(op: ReplacementOps, m: Match, { scale, shift }: ChannelAffine): Value {
  const weight = m.constant("w") as Storage;
  const [filters = 0, depth = 0] = weight.shape;
  const kernel = elementCount(weight.shape.slice(2));
  const groupSize = filters / Number(attributeOf(m.root, "group") ?? 1);
  const w = scale.every((s) => s === 1)
    ? m.value("w")
    : op.constant(scaleChannels(weight, scale, kernel, depth, groupSize), m.value("w").name);
  const call = (b: Value | undefined) => op.call("Conv", [m.value("x"), w, b], m.root.attributes)[0] as Value;
  if (shift.every((t) => t === 0)) return call(m.optional("b"));
  const bias = m.constant("b");
  const elements = toFloat64(weight);
  const moved = bias ? toFloat64(bias) : new Float64Array(filters);
  for (let f = 0, at = 0; f < filters; f++)
    for (let c = 0; c < depth; c++) {
      const t = shift[Math.floor(f / groupSize) * depth + c] as number;
      for (let k = 0; k < kernel; k++) moved[f] = (moved[f] as number) + (elements[at++] as number) * t;
    }
  return call(op.constant(roundTo(weight.dtype, moved, [filters]), nameOfBias(m)));
}
