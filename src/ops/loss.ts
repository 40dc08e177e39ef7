import type { Dim } from "../ir/dim.ts";
import type { InferContext } from "../ir/schema.ts";
import { type TensorType, tensorType } from "../ir/type.ts";
import { floats } from "../tensor/dtype.ts";
import { div, mul } from "./arithmetic.ts";
import { shapeWords } from "./compose-shapes.ts";
import { building, type Composer, evaluating } from "./composition.ts";
import { defineOp, int, string } from "./define.ts";
import { gather, gatherElements } from "./gather.ts";
import { inputShape, inputType, requireRank, requireShape, requireWord } from "./infer.ts";
import { equal } from "./logic.ts";
import { reduceMean, reduceSum } from "./reduce.ts";
import { logSoftmax } from "./softmax.ts";
import { neg } from "./unary-math.ts";
import { where } from "./where-clip.ts";

interface LossAttributes {
  readonly ignore_index?: number | undefined;
  readonly reduction: string;
}

const reductions = ["none", "sum", "mean"];
const attributes = { ignore_index: int(), reduction: string("mean") } as const;
const types = { T: floats, Tind: ["int32", "int64"] } as const;

/** `−w[t] · logs[n, t, …]` for each target t, 0 for targets that are ignored; the mean divides by the sum of the weights. */
function composeLoss<V>(c: Composer<V>, logs: V, target: V, weight: V | undefined, { ignore_index, reduction }: LossAttributes): V {
  const { squeeze, unsqueeze } = shapeWords(c);
  const ignored = ignore_index === undefined ? undefined : c.apply(equal, [target, c.scalar(target, ignore_index)]);
  // An ignored target may be no class at all.
  const known = ignored === undefined ? target : c.apply(where, [ignored, c.scalar(target, 0), target]);
  const picked = squeeze(c.apply(gatherElements, [logs, unsqueeze(known, 1)], { axis: 1 }), 1);
  const loss = c.apply(neg, [picked]);
  const given = weight && c.apply(gather, [weight, known], { axis: 0 });
  const weights = ignored === undefined ? given : c.apply(where, [ignored, c.scalar(logs, 0), given ?? c.scalar(logs, 1)]);
  const weighted = weights === undefined ? loss : c.apply(mul, [loss, weights]);
  if (reduction === "none") return weighted;
  if (reduction === "mean" && weights === undefined) return c.apply(reduceMean, [weighted], { keepdims: 0 });
  const total = c.apply(reduceSum, [weighted], { keepdims: 0 });
  return reduction === "sum" || weights === undefined ? total : c.apply(div, [total, c.apply(reduceSum, [weights], { keepdims: 0 })]);
}

/** The loss of `input` `[N, C, …]`, logarithms of probabilities, for targets `[N, …]`. Of no targets that count, the mean is NaN. */
export const negativeLogLikelihoodLoss = defineOp("NegativeLogLikelihoodLoss", {
  since: [12, 13, 22],
  breaking: [12],
  inputs: ["input: T", "target: Tind", "weight?: T"],
  outputs: ["loss: T"],
  types,
  attributes,
  accuracy: "ulp",
  infer: (c) => [inferLoss(c, "input", "target", "weight")],
  eval: ({ input, target, weight }, given) => composeLoss(evaluating, input, target, weight, given),
  decompose: (g, [input, target, weight], given) => (input && target ? [composeLoss(building(g), input, target, weight, given)] : []),
});

function composeCrossEntropy<V>(c: Composer<V>, scores: V, labels: V, weights: V | undefined, given: LossAttributes): readonly [V, V] {
  const logs = c.apply(logSoftmax, [scores], { axis: 1 });
  return [composeLoss(c, logs, labels, weights, given), logs];
}

/** The loss of the softmax of `scores` along their second axis; the logarithms of the probabilities come as second output. */
export const softmaxCrossEntropyLoss = defineOp("SoftmaxCrossEntropyLoss", {
  since: [12, 13],
  breaking: [12],
  inputs: ["scores: T", "labels: Tind", "weights?: T"],
  outputs: ["output: T", "log_prob?: T"],
  types,
  attributes,
  accuracy: "ulp",
  infer: (c) => [inferLoss(c, "scores", "labels", "weights"), inputType(c, 0)].slice(0, Math.max(1, c.outputCount)),
  eval: ({ scores, labels, weights }, given, c) =>
    composeCrossEntropy(evaluating, scores, labels, weights, given).slice(0, c.outputs.length),
  decompose: (g, [scores, labels, weights], given, outputs) =>
    scores && labels ? composeCrossEntropy(building(g), scores, labels, weights, given).slice(0, outputs.length) : [],
});

function inferLoss(c: InferContext, input: string, target: string, weight: string): TensorType {
  const reduction = c.attributes.reduction as string;
  requireWord(c, "reduction", reductions, "none keeps a loss per target.");
  const x = requireRank(c, 0, input, 2, Number.POSITIVE_INFINITY);
  const t = inputShape(c, 1);
  const w = c.inputs[2] && requireRank(c, 2, weight, 1);
  const expected = x && [x[0] as Dim, ...x.slice(2)];
  requireShape(c, target, t, expected, `There is one target for each place of ${input} but for its second axis, the classes.`);
  requireShape(c, weight, w, x && [x[1]], "There is one weight per class.");
  return tensorType(inputType(c, 0).dtype, reduction === "none" ? (t ?? expected) : []);
}
